"""One websocket as an `asyncio.Protocol`: no task, no queue object, no stream reader for each peer.

Built for tens of thousands of quiet peers and for a relay that costs microseconds. The traps:
handlers are called from the event loop and must not block, and after `splice` the bytes of both
sockets pass by unparsed, so nothing may be sent on either any more.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol, cast

from websockets.speedups import apply_mask

from pixelstream.net import frames
from pixelstream.net.frames import FrameError

NORMAL = 1000
ABNORMAL = 1006
TRY_AGAIN_LATER = 1013
INTERNAL = 1011
CLOSE_DEADLINE = 2.0
"""Seconds that a peer has to answer our close frame before its connection is aborted."""
OVERFLOW = 4
"""A peer whose unsent bytes pass this many times the high-water mark is closed as too slow."""

HEADERS_READY = 8192
"""Text frames of fewer bytes, which is nearly all of them, have their headers made once."""

_HEADERS = [
    frames.build(frames.TEXT, bytes(length), mask=False)[: 2 if length <= frames.MAX_CONTROL else 4]
    for length in range(HEADERS_READY)
]


def _encoded(data: bytes | bytearray | memoryview | str) -> bytes:
    return data.encode() if isinstance(data, str) else bytes(data)


@dataclass(frozen=True, slots=True)
class Request:
    """The handshake of a websocket.

    `headers` (lower-case names) are there until `Handler.opened` returns and empty afterwards:
    they'd be the largest part of an idle peer. `remote` is the TCP peer, for logs only.
    """

    path: str
    query: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    remote: str = ""


class Handler(Protocol):
    """What a socket's owner does with it; one object may serve many sockets."""

    def opened(self, ws: WebSocket) -> None:
        """The handshake is done; sending is possible."""

    def received(self, ws: WebSocket, data: bytes) -> None:
        """A whole message came, text or binary, within the size limit."""

    def closed(self, ws: WebSocket, code: int, reason: str) -> None:
        """It is gone, or given up as too slow; called exactly once. 1005: no code, 1006: no goodbye."""

    def paused(self, ws: WebSocket) -> None:
        """The unsent bytes passed the high-water mark: the peer reads too slowly."""

    def resumed(self, ws: WebSocket) -> None:
        """The unsent bytes went below the mark again."""


