import orjson
import pytest

from pixelstream.protocol.codec import MessageError, decode, encode


@pytest.mark.parametrize(
    "text",
    [
        b"null", b"[]", b"1", b'"x"', b"true", b"{", b"", b"\xff", b'{"a":1}', b'{"type":null}',
        b'{"type":["offer"]}',
        b'{"type":{}}', b'{"type":1e999}', b'{"type":"x","a":"\\ud800"}', b'\xef\xbb\xbf{"type":"x"}',
        b"[" * 100_000,
        b'{"type":"x","a":' * 2000,
    ],
)  # fmt: skip
def test_what_is_no_message_is_refused(text: bytes) -> None:
    with pytest.raises(MessageError):
        decode(text)


def test_unknown_fields_and_the_order_of_keys_survive() -> None:
    text = b'{"z":[1,2.5,{"y":null}],"type":"offer","a":{"b":"\\u00e9"},"playerId":"1","_":true}'
    assert orjson.loads(encode(decode(text))) == orjson.loads(text)
    assert list(decode(text)) == ["z", "type", "a", "playerId", "_"]


def test_repeated_and_escaped_keys_become_one() -> None:
    text = b'{"type":"offer","playerId":"1","player\\u0049d":"2","t\\u0079pe":"answer"}'
    assert encode(decode(text)) == b'{"type":"answer","playerId":"2"}'


@pytest.mark.parametrize("twin", ["PLAYERID", "playerid", "playerId\x00", "PlayerID\x00x", "TYPE", "SfuId"])
def test_fields_that_unreal_would_take_for_one_of_authority_are_removed(twin: str) -> None:
    message = decode(orjson.dumps({"type": "offer", "playerId": "1", twin: "2", "player": "3", "typ": "x"}))
    assert message == {"type": "offer", "playerId": "1", "player": "3", "typ": "x"}


def test_numbers_beyond_64_bits_do_no_harm() -> None:
    text = b'{"type":"ping","time":123456789012345678901234567890}'
    assert orjson.loads(encode(decode(text)))["time"] == pytest.approx(1.2345678901234568e29)


def test_nesting_that_could_kill_a_peer_is_not_written() -> None:
    deep = b'{"type":"offer","x":' + b"[" * 500 + b"]" * 500 + b"}"
    with pytest.raises(MessageError):
        encode(decode(deep))
