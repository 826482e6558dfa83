"""The line across replicas: first come, first served, also while nothing is wrong.

One stream of one seat is held while players come by both ways, and so to both matchmakers; when it is
let go, each is seated, leaves, and makes room for the next.
"""

from __future__ import annotations

import asyncio

from tests.faults.fault import Fault
from tests.faults.machine.ground import Machine
from tests.faults.sessions import line
from tests.faults.sessions.visitor import hold

FLEET = "line"
WAITING = 8
APART = 0.3
"""Seconds between two who come: any four apart must be served in order."""
WITHIN = 60.0


async def first_come(ground: Machine) -> None:
    """Let players come to both replicas, then serve them all."""
    let_go = asyncio.Event()
    holder = asyncio.create_task(hold(ground.room(0), FLEET, let_go))
    try:
        rooms = [ground.room(number) for number in range(WAITING)]
        line.check(await line.stand(rooms, FLEET, APART, WITHIN, let_go.set))
    finally:
        let_go.set()
        await holder


FAULTS: tuple[Fault[Machine], ...] = (
    Fault("first-come", "none: first come, first served across replicas", first_come, short=1),
)
