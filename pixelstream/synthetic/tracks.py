"""Tracks that hand ready packets to aiortc, at their time or at once when woken.

The trap: a sender that sleeps until its next tick shows an input one picture late, so whoever has news
wakes it. Timestamps are of the real clock, so a picture out of turn is shown out of turn.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from fractions import Fraction
from typing import Any, Final

import av
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack

from pixelstream.synthetic.encoder import TIME_BASE
from pixelstream.synthetic.sound import PACKET_SAMPLES, SAMPLE_RATE

MAX_WAITING: Final = 8
"""Packets of a live picture that may wait for a slow sender; then it gets a fresh start instead."""


def packet(data: bytes, pts: int, time_base: Fraction = TIME_BASE) -> "av.Packet[Any]":
    """Return a packet as aiortc takes it: data, time and the clock that counts the time."""
    made = av.Packet(data)
    made.pts, made.time_base = pts, time_base
    return made


class PushTrack(MediaStreamTrack):
    """A video track that sends what it is given.

    `begin` is called when the track is first read, so that players who never come cost no pictures, and
    `starve` when pictures had to be dropped for want of a key picture.
    """

    kind = "video"

    def __init__(self, begin: Callable[["PushTrack"], None], starve: Callable[[], None]) -> None:
        super().__init__()
        self._begin: Callable[[PushTrack], None] | None = begin
        self._starve = starve
        self._ready: deque[av.Packet[Any]] = deque()
        self._news = asyncio.Event()
        self._fresh = False

    def push(self, data: bytes, pts: int, *, key: bool) -> None:
        """Queue one picture. Until a key picture comes, all others are useless and dropped."""
        if len(self._ready) >= MAX_WAITING:
            self._ready.clear()
            self._fresh = False
        if key:
            self._fresh = True
        if self._fresh:
            self._ready.append(packet(data, pts))
            self._news.set()
        else:
            self._starve()

    async def recv(self) -> "av.Packet[Any]":
        """Wait for the next picture's packet."""
        if self._begin is not None:
            self._begin(self)
            self._begin = None
        while not self._ready:
            if self.readyState != "live":
                raise MediaStreamError
            self._news.clear()
            await self._news.wait()
        return self._ready.popleft()

    def stop(self) -> None:
        """End the track and whoever waits for it."""
        super().stop()
        self._news.set()


class PacedTrack(MediaStreamTrack):
    """A track that asks `next_data` for a packet at each tick and, once woken, at once.

    Costs one timer a packet, which is what lets hundreds of these share a core.
    """

    def __init__(self, kind: str, interval: float, next_data: Callable[[], bytes]) -> None:
        self.kind = kind
        super().__init__()
        self._interval = interval
        self._next_data = next_data
        self._ticks = asyncio.get_running_loop()
        self._start = self._due = 0.0
        self._waiter: asyncio.Future[None] | None = None

    def wake(self) -> None:
        """Send the next packet now; the ones after it follow at the usual distance."""
        self._due = min(self._due, self._ticks.time())
        self._release()

    async def recv(self) -> "av.Packet[Any]":
        """Wait for the next tick or to be woken, and return the packet of that moment."""
        now = self._ticks.time()
        if not self._start:
            self._start = self._due = now
        if self._due > now:
            await self._sleep()
        if self.readyState != "live":
            raise MediaStreamError
        return self._take()

    def stop(self) -> None:
        """End the track and whoever waits for it."""
        super().stop()
        self._release()

    def _take(self) -> "av.Packet[Any]":
        now = self._ticks.time()
        # After a stall the ticks missed are left out, not sent all at once.
        self._due = max(self._due + self._interval, now)
        return packet(self._next_data(), round((now - self._start) * 90000))

    async def _sleep(self) -> None:
        self._waiter = self._ticks.create_future()
        timer = self._ticks.call_at(self._due, self._release)
        try:
            await self._waiter
        finally:
            timer.cancel()
            self._waiter = None

    def _release(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


class SoundTrack(PacedTrack):
    """Opus packets in a loop. Its clock counts samples, since players stretch sound to fit it."""

    def __init__(self, packets: tuple[bytes, ...]) -> None:
        super().__init__("audio", PACKET_SAMPLES / SAMPLE_RATE, self._unused)
        self._packets = packets
        self._sent = 0

    def _take(self) -> "av.Packet[Any]":
        now = self._ticks.time()
        if now - self._due > 1.0:  # a stall: go on from here, with a gap in the sound
            missed = int((now - self._due) / self._interval)
            self._due += missed * self._interval
            self._sent += missed
        self._due += self._interval
        data = self._packets[self._sent % len(self._packets)]
        self._sent += 1
        return packet(data, (self._sent - 1) * PACKET_SAMPLES, Fraction(1, SAMPLE_RATE))

    @staticmethod
    def _unused() -> bytes:
        return b""
