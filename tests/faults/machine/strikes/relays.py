"""TURN: turn-api away and rolled out, a relay drained. Who plays through a relay goes on."""

from __future__ import annotations

import asyncio

from tests.faults.fault import Fault
from tests.faults.machine.ground import Machine

DOWN = 5.0
"""Seconds without turn-api: it is asked again each second, and players come back meanwhile."""


async def kill_turn_api(ground: Machine) -> None:
    """Be without turn-api for a while, in which players rejoin and somebody new comes."""
    replica = ground.replicas["turn-api"][0]
    await ground.processes.kill(replica)
    ground.cut_some()
    await ground.visit()
    await asyncio.sleep(DOWN)
    await ground.visit()
    await ground.processes.start(replica)


async def roll_turn_api(ground: Machine) -> None:
    """Replace turn-api."""
    old = ground.replicas["turn-api"][0]
    await ground.add("turn-api", ground.make("turn-api"))
    ground.hide("turn-api", old)
    await ground.processes.stop(old)
    ground.cut_some()
    await ground.visit()


FAULTS: tuple[Fault[Machine], ...] = (
    Fault("turn-api-down", "turn-api down", kill_turn_api),
    Fault("turn-api-rollout", "rollout of turn-api", roll_turn_api),
)
