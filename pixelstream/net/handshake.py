"""The opening handshake (RFC 6455, section 4) and the head of an HTTP request: bytes in, bytes out.

The trap: the first offered subprotocol is always echoed, because Unreal 4.25 and 4.26 offer "ws"
and browsers fail a handshake whose offer goes unanswered; extensions are never agreed, so that
frames can be passed on unparsed.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
from dataclasses import dataclass
from http import HTTPStatus

from pixelstream.net.websocket import Request

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
MAX_HEAD = 16 * 1024
"""Bytes that request line and headers may have together."""
KEY_BYTES = 16


class HandshakeError(Exception):
    """A request or an answer that is no websocket handshake; `status` is the HTTP status that says so."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Refusal:
    """A handshake that is answered with an HTTP status and a sentence instead of a socket."""

    status: int
    text: str

    def encode(self) -> bytes:
        """The whole HTTP response."""
        return http_error(self.status, self.text)


def http_error(status: int, text: str) -> bytes:
    """A whole plain-text response that ends the connection."""
    body = (text + "\n").encode()
    phrase = HTTPStatus(status).phrase
    head = (
        f"HTTP/1.1 {status} {phrase}\r\nContent-Type: text/plain; charset=utf-8\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + body


def read_head(head: bytes) -> tuple[str, dict[str, str]]:
    """First line and headers (lower-case names, repeated ones joined by commas) of a message head.

    Raises:
        HandshakeError: 400 for what is no HTTP.
    """
    first, *lines = head.decode("latin-1").rstrip("\r\n").split("\r\n")
    headers: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or not name or name != name.strip():
            raise HandshakeError(400, "a malformed header line")
        key = name.lower()
        headers[key] = f"{headers[key]}, {value.strip()}" if key in headers else value.strip()
    return first, headers


def is_upgrade(headers: dict[str, str]) -> bool:
    """Whether these headers ask for a websocket."""
    return (
        headers.get("upgrade", "").lower() == "websocket"
        and "upgrade" in headers.get("connection", "").lower()
    )


def parse_request(first: str, headers: dict[str, str], remote: str) -> Request:
    """The request behind an upgrade, checked.

    Raises:
        HandshakeError: 400 for a malformed one, 426 for a version other than 13.
    """
    method, _, rest = first.partition(" ")
    target, _, version = rest.rpartition(" ")
    if method != "GET" or version != "HTTP/1.1" or not target:
        raise HandshakeError(400, "a websocket begins with GET and HTTP/1.1")
    if headers.get("sec-websocket-version") != "13":
        raise HandshakeError(426, "only version 13 of the websocket protocol is spoken here")
    try:
        key = base64.b64decode(headers.get("sec-websocket-key", ""), validate=True)
    except binascii.Error:
        key = b""
    if len(key) != KEY_BYTES:
        raise HandshakeError(400, "Sec-WebSocket-Key must be 16 bytes in base64")
    path, _, query = target.partition("?")
    return Request(path, query, headers, remote)


def accept_key(key: str) -> str:
    """Value of Sec-WebSocket-Accept for a Sec-WebSocket-Key."""
    digest = hashlib.sha1(key.encode() + GUID, usedforsecurity=False).digest()
    return base64.b64encode(digest).decode()


def accept(request: Request) -> bytes:
    """The response that opens the websocket, the first offered subprotocol echoed."""
    lines = [
        "HTTP/1.1 101 Switching Protocols",
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Accept: {accept_key(request.headers['sec-websocket-key'])}",
    ]
    offered = request.headers.get("sec-websocket-protocol", "").split(",")[0].strip()
    if offered:
        lines.append(f"Sec-WebSocket-Protocol: {offered}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def build_request(
    host: str, target: str, headers: dict[str, str], subprotocols: tuple[str, ...]
) -> tuple[bytes, str]:
    """The client's request and the Accept value that must answer it."""
    key = base64.b64encode(os.urandom(KEY_BYTES)).decode()
    lines = [
        f"GET {target} HTTP/1.1",
        f"Host: {host}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Key: {key}",
        "Sec-WebSocket-Version: 13",
    ]
    if subprotocols:
        lines.append(f"Sec-WebSocket-Protocol: {', '.join(subprotocols)}")
    lines += [f"{name}: {value}" for name, value in headers.items()]
    if any(character in line for line in lines for character in "\r\n\0"):
        raise HandshakeError(400, "a header or target has a line break in it")
    text = "\r\n".join(lines)
    return (text + "\r\n\r\n").encode("latin-1"), accept_key(key)


def check_response(head: bytes, accept_value: str) -> None:
    """Make sure that the server's answer opens the websocket that was asked for.

    Raises:
        HandshakeError: with the server's status, or 502 where it answered no handshake.
    """
    first, headers = read_head(head)
    parts = first.split(" ", 2)
    if len(parts) < 2 or not parts[1].isdigit():  # noqa: PLR2004 - version and status
        raise HandshakeError(502, f"no HTTP answer: {first[:80]!r}")
    if parts[1] != "101":
        raise HandshakeError(int(parts[1]), f"the server answered {' '.join(parts[1:])}")
    if headers.get("sec-websocket-accept") != accept_value or headers.get("sec-websocket-extensions"):
        raise HandshakeError(502, "the server answered another handshake")
