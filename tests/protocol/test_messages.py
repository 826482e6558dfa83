import orjson
import pytest

from pixelstream.protocol import messages


@pytest.mark.parametrize("time", [0, 1764000000, 1764000000123, 2**63 - 1, 1.5, -3])
def test_pong_echoes_a_number(time: float) -> None:
    assert orjson.loads(messages.pong(time)) == {"type": "pong", "time": time}


@pytest.mark.parametrize("time", [None, "1", [1], {}, True])
def test_pong_says_zero_for_what_is_no_number(time: object) -> None:
    assert messages.pong(time) == b'{"type":"pong","time":0}'


def test_player_connected_carries_send_offer_only_if_asked() -> None:
    assert b"sendOffer" not in messages.player_connected("1")
    assert orjson.loads(messages.player_connected(1, send_offer=False)) == {
        "type": "playerConnected", "playerId": 1, "dataChannel": True, "sfu": False, "sendOffer": False,
    }  # fmt: skip


def test_a_json_body_is_embedded_and_any_other_is_text() -> None:
    assert messages.response("a", body=b'{"x":1}') == b'{"type":"response","action":"a","response":{"x":1}}'
    assert orjson.loads(messages.response("a", body=b"\xffok"))["response"] == "\ufffdok"


def test_an_error_comes_instead_of_a_body() -> None:
    assert messages.response("a", error="no") == b'{"type":"response","action":"a","error":"no"}'


def test_a_body_that_is_nested_too_deep_becomes_an_error() -> None:
    assert b'"error"' in messages.response("a", body=b"[" * 500 + b"]" * 500)
