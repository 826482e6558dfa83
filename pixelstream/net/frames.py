"""Websocket frames (RFC 6455, section 5): bytes to frames and back, nothing else.

The trap: a frame may arrive in pieces or many in one read, so `parse` says how many bytes it
still needs instead of raising; only what no honest peer sends is a `FrameError`.
"""

from __future__ import annotations

import os
import struct
from typing import NamedTuple

from websockets.speedups import apply_mask

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA
FIN = 0x80
MASKED = 0x80
MAX_CONTROL = 125
"""Bytes: the longest payload of a control frame, and the longest length that fits the first byte."""
LENGTH_16 = 126
LENGTH_64 = 127
HEADER_MAX = 14

PROTOCOL_ERROR = 1002
TOO_BIG = 1009
CODE_MIN, CODE_MAX = 1000, 4999
UNSENDABLE_CODES = frozenset({1004, 1005, 1006, 1015})


class FrameError(Exception):
    """A frame that breaks RFC 6455; `code` is the close code that it earns."""

    def __init__(self, code: int, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


class Frame(NamedTuple):
    """One whole frame, unmasked; `end` is the offset just behind it."""

    fin: bool
    opcode: int
    payload: bytes
    end: int


def parse(data: bytes | bytearray, pos: int, *, masked: bool, limit: int) -> Frame | int:
    """Read the frame that begins at `pos`.

    Args:
        data: what has arrived.
        pos: where the frame begins.
        masked: whether the sender is a client (clients mask, servers must not).
        limit: bytes that a payload may have.

    Returns:
        The frame, or the number of bytes, counted from `pos`, without which no progress is possible.

    Raises:
        FrameError: 1002 for a malformed frame, 1009 for one beyond `limit`.
    """
    have = len(data) - pos
    if have < 2:  # noqa: PLR2004 - the two bytes that every frame has
        return 2
    first, second = data[pos], data[pos + 1]
    length = second & 0x7F
    start = pos + 2
    if length == LENGTH_16:
        if have < start + 2 - pos:
            return start + 2 - pos
        length = (data[start] << 8) | data[start + 1]
        start += 2
    elif length == LENGTH_64:
        if have < start + 8 - pos:
            return start + 8 - pos
        (length,) = struct.unpack_from("!Q", data, start)
        start += 8
    _check(first, second, length, masked=masked, limit=limit)
    if masked:
        start += 4
    end = start + length
    if len(data) < end:
        return end - pos
    payload = bytes(data[start:end])
    if masked:
        payload = apply_mask(payload, bytes(data[start - 4 : start]))
    return Frame(bool(first & FIN), first & 0x0F, payload, end)


def _check(first: int, second: int, length: int, *, masked: bool, limit: int) -> None:
    opcode = first & 0x0F
    if first & 0x70:
        raise FrameError(PROTOCOL_ERROR, "reserved bits are set, but no extension was agreed")
    if bool(second & MASKED) is not masked:
        raise FrameError(
            PROTOCOL_ERROR, "a client must mask its frames" if masked else "a server must not mask"
        )
    if opcode >= CLOSE:
        if opcode > PONG or not first & FIN or length > MAX_CONTROL:
            raise FrameError(PROTOCOL_ERROR, "malformed control frame")
    elif opcode > BINARY:
        raise FrameError(PROTOCOL_ERROR, f"unknown opcode {opcode}")
    if length > limit:
        raise FrameError(TOO_BIG, f"a message may have {limit} bytes, this one has at least {length}")


def build(opcode: int, payload: bytes, *, mask: bool) -> bytes:
    """Bytes of one final frame, masked with a fresh key if it goes to a server."""
    length = len(payload)
    bit = MASKED if mask else 0
    if length <= MAX_CONTROL:
        header = bytes((FIN | opcode, bit | length))
    elif length < 1 << 16:
        header = struct.pack("!BBH", FIN | opcode, bit | LENGTH_16, length)
    else:
        header = struct.pack("!BBQ", FIN | opcode, bit | LENGTH_64, length)
    if not mask:
        return header + payload
    key = os.urandom(4)
    return header + key + apply_mask(payload, key)


def close_payload(code: int, reason: str) -> bytes:
    """Payload of a close frame; the reason is cut to the 123 bytes that fit, on a character's edge."""
    return struct.pack("!H", code) + reason.encode()[: MAX_CONTROL - 2].decode(errors="ignore").encode()


def read_close(payload: bytes) -> tuple[int, str]:
    """Code and reason of a received close frame; 1005 when it carries none.

    Raises:
        FrameError: 1002 for a code that must not be sent, or a reason that isn't UTF-8.
    """
    if not payload:
        return 1005, ""
    if len(payload) == 1:
        raise FrameError(PROTOCOL_ERROR, "a close frame of one byte")
    code = int.from_bytes(payload[:2], "big")
    if not CODE_MIN <= code <= CODE_MAX or code in UNSENDABLE_CODES:
        raise FrameError(PROTOCOL_ERROR, f"close code {code} must not be sent")
    try:
        return code, payload[2:].decode()
    except UnicodeDecodeError:
        raise FrameError(PROTOCOL_ERROR, "a close reason must be UTF-8") from None
