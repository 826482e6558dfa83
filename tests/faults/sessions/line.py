"""Players who stand in line for one seat, come by all ways, and each leave as soon as they are seated.

The trap: who came first is known here only as exactly as their sockets were opened, so order is judged
between players who came at least `FAIR` apart, which is what replicas promise.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from tests.faults.fault import Unexpected
from tests.faults.sessions.visitor import Seat, Visitor

FAIR = 1.0
"""Seconds between two arrivals from which on the earlier one must be seated first."""


@dataclass(frozen=True)
class Turn:
    """When one player came, and when it was seated (monotonic seconds)."""

    came: float
    seat: Seat


@asynccontextmanager
async def standing(
    rooms: Sequence[str], fleet: str, apart: float, within: float
) -> AsyncIterator[list[Turn]]:
    """Hold the fleet's only seat and let a player come by each of these ways while the block runs.

    In the end the seat is let go and all are served; their turns are in the list then, in order of arrival.

    Args:
        rooms: URL of the waiting room, for each player.
        fleet: what they wait for.
        apart: seconds between arrivals.
        within: seconds that the last one may wait.

    Raises:
        Unexpected: somebody was not seated in time, or overtaken.
    """
    tasks: list[asyncio.Task[Turn]] = []
    turns: list[Turn] = []
    try:
        async with Visitor(rooms[0], fleet).seated():
            visitors = [Visitor(room, fleet) for room in rooms]
            for visitor in visitors:
                tasks.append(asyncio.create_task(_turn(visitor, within)))
                await asyncio.wait_for(visitor.waiting.wait(), within)
                await asyncio.sleep(apart)
            yield turns
            for visitor in visitors:  # who is on the way back to its place can't be seated at this moment
                await asyncio.wait_for(visitor.waiting.wait(), within)
        turns += await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
    if words := overtaken(turns):
        raise Unexpected(words)


async def _turn(visitor: Visitor, within: float) -> Turn:
    came = time.monotonic()
    return Turn(came, await visitor.visit(within))


def overtaken(turns: Sequence[Turn]) -> str | None:
    """Say so if somebody was seated before another who had come long enough before."""
    for first in turns:
        for second in turns:
            if first.came + FAIR < second.came and second.seat.at < first.seat.at:
                apart, early = second.came - first.came, first.seat.at - second.seat.at
                return f"a player was overtaken by one who came {apart:.1f} s later, by {early:.1f} s"
    return None
