"""The opening handshake: what is accepted, what is refused, and with which words."""

from __future__ import annotations

import pytest

from pixelstream.net import handshake
from pixelstream.net.handshake import HandshakeError
from pixelstream.net.websocket import Request

KEY = "dGhlIHNhbXBsZSBub25jZQ=="
GOOD = {"sec-websocket-version": "13", "sec-websocket-key": KEY}


def test_the_accept_value_of_the_rfc_example() -> None:
    assert handshake.accept_key(KEY) == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="


def test_path_and_query_are_kept_apart() -> None:
    request = handshake.parse_request("GET /any/path?a=1&b=?2 HTTP/1.1", GOOD, "1.2.3.4:5")
    assert (request.path, request.query, request.remote) == ("/any/path", "a=1&b=?2", "1.2.3.4:5")


@pytest.mark.parametrize(
    ("first", "change", "status"),
    [
        ("POST / HTTP/1.1", {}, 400),
        ("GET / HTTP/1.0", {}, 400),
        ("GET /", {}, 400),
        ("GET / HTTP/1.1", {"sec-websocket-version": "8"}, 426),
        ("GET / HTTP/1.1", {"sec-websocket-key": "short"}, 400),
        ("GET / HTTP/1.1", {"sec-websocket-key": ""}, 400),
    ],
)
def test_what_is_no_handshake_is_refused(first: str, change: dict[str, str], status: int) -> None:
    with pytest.raises(HandshakeError) as caught:
        handshake.parse_request(first, GOOD | change, "")
    assert caught.value.status == status


@pytest.mark.parametrize(("offer", "echo"), [("ws", "ws"), ("one, two", "one"), ("", None)])
def test_the_first_offered_subprotocol_is_echoed(offer: str, echo: str | None) -> None:
    request = Request("/", headers=GOOD | ({"sec-websocket-protocol": offer} if offer else {}))
    _, headers = handshake.read_head(handshake.accept(request))
    assert headers.get("sec-websocket-protocol") == echo


def test_a_header_with_a_line_break_is_not_sent() -> None:
    with pytest.raises(HandshakeError):
        handshake.build_request("h", "/", {"X-A": "b\r\nX-Evil: 1"}, ())


@pytest.mark.parametrize("head", [b"GET / HTTP/1.1\r\nnocolon\r\n\r\n", b"GET / HTTP/1.1\r\n : x\r\n\r\n"])
def test_malformed_headers_are_refused(head: bytes) -> None:
    with pytest.raises(HandshakeError):
        handshake.read_head(head)


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"HTTP/1.1 503 Busy\r\n\r\n", 503),
        (b"HTTP/1.1 101 OK\r\nSec-WebSocket-Accept: other\r\n\r\n", 502),
        (b"SSH-2.0\r\n\r\n", 502),
    ],
)
def test_an_answer_that_opens_nothing_is_told_with_its_status(head: bytes, status: int) -> None:
    with pytest.raises(HandshakeError) as caught:
        handshake.check_response(head, "wanted")
    assert caught.value.status == status
