"""Matchmakers killed and rolled out: nobody who plays may notice, and soon somebody new is seated again."""

from __future__ import annotations

import asyncio

from tests.faults.fault import Fault
from tests.faults.machine.ground import Machine


async def kill_one(ground: Machine) -> None:
    """Kill a replica while players rejoin; the other serves until the kubelet has started it again."""
    replica = ground.replicas["matchmaker"][0]
    await ground.processes.kill(replica)
    ground.cut_some()
    await ground.visit()
    await ground.processes.start(replica)
    ground.replicas["matchmaker"].reverse()  # the other one next time
    await ground.visit()


async def kill_all(ground: Machine) -> None:
    """Kill all replicas; players rejoin without any."""
    replicas = ground.replicas["matchmaker"]
    await asyncio.gather(*map(ground.processes.kill, replicas))
    ground.cut_some()
    await asyncio.gather(*(player.steady(20.0) for player in ground.players))
    await asyncio.gather(*map(ground.processes.start, replicas))
    await ground.visit()


async def roll_out(ground: Machine) -> None:
    """Replace one replica after the other, as a Deployment does: the new one first."""
    for old in tuple(ground.replicas["matchmaker"]):
        await ground.add("matchmaker", ground.make("matchmaker"))
        ground.hide("matchmaker", old)
        await ground.processes.stop(old)
    await ground.visit()


FAULTS: tuple[Fault[Machine], ...] = (
    Fault("matchmaker-killed", "kill -9 of a matchmaker replica", kill_one),
    Fault("matchmakers-killed", "kill -9 of all matchmakers", kill_all),
    Fault("matchmaker-rollout", "rollout of the matchmaker", roll_out, short=1),
)
