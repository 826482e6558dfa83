"""TURN: turn-api away and rolled out, a relay drained. Who plays through a relay goes on."""

from __future__ import annotations

import asyncio

from pixelstream.errors import PixelstreamError
from tests.faults.fault import Fault, Unexpected
from tests.faults.machine.ground import Machine
from tests.faults.sessions.player import PlayerSession

RELAYED_AGAIN = 60.0
"""Seconds that a page has to find that its relay is dead and to play through another."""
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
    await ground.until_hidden(draining)
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


async def kill_relay(ground: Machine) -> None:
    """Kill the relay that the page's media goes through: it gets another on the same seat."""
    near, far = ground.relays
    for page in ground.pages:
        ground.tell_relays(draining=[near])
        await ground.until_hidden(near)
        await page.end()
        await ground.begin(page)
        await page.mark()
    ground.tell_relays()
    await far.stop()
    ground.tell_relays(gone=[far])
    try:
        await asyncio.gather(*(page.steady(RELAYED_AGAIN) for page in ground.pages))
    except TimeoutError as error:
        raise Unexpected(f"no picture through another relay: {error}") from error
    finally:
        await far.start()
        ground.tell_relays()


FAULTS: tuple[Fault[Machine], ...] = (
    Fault("turn-api-down", "turn-api down", kill_turn_api, short=1),
    Fault("turn-api-rollout", "rollout of turn-api", roll_turn_api),
    Fault("relay-drained", "a TURN relay with players on it drained", drain_relay, short=1),
    Fault(
        "relay-killed", "kill of the TURN relay that a page plays through", kill_relay, short=1, settle=60.0
    ),
)
