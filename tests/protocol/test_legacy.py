"""Messages of old signalling servers are found in any cut of the stream, and garbage ends the link."""

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pixelstream.protocol.legacy import MAX_MESSAGE, LegacyError, LegacyMessage, LegacyType, Splitter, parse

CONNECT = b'{"type":"connect","address":"127.0.0.1","port":80,"ready":true,"playerConnected":false}'
objects = st.lists(
    st.dictionaries(
        st.text(max_size=8), st.text() | st.integers(-9, 9) | st.dictionaries(st.text(), st.text())
    ),
    max_size=6,
)


def test_writes_that_tcp_has_joined_are_separate_messages() -> None:
    assert Splitter().feed(CONNECT + b'{"type":"ping"}' + b'{"type":"clientConnected"}') == [
        CONNECT,
        b'{"type":"ping"}',
        b'{"type":"clientConnected"}',
    ]


@given(
    parts=objects,
    cuts=st.lists(st.integers(0, 400), max_size=8),
    between=st.sampled_from([b"", b"\n", b" \0"]),
)
def test_any_cut_of_any_objects_yields_just_these(
    parts: list[dict[str, object]], cuts: list[int], between: bytes
) -> None:
    stream = between.join(orjson.dumps(part) for part in parts)
    splitter, found, last = Splitter(), list[bytes](), 0
    for cut in [*sorted(min(cut, len(stream)) for cut in cuts), len(stream)]:
        found += splitter.feed(stream[last:cut])
        last = cut
    assert [orjson.loads(text) for text in found] == parts


def test_braces_and_quotes_within_strings_do_not_count() -> None:
    text = rb'{"a":"}{\"}\\","b":{"c":"{"}}'
    assert Splitter().feed(text) == [text]


@pytest.mark.parametrize("data", [b"GET / HTTP/1.1", b"[]", b'{"type":"ping"}x', b"\x16\x03\x01"])
def test_anything_but_an_object_is_an_error(data: bytes) -> None:
    with pytest.raises(LegacyError, match="where an object should begin"):
        Splitter().feed(data)


def test_an_object_without_an_end_is_not_kept_for_ever() -> None:
    splitter = Splitter()
    assert splitter.feed(b'{"a":"' + b"x" * (MAX_MESSAGE - 6)) == []
    with pytest.raises(LegacyError, match=str(MAX_MESSAGE)):
        splitter.feed(b"x")


def test_connect_tells_port_and_state_and_never_an_address() -> None:
    assert parse(CONNECT) == LegacyMessage(LegacyType.CONNECT, port=80, ready=True)
    assert "127.0.0.1" not in repr(parse(CONNECT))


def test_a_port_may_be_text_as_in_old_settings_files() -> None:
    message = parse(b'{"type":"connect","port":"8080","restPort":"8111","https":true,"playerConnected":true}')
    assert message == LegacyMessage(
        LegacyType.CONNECT, port=8080, player_connected=True, rest_port=8111, https=True
    )


@pytest.mark.parametrize(
    "port", ["0", "70000", '"x"', "true", "null", '"-1"', '"99999999999999999999"', "1.5"]
)
def test_a_connect_without_a_usable_port_is_an_error(port: str) -> None:
    with pytest.raises(LegacyError, match="port"):
        parse(b'{"type":"connect","port":' + port.encode() + b"}")


def test_a_type_of_a_newer_server_is_no_error() -> None:
    assert parse(b'{"type":"gpuLoad"}') is None


@pytest.mark.parametrize("text", [b"{}", b'{"type":1}', b"{x}", b'{"type":"ping"'])
def test_an_object_that_says_nothing_is_an_error(text: bytes) -> None:
    with pytest.raises(LegacyError):
        parse(text)
