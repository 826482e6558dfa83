"""Somebody new: waits, is given a seat, hears its greeting and says goodbye, without playing anything.

Like our page it comes back to the waiting room with the ticket that it was given there. The trap: a seat
is only good if its signalserver speaks; a match alone proves the matchmaker's word.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin

import orjson
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from tests.faults.fault import Unexpected

PAUSE = 0.25
TROUBLE = (OSError, ConnectionClosed, InvalidHandshake)


@dataclass(frozen=True)
class Seat:
    """What a visitor was given, and when (monotonic seconds)."""

    stream: str
    session: str
    at: float


class Visitor:
    """One who comes.

    Args:
        url: of the waiting room.
        fleet: which to ask for.

    Attributes:
        waiting: set while it has been told its place on the present socket.
    """

    def __init__(self, url: str, fleet: str = "default") -> None:
        self.waiting = asyncio.Event()
        self._url, self._fleet = url, fleet
        self._ticket = ""

    async def visit(self, within: float = 30.0) -> Seat:
        """Come, be seated, leave; see `seated`."""
        async with self.seated(within) as seat:
            return seat

    @asynccontextmanager
    async def seated(self, within: float = 30.0) -> AsyncIterator[Seat]:
        """Have a seat while the block runs.

        Failures on the way to it are tried again, as the page does.

        Raises:
            Unexpected: no seat was had within so many seconds.
        """
        socket, seat = await self._sit(within)
        try:
            yield seat
        finally:
            await socket.close()

    async def _sit(self, within: float) -> tuple[ClientConnection, Seat]:
        last = "it just waited"
        try:
            async with asyncio.timeout(within):
                while True:
                    try:
                        return await self._once()
                    except TROUBLE as error:
                        last = str(error)
                    await asyncio.sleep(PAUSE)
        except TimeoutError:
            raise Unexpected(f"nobody new was seated within {within:.0f} s: {last}") from None

    async def _once(self) -> tuple[ClientConnection, Seat]:
        self.waiting.clear()
        ticket = f"&ticket={self._ticket}" if self._ticket else ""
        way = f"{self._url}?handoff=1&fleet={self._fleet}{ticket}"
        async with connect(way, compression=None, proxy=None) as room:
            matched = await _hear(room, self._is_matched)
        seat = await connect(urljoin(self._url, matched["url"]), compression=None, proxy=None)
        try:
            await _hear(seat, lambda message: message.get("type") == "config")
        except BaseException:
            await seat.close()
            raise
        return seat, Seat(matched["detail"]["id"], matched["session"], time.monotonic())

    def _is_matched(self, message: dict[str, Any]) -> bool:
        if message.get("queued"):
            self.waiting.set()
            self._ticket = message.get("ticket") or self._ticket
        return message.get("matched") is True


async def _hear(socket: ClientConnection, fits: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    async for data in socket:
        message: dict[str, Any] = orjson.loads(data)
        if fits(message):
            return message
    raise ConnectionResetError(f"closed with {socket.close_code} {socket.close_reason!r}")
