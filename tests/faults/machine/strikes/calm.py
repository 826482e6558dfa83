"""No fault at all: the gaps that this machine makes by being busy, and whether a loss would be seen."""

from __future__ import annotations

import asyncio

import httpx

from tests.faults.fault import Fault, Unexpected
from tests.faults.machine.front import HOST
from tests.faults.machine.ground import Machine, Playing

SEEN = 20.0
"""Seconds until a loss must have been seen."""


async def nothing(ground: Machine) -> None:
    """Let somebody come and go."""
    await ground.visit()


async def end_on_purpose(ground: Machine) -> None:
    """End sessions of each kind as an operator may, see that each counts as lost, and begin them anew."""
    url = f"http://{HOST}:{ground.fronts['matchmaker'].port}/api/v1/sessions"
    ended: list[Playing] = [ground.players[0], *ground.pages]
    async with httpx.AsyncClient(trust_env=False) as http:
        for session in ended:
            (await http.delete(f"{url}/{session.session}")).raise_for_status()
    await asyncio.gather(*(_see(session) for session in ended))
    for session in ended:
        await session.end()
        await ground.begin(session)
        await session.mark()


async def _see(session: Playing) -> None:
    try:
        async with asyncio.timeout(SEEN):
            while not session.lost:
                await session.steady(SEEN)
    except TimeoutError:
        raise Unexpected(f"{session.name} was ended on purpose, and that was not seen") from None


FAULTS: tuple[Fault[Machine], ...] = (
    Fault("none", "nothing, to compare with", nothing),
    Fault("seen", "sessions ended on purpose: seen, not counted here", end_on_purpose, short=1),
)
