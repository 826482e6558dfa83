"""A thousand signalservers in one process, as far as the matchmaker sees them: their control links.

The trap: nobody comes to their seats, as kwok's pods answer nowhere; so each stream says of a claim that
its player has come, and after a while that it has left.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from pixelstream.net.dial import dial
from pixelstream.net.websocket import WebSocket
from pixelstream.protocol.control import (
    Claim,
    Ended,
    EndedReason,
    FromSignalserver,
    Granted,
    SeatedSession,
    SeatState,
    State,
    encode,
    parse_from_matchmaker,
)
from tests.support.streams import CONTROL_KEY

AT_ONCE = 50


class Park:
    """All streams of a run.

    Attributes:
        length: seconds that a session is played.
        ended: sessions that are over.
    """

    def __init__(self, url: str, length: float) -> None:
        self._url, self.length = url, length
        self._streams: list[_Stream] = []
        self.ended = 0
        self.changed = asyncio.Event()

    async def open(self, names: Iterable[str]) -> None:
        """Open the links of more streams."""
        slots = asyncio.Semaphore(AT_ONCE)

        async def one(name: str) -> None:
            async with slots:
                stream = _Stream(self, name)
                headers = {"Authorization": f"Bearer {CONTROL_KEY}"}
                stream.ws = await dial(f"{self._url}/control", stream, headers=headers, timeout=60.0)
                stream.report()
                self._streams.append(stream)

        await asyncio.gather(*map(one, names))

    def close(self) -> None:
        """Break all links."""
        for stream in self._streams:
            stream.ws.abort()

    @property
    def broken(self) -> int:
        """Links that are open no more."""
        return sum(stream.ws.closing for stream in self._streams)


class _Stream:
    ws: WebSocket

    def __init__(self, park: Park, name: str) -> None:
        self._park, self._name = park, name
        self._held: SeatedSession | None = None
        self._seq = 0

    def report(self) -> None:
        self._seq += 1
        held = (self._held,) if self._held else ()
        self._say(
            State(
                seq=self._seq,
                epoch="e",
                stream=self._name,
                fleet="default",
                seats=1,
                taken=len(held),
                ready=True,
                draining=False,
                sessions=held,
            )
        )

    def _say(self, message: FromSignalserver) -> None:
        if not self.ws.closing:
            self.ws.send(encode(message))

    def opened(self, ws: WebSocket) -> None: ...

    def received(self, ws: WebSocket, data: bytes) -> None:
        message = parse_from_matchmaker(data)
        if isinstance(message, Claim):
            self._held = SeatedSession(
                session=message.session, state=SeatState.CONNECTED, fence=message.fence
            )
            self._say(Granted(claim=message.claim, session=message.session))
            self.report()
            asyncio.get_running_loop().call_later(self._park.length, self._over, message.session)

    def _over(self, session: str) -> None:
        if self._held is None or self._held.session != session:
            return
        self._held = None
        self.report()
        self._say(Ended(session=session, reason=EndedReason.LEFT, seconds=self._park.length))
        self._park.ended += 1
        self._park.changed.set()

    def closed(self, ws: WebSocket, code: int, reason: str) -> None: ...

    def paused(self, ws: WebSocket) -> None: ...

    def resumed(self, ws: WebSocket) -> None: ...
