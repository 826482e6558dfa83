"""A taken stream told to end: its players stay as long as they like, and nobody new comes."""

from __future__ import annotations

import asyncio
import signal

from tests.faults.fault import Fault, Unexpected
from tests.faults.machine.ground import Machine

VISITS = 3


async def drain(ground: Machine) -> None:
    """Send SIGTERM to the signalserver of a stream whose seats are all taken; play on, rejoin; then leave."""
    here = ground.players[0].stream
    signalserver = ground.streams[here]
    ground.announce(here, ending=True)
    ground.processes.tell(signalserver, signal.SIGTERM)
    players = [player for player in ground.players if player.stream == here]
    try:
        players[0].cut()
        for _ in range(VISITS):
            seat = await ground.seat()
            if seat.stream == here:
                raise Unexpected(f"{here} was given to somebody new while it drains")
        await asyncio.gather(*(player.steady(20.0) for player in players))
    except TimeoutError as error:
        raise Unexpected(f"somebody on {here} does not go on: {error}") from error
    finally:
        await _replace(ground, here)


async def _replace(ground: Machine, name: str) -> None:
    """Let the stream's players leave, as they wish to now, and begin again once it is back."""
    there = [one for one in ground.sessions if one.stream == name]
    lost = [f"{one.name}: {one.lost}" for one in there if one.lost]
    for one in there:
        await one.end()
    await ground.processes.ended(ground.streams[name])
    await ground.processes.start(ground.streams[name])
    ground.announce(name)
    for one in there:
        await ground.begin(one)
        await one.mark()
    if lost:
        raise Unexpected(f"while {name} drained: {'; '.join(lost)}")


FAULTS: tuple[Fault[Machine], ...] = (
    Fault("stream-drained", "SIGTERM of a taken stream's signalserver", drain, short=1),
)
