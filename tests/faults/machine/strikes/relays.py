"""TURN: turn-api away and rolled out, a relay drained. Who plays through a relay goes on."""

from __future__ import annotations

import asyncio

from pixelstream.errors import PixelstreamError
from tests.faults.fault import Fault, Unexpected
from tests.faults.machine.ground import Machine
from tests.faults.sessions.player import PlayerSession

NOTICED = 15.0
"""Seconds that turn-api may take to see a change of its list, and more."""
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


async def drain_relay(ground: Machine) -> None:
    """Take the relay of players who play out of the answers: they stay on it, who is new goes to another."""
    draining = ground.relay_of(ground.players[0])
    ground.tell_relays(draining=[draining])
    await _until_gone(ground, draining.plan.port)
    fresh = PlayerSession("somebody new, by relay", ground.room(0), relay_only=True)
    try:
        await fresh.begin()
        if ground.relay_of(fresh) is draining:
            raise Unexpected("somebody new was sent to the relay that drains")
    except PixelstreamError as error:
        raise Unexpected(f"nobody new could play through the other relay: {error}") from error
    finally:
        await fresh.end()
        ground.tell_relays()


async def _until_gone(ground: Machine, port: int) -> None:
    try:
        async with asyncio.timeout(NOTICED):
            while port in await ground.offered():  # noqa: ASYNC110 - HTTP can only be asked
                await asyncio.sleep(0.1)
    except TimeoutError:
        raise Unexpected(f"a relay that drains was offered for {NOTICED:.0f} s") from None


FAULTS: tuple[Fault[Machine], ...] = (
    Fault("turn-api-down", "turn-api down", kill_turn_api),
    Fault("turn-api-rollout", "rollout of turn-api", roll_turn_api),
    Fault("relay-drained", "a TURN relay with players on it drained", drain_relay, short=1),
)
