"""Somebody new: waits, is given a seat, hears its greeting and says goodbye, without playing anything.

The trap: a seat is only good if its signalserver speaks; a match alone proves the matchmaker's word.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin

import orjson
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from tests.faults.fault import Unexpected

PAUSE = 0.25


@dataclass(frozen=True)
class Seat:
    """What a visitor was given, and when (monotonic seconds)."""

    stream: str
    session: str
    at: float


async def visit(url: str, within: float = 30.0, fleet: str = "default") -> Seat:
    """Come, be seated, leave.

    Args:
        url: of the waiting room.
        within: seconds for all of it; failures on the way are tried again, as the page does.
        fleet: which to ask for.

    Raises:
        Unexpected: no seat was had in time.
    """
    last = "nothing"
    try:
        async with asyncio.timeout(within):
            while True:
                try:
                    return await _once(url, fleet)
                except (OSError, ConnectionClosed, InvalidHandshake) as error:
                    last = str(error)
                await asyncio.sleep(PAUSE)
    except TimeoutError:
        raise Unexpected(f"nobody new was seated within {within:.0f} s; the last trouble: {last}") from None


async def hold(url: str, fleet: str, let_go: asyncio.Event, within: float = 30.0) -> None:
    """Take a seat and keep it until told to let go.

    Raises:
        Unexpected: no seat was had in time.
    """
    try:
        async with asyncio.timeout(within):
            matched = await _wait(url, fleet)
    except TimeoutError:
        raise Unexpected(f"no seat of the fleet {fleet} was had within {within:.0f} s") from None
    async with connect(urljoin(url, matched["url"]), compression=None, proxy=None) as seat:
        await _hear(seat, lambda message: message.get("type") == "config")
        await let_go.wait()


async def _once(url: str, fleet: str) -> Seat:
    matched = await _wait(url, fleet)
    async with connect(urljoin(url, matched["url"]), compression=None, proxy=None) as seat:
        await _hear(seat, lambda message: message.get("type") == "config")
        return Seat(matched["detail"]["id"], matched["session"], time.monotonic())


async def _wait(url: str, fleet: str) -> dict[str, Any]:
    async with connect(f"{url}?handoff=1&fleet={fleet}", compression=None, proxy=None) as room:
        return await _hear(room, lambda message: message.get("matched") is True)


async def _hear(socket: ClientConnection, fits: Any) -> dict[str, Any]:
    async for data in socket:
        message: dict[str, Any] = orjson.loads(data)
        if fits(message):
            return message
    raise ConnectionResetError("the socket was closed")