class WebSocket(asyncio.Protocol):
    """A websocket after its handshake, on the server's or (`client=True`) on the client's side.

    Attributes:
        request: what the handshake asked for.
        handler: the owner; may be replaced at any time.
        user: a slot for the owner's own state.
        last_seen: loop time, in seconds, at which the last bytes came.
        closing: whether a close has begun; what is sent from then on is dropped.
    """

    # fmt: off
    __slots__ = (
        "_client", "_fast", "_fragments", "_high_water", "_limit", "_loop", "_need", "_on_lost",
        "_open", "_paused", "_peer", "_pos", "_rest", "_timer", "_transport",
        "closing", "handler", "last_seen", "request", "user",
    )
    # fmt: on

    def __init__(
        self,
        request: Request,
        handler: Handler,
        *,
        max_message: int,
        high_water: int,
        client: bool = False,
        on_lost: Callable[[WebSocket], None] | None = None,
    ) -> None:
        self.request = request
        self.handler = handler
        self.user: Any = None
        self.closing = False
        self.last_seen = 0.0
        self._client = client
        self._limit = max_message
        # Largest payload of the fast path; 0 while it isn't open: unmasked, fragmented, closing, spliced.
        self._fast = 0 if client else max_message
        self._high_water = high_water
        self._on_lost = on_lost
        self._transport: asyncio.Transport = cast("asyncio.Transport", None)
        self._loop: asyncio.AbstractEventLoop = cast("asyncio.AbstractEventLoop", None)
        self._rest: bytes | bytearray = b""
        self._pos = 0
        self._need = 0
        self._open = False
        self._fragments: bytearray | None = None
        self._paused = False
        self._peer: WebSocket | None = None
        self._timer: asyncio.TimerHandle | None = None

    # --- for the owner -----------------------------------------------------------------------

    @property
    def buffered(self) -> int:
        """Bytes that were sent but not taken by the peer's TCP window yet."""
        return self._transport.get_write_buffer_size()

    def send(self, data: bytes | str) -> None:
        """Send one text message; dropped without a word once the socket is closing.

        A peer that lets `OVERFLOW` times the high-water mark pile up is closed with 1013.
        """
        if self.closing:
            return
        payload = data if type(data) is bytes else _encoded(data)
        if self._paused and self.buffered > OVERFLOW * self._high_water:
            self.close(TRY_AGAIN_LATER, "too slow")
            # The owner hears of it now, not when the slow peer has answered; but not within its own call.
            self._loop.call_soon(self._tell, TRY_AGAIN_LATER, "too slow")
            return
        length = len(payload)
        if self._client:
            self._transport.write(frames.build(frames.TEXT, payload, mask=True))
        elif length < HEADERS_READY:
            self._transport.write(_HEADERS[length] + payload)
        else:
            self._transport.write(frames.build(frames.TEXT, payload, mask=False))

    def ping(self) -> None:
        """Ask for a sign of life; the answer shows in `last_seen`."""
        if not self.closing:
            self._control(frames.PING, b"")

    def close(self, code: int = NORMAL, reason: str = "") -> None:
        """Say goodbye, then hang up when the peer has answered or `CLOSE_DEADLINE` is over."""
        if self.closing:
            return
        self._control(frames.CLOSE, frames.close_payload(code, reason))
        self.closing = True
        if self._transport.is_closing():
            return
        self._rest, self._pos, self._fragments, self._fast = b"", 0, None, 0
        self._timer = self._loop.call_later(CLOSE_DEADLINE, self._give_up, code, reason)

    def abort(self) -> None:
        """Drop the connection at once; the handler sees 1006."""
        self.closing, self._fast = True, 0
        self._transport.abort()

    def pause_reading(self) -> None:
        """Let the peer's bytes wait in the kernel: back-pressure for whoever talks too much."""
        if not self._transport.is_closing():
            self._transport.pause_reading()

    def resume_reading(self) -> None:
        """Read again after `pause_reading`."""
        if not self._transport.is_closing():
            self._transport.resume_reading()

    def splice(self, peer: WebSocket) -> None:
        """Join this accepted socket with a dialled one, byte for byte, until either ends.

        Both handshakes must be done and without extensions. What has arrived of an unfinished
        message and frame goes first, so the joint may fall inside either.
        """
        if self._client is peer._client:
            raise ValueError(
                "splice joins an accepted socket with a dialled one: both mask their frames alike"
            )
        for one, other in ((self, peer), (peer, self)):
            one._peer, one._fast = other, 0
            if one._fragments is not None:
                other._begin(one._fragments)
                one._fragments = None
            if one._rest:
                other._transport.write(bytes(one._rest[one._pos :]))
                one._rest, one._pos = b"", 0
            if other._paused:
                one.pause_reading()

    # --- asyncio.Protocol --------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take over a transport whose handshake is done."""
        self._transport = cast("asyncio.Transport", transport)
        self._transport.set_write_buffer_limits(high=self._high_water)
        self._loop = asyncio.get_running_loop()
        self.last_seen = self._loop.time()
        self._open = True
        self.handler.opened(self)
        self.request = Request(self.request.path, self.request.query, remote=self.request.remote)

    def data_received(self, data: bytes) -> None:  # noqa: C901 - the hot path, inline on purpose
        """Hand every whole message in `data` to the handler; keep the rest."""
        self.last_seen = self._loop.time()
        limit = self._fast
        if not limit or self._rest:
            self._received(data)
            return
        # The frame that makes up all the traffic, whole masked text of up to 64 KiB, is read here inline:
        # `_consume` knows every frame, and costs five times as much. Numbers are written out, since each
        # name would be looked up for every message: 0x81 is a final text frame, 0x80 the mask bit, 126
        # stands for a length of 16 bits, and a header with a mask has 6 bytes, or 8.
        pos, size = 0, len(data)
        while size - pos > 8 and data[pos] == 0x81:  # noqa: PLR2004
            length = data[pos + 1] - 0x80
            start = pos + 6
            if length >= 126:  # noqa: PLR2004
                if length == frames.LENGTH_64:
                    break
                length = (data[pos + 2] << 8) | data[pos + 3]
                start = pos + 8
            end = start + length
            if end > size or not 0 < length <= limit:
                break
            # What a splice within the handler must pass on.
            if end < size:
                self._rest = data
                self._pos = end
            elif pos:
                self._rest = b""
            try:
                self.handler.received(self, apply_mask(data[start:end], data[start - 4 : start]))
            except Exception as error:  # noqa: BLE001 - see `_failed`
                self._failed(error)
            if end == size:
                return
            pos = end
            if not self._fast:
                break
        self._rest, self._pos = b"", 0
        if self._peer is None:
            self._consume(data, pos)

    def eof_received(self) -> None:
        """A half-closed websocket has no meaning: the transport closes itself."""

    def pause_writing(self) -> None:
        """The kernel's and our buffers are full."""
        self._paused = True
        if self._peer is not None:
            self._peer.pause_reading()
        else:
            self.handler.paused(self)

    def resume_writing(self) -> None:
        """There is room again."""
        self._paused = False
        if self._peer is not None:
            self._peer.resume_reading()
        else:
            self.handler.resumed(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """TCP ended, with or without a goodbye."""
        peer, self._peer = self._peer, None
        if peer is not None and not peer._transport.is_closing():
            peer._transport.close()
        self._finish(ABNORMAL, "")

    # --- inside ------------------------------------------------------------------------------

    def _received(self, data: bytes) -> None:
        """Take what isn't for the fast path: spliced, unmasked, in fragments or pieces, or after the end."""
        # Only the frame that was cut is put together: what follows it goes the fast way again.
        while self._rest:
            missing = self._need - len(self._rest)
            self._rest += data[:missing]
            if len(data) < missing:
                return
            data = data[missing:]
            open_before = not self.closing
            self._consume(bytes(self._rest), 0)
            if self.closing and open_before:
                return
        if self._fast and data:
            self.data_received(data)
        elif self._peer is None:
            self._consume(data, 0)
        elif not self._peer._transport.is_closing():
            self._peer._transport.write(data)

    def _deliver(self, payload: bytes) -> None:
        try:
            self.handler.received(self, payload)
        except Exception as error:  # noqa: BLE001 - see `_failed`
            self._failed(error)

    def _failed(self, error: Exception) -> None:
        """A fault that one message brings to light must cost its sender alone."""
        self._loop.call_exception_handler({"message": "a websocket handler failed", "exception": error})
        self.close(INTERNAL, "internal error")

    def _consume(self, data: bytes, pos: int) -> None:
        """Take frame by frame; `_rest` and `_pos` always tell what a splice in a handler must pass on."""
        end = len(data)
        self._rest, self._pos = data, pos
        try:
            while self._rest and self._pos < end:
                frame = frames.parse(data, self._pos, masked=not self._client, limit=self._limit)
                if isinstance(frame, int):
                    self._need = frame
                    self._rest, self._pos = bytearray(data[self._pos :]), 0
                    return
                self._pos = frame.end
                self._frame(frame)
        except FrameError as error:
            self.close(error.code, error.detail)
        self._rest, self._pos = b"", 0

    def _frame(self, frame: frames.Frame) -> None:
        if frame.opcode == frames.CLOSE:
            self._closed_by_peer(frame.payload)
        elif frame.opcode == frames.PING:
            self._control(frames.PONG, frame.payload)
        elif frame.opcode != frames.PONG and not self.closing:
            self._data(frame)

    def _data(self, frame: frames.Frame) -> None:
        if self._fragments is None:
            if frame.opcode == frames.CONTINUATION:
                raise FrameError(frames.PROTOCOL_ERROR, "a continuation of nothing")
            if frame.fin:
                self._deliver(frame.payload)
                return
            self._fragments, self._fast = bytearray(), 0
        elif frame.opcode != frames.CONTINUATION:
            raise FrameError(frames.PROTOCOL_ERROR, "a new message within a fragmented one")
        self._fragments += frame.payload
        if len(self._fragments) > self._limit:
            raise FrameError(frames.TOO_BIG, f"a message may have {self._limit} bytes")
        if frame.fin:
            whole, self._fragments = bytes(self._fragments), None
            self._fast = 0 if self._client else self._limit
            self._deliver(whole)

    def _begin(self, fragments: bytearray) -> None:
        """Send the beginning of a text message, which goes on in frames that pass unparsed."""
        frame = bytearray(frames.build(frames.TEXT, bytes(fragments), mask=self._client))
        frame[0] &= ~frames.FIN & 0xFF
        self._transport.write(bytes(frame))

    def _control(self, opcode: int, payload: bytes) -> None:
        if not self.closing and not self._transport.is_closing():
            self._transport.write(frames.build(opcode, payload, mask=self._client))

    def _closed_by_peer(self, payload: bytes) -> None:
        code, reason = frames.read_close(payload)
        self._control(frames.CLOSE, payload)
        self.closing = True
        self._finish(code, reason)

    def _give_up(self, code: int, reason: str) -> None:
        self._transport.abort()
        self._finish(code, reason)

    def _finish(self, code: int, reason: str) -> None:
        """Hang up and tell the handler, once; the first reason counts."""
        self.closing, self._fast = True, 0
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if not self._transport.is_closing():
            self._transport.close()
        self._tell(code, reason)
        if self._on_lost is not None:
            on_lost, self._on_lost = self._on_lost, None
            on_lost(self)

    def _tell(self, code: int, reason: str) -> None:
        if self._open:
            self._open = False
            self.handler.closed(self, code, reason)
