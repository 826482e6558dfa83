"""The shared store restarted, gone and failed over: new matches may wait, nothing else may."""

from __future__ import annotations

import asyncio

from tests.faults.fault import Fault
from tests.faults.machine.ground import Machine

GONE = 12.0
"""Seconds without a store in the short form: longer than every heartbeat of a matchmaker."""
GONE_LONG = 60.0


async def restart(ground: Machine) -> None:
    """Kill the primary and start it again at once, with nothing in it."""
    primary = await ground.store.primary()
    await ground.store.kill(primary)
    await ground.store.start()
    ground.cut_some()
    await ground.visit()
    await ground.store.whole()


async def gone(ground: Machine) -> None:
    """Kill all servers and be without for a while, in which players rejoin."""
    await ground.store.kill(*ground.store.servers)
    ground.cut_some()
    await asyncio.sleep(ground.form.pick(GONE, GONE_LONG))
    await asyncio.gather(*(player.steady(20.0) for player in ground.players))
    await ground.store.start()
    await ground.visit()
    await ground.store.whole()


async def fail_over(ground: Machine) -> None:
    """Kill the primary and leave it dead until the Sentinel has made the other one the primary."""
    primary = await ground.store.primary()
    await ground.store.kill(primary)
    ground.cut_some()
    await ground.store.moved(primary)
    await ground.visit()
    await ground.store.whole()


FAULTS: tuple[Fault[Machine], ...] = (
    Fault("valkey-restart", "restart of Valkey", restart),
    Fault("valkey-gone", "Valkey gone for 60 s (12 s in the short form)", gone, short=1),
    Fault("valkey-failover", "failover of Valkey by its Sentinel", fail_over, short=1),
)
