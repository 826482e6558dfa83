"""Players who stand in line for one seat, come by all ways, and each leave as soon as they are seated.

The trap: who came first is known here only as exactly as their sockets were opened, so order is judged
between players who came at least `FAIR` apart, which is what replicas promise.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tests.faults.fault import Unexpected
from tests.faults.sessions.visitor import Seat, visit

FAIR = 1.0
"""Seconds between two arrivals from which on the earlier one must be seated first."""


@dataclass(frozen=True)
class Turn:
    """When one player came, and when it was seated (monotonic seconds)."""

    came: float
    seat: Seat


async def stand(
    rooms: Sequence[str], fleet: str, apart: float, within: float, begun: Callable[[], None]
) -> list[Turn]:
    """Let a player come by each of these ways, one after the other; return their turns in order of arrival.

    Args:
        rooms: URL of the waiting room, for each player.
        fleet: what they wait for.
        apart: seconds between arrivals.
        within: seconds that the last one may wait.
        begun: called once all are in line.

    Raises:
        Unexpected: somebody was not seated in time.
    """
    tasks = []
    for room in rooms:
        tasks.append(asyncio.create_task(_turn(room, fleet, within)))
        await asyncio.sleep(apart)
    begun()
    try:
        return list(await asyncio.gather(*tasks))
    finally:
        for task in tasks:
            task.cancel()


async def _turn(room: str, fleet: str, within: float) -> Turn:
    came = time.monotonic()
    return Turn(came, await visit(room, within, fleet))


def overtaken(turns: Sequence[Turn]) -> str | None:
    """Say so if somebody was seated before another who had come long enough before."""
    for first in turns:
        for second in turns:
            if first.came + FAIR < second.came and second.seat.at < first.seat.at:
                apart, early = second.came - first.came, first.seat.at - second.seat.at
                return f"a player was overtaken by one who came {apart:.1f} s later, by {early:.1f} s"
    return None


def check(turns: Sequence[Turn]) -> None:
    """Raise Unexpected if somebody was overtaken."""
    if words := overtaken(turns):
        raise Unexpected(words)
