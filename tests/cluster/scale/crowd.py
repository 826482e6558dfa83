"""Ten thousand players in one process: each waits for its seat, takes the hand-off, and goes."""

from __future__ import annotations

import asyncio

from pixelstream.net.dial import dial
from pixelstream.net.websocket import WebSocket

AT_ONCE = 100
LONGEST = 900.0
_MATCHED = b'"matched":true'


class Crowd:
    """All players of a run.

    Attributes:
        come: those who were let wait.
        seated: those who were given a seat.
        lost: those whose socket ended otherwise.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._all = 0
        self.come = self.seated = self.lost = 0
        self._done = asyncio.Event()

    async def comes(self, count: int) -> None:
        """Let so many players come and wait until all have been told where they stand."""
        slots = asyncio.Semaphore(AT_ONCE)
        self._all += count

        async def one() -> None:
            async with slots:
                player = _Player(self)
                await dial(f"{self._url}/ws?handoff=1", player, timeout=60.0)
                async with asyncio.timeout(60.0):
                    await player.told

        await asyncio.gather(*(one() for _ in range(count)))

    async def seats(self) -> None:
        """Wait until all have gone to a seat."""
        async with asyncio.timeout(LONGEST):
            while self.seated + self.lost < self._all:
                self._done.clear()
                await self._done.wait()

    def over(self, *, seated: bool) -> None:
        """Count a player who has gone."""
        if seated:
            self.seated += 1
        else:
            self.lost += 1
        self._done.set()


class _Player:
    def __init__(self, crowd: Crowd) -> None:
        self._crowd = crowd
        self._matched = False
        self.told: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def opened(self, ws: WebSocket) -> None: ...

    def received(self, ws: WebSocket, data: bytes) -> None:
        if not self.told.done():
            self._crowd.come += 1
            self.told.set_result(None)
        if _MATCHED in data:
            self._matched = True
            ws.close(1000)

    def closed(self, ws: WebSocket, code: int, reason: str) -> None:
        if not self.told.done():
            self.told.set_exception(ConnectionError(f"{code} {reason}"))
        self._crowd.over(seated=self._matched)

    def paused(self, ws: WebSocket) -> None: ...

    def resumed(self, ws: WebSocket) -> None: ...
