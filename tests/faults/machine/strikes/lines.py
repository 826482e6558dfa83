"""The line across replicas: first come, first served, also when matchmakers or their store end meanwhile.

One stream of one seat is held while players come by both ways, and so to both matchmakers. Then the fault
strikes; when the seat is let go, each is seated, leaves, and makes room for the next.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from tests.faults.fault import Fault
from tests.faults.machine.ground import Machine
from tests.faults.machine.strikes import calm, matchmakers, stores
from tests.faults.sessions.line import standing

FLEET = "line"
WAITING = 6
APART = 0.3
"""Seconds between two who come: any four apart must be served in order."""
WITHIN = 90.0


def over(strike: Callable[[Machine], Awaitable[None]]) -> Callable[[Machine], Awaitable[None]]:
    """The same strike while a line stands."""

    async def struck(ground: Machine) -> None:
        rooms = [ground.room(number) for number in range(WAITING)]
        async with standing(rooms, FLEET, APART, WITHIN):
            await strike(ground)

    return struck


FAULTS: tuple[Fault[Machine], ...] = (
    Fault("line", "the line across replicas, undisturbed", over(calm.nothing), short=1),
    Fault("line-killed", "the line over kill -9 of a matchmaker", over(matchmakers.kill_one), short=1),
    Fault("line-all-killed", "the line over kill -9 of all", over(matchmakers.kill_all), short=1),
    Fault("line-rollout", "the line over a rollout", over(matchmakers.roll_out), short=1),
    Fault("line-valkey", "the line over a restart of Valkey", over(stores.restart), short=1),
)
