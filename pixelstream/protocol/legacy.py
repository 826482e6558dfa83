"""Epic's old link from a signalling server to its matchmaker: bare JSON objects over TCP, port 9999.

Cirrus up to UE 5.4 writes them back to back, with no delimiter or length, and reads nothing. The
trap: TCP joins and splits writes as it likes, so one read may hold half an object or five; the
splitter finds the ends by counting braces outside of strings.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import orjson

from pixelstream.errors import PixelstreamError

MAX_MESSAGE = 16 * 1024
"""Bytes of one object; the longest that cirrus writes has 150."""
PING_INTERVAL = 30.0
"""Seconds between two pings of a cirrus."""

_OPEN, _CLOSE, _QUOTE, _ESCAPE = b'{}"\\'
_BETWEEN = b" \t\r\n\0,"


class LegacyError(PixelstreamError):
    """Bytes that are no message of this link; it is closed for them."""


class LegacyType(StrEnum):
    """The messages that a cirrus writes."""

    CONNECT = "connect"
    STREAMER_CONNECTED = "streamerConnected"
    STREAMER_DISCONNECTED = "streamerDisconnected"
    CLIENT_CONNECTED = "clientConnected"
    CLIENT_DISCONNECTED = "clientDisconnected"
    PING = "ping"


@dataclass(frozen=True, slots=True)
class LegacyMessage:
    """One message; all but `type` is told by `CONNECT` alone.

    Its `address` isn't read: where a server can be reached is told by its TCP connection.

    Attributes:
        port: where players are served.
        ready: a streamer is attached.
        player_connected: at least one player is there.
        rest_port: of the Unreal application's REST API, if it has one.
        https: players are served with TLS.
    """

    type: LegacyType
    port: int = 0
    ready: bool = False
    player_connected: bool = False
    rest_port: int | None = None
    https: bool = False


class Splitter:
    """Cuts a stream of bytes into JSON objects."""

    def __init__(self, limit: int = MAX_MESSAGE) -> None:
        self._limit = limit
        self._text = bytearray()
        self._depth = 0
        self._quoted = False
        self._escaped = False

    def feed(self, data: bytes) -> list[bytes]:
        """Return the objects that end within `data`.

        Raises:
            LegacyError: something else than blanks stands between two objects, or one is too long.
        """
        whole: list[bytes] = []
        for byte in data:
            if self._depth == 0 and byte != _OPEN:
                if byte not in _BETWEEN:
                    raise LegacyError(f"{chr(byte)!r} where an object should begin")
                continue
            self._text.append(byte)
            self._count(byte)
            if self._depth == 0:
                whole.append(bytes(self._text))
                self._text.clear()
            elif len(self._text) > self._limit:
                raise LegacyError(f"an object of more than {self._limit} bytes")
        return whole

    def _count(self, byte: int) -> None:
        if self._quoted:
            if self._escaped:
                self._escaped = False
            elif byte == _ESCAPE:
                self._escaped = True
            elif byte == _QUOTE:
                self._quoted = False
        elif byte == _QUOTE:
            self._quoted = True
        elif byte == _OPEN:
            self._depth += 1
        elif byte == _CLOSE:
            self._depth -= 1


def parse(text: bytes) -> LegacyMessage | None:
    """Read one object; None for a type that isn't known.

    Raises:
        LegacyError: it isn't JSON, has no type, or is a `connect` without a port.
    """
    try:
        message = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise LegacyError(f"not JSON: {error}") from None
    if not isinstance(message, dict) or not isinstance(message.get("type"), str):
        raise LegacyError("an object without a type")
    try:
        kind = LegacyType(message["type"])
    except ValueError:
        return None
    return _connect(message) if kind is LegacyType.CONNECT else LegacyMessage(kind)


def _connect(message: dict[str, Any]) -> LegacyMessage:
    port = _port(message.get("port"))
    if port is None:
        raise LegacyError("connect without a port")
    return LegacyMessage(
        LegacyType.CONNECT,
        port=port,
        ready=message.get("ready") is True,
        player_connected=message.get("playerConnected") is True,
        rest_port=_port(message.get("restPort")),
        https=message.get("https") is True,
    )


def _port(value: object) -> int | None:
    """Read a port, a number or its digits: settings files of old servers have both."""
    if isinstance(value, str) and value.isascii() and value.isdigit():
        value = int(value[:6])
    if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 1 << 16:
        return value
    return None
