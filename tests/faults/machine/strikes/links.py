"""Wires: control links cut and dead, signalling delayed, held back and reset, the cluster's API away."""

from __future__ import annotations

import asyncio

from tests.faults.fault import Fault
from tests.faults.machine.ground import Machine
from tests.faults.machine.services import CONTROL, EDGE, NGINX

CUT = 2.0
DEAD, DEAD_LONG = 8.0, 40.0
"""Seconds that control links swallow everything; from 30 s on both ends notice by themselves."""
DELAY_MS = 200
STALLED, STALLED_LONG = 6.0, 15.0
"""Seconds that signalling is held back; in the long form it is taken for dead (`Parts.signalserver`)."""
STALL_MS = 60_000
AWAY, AWAY_LONG = 8.0, 60.0
"""Seconds without the cluster's API."""


async def cut_control(ground: Machine) -> None:
    """Cut all control links and let none come back for a while; players rejoin meanwhile."""
    await ground.toxics.enable(CONTROL, enabled=False)
    ground.cut_some()
    await asyncio.sleep(CUT)
    await ground.toxics.enable(CONTROL, enabled=True)
    await ground.visit()


async def dead_control(ground: Machine) -> None:
    """Swallow everything on the control links, both ways, without closing them; then they break."""
    async with ground.toxics.poison("timeout", CONTROL, timeout=0):
        ground.cut_some()
        await asyncio.sleep(ground.form.pick(DEAD, DEAD_LONG))
    await ground.visit()


async def delay(ground: Machine) -> None:
    """Delay signalling by 200 ms each way; players rejoin and somebody new comes through it."""
    async with ground.toxics.poison("latency", EDGE, NGINX, latency=DELAY_MS):
        ground.cut_some()
        await ground.visit()
        await ground.visit()


async def stall(ground: Machine) -> None:
    """Hold signalling back for seconds without losing any of it."""
    async with ground.toxics.poison("latency", EDGE, NGINX, latency=STALL_MS):
        await asyncio.sleep(ground.form.pick(STALLED, STALLED_LONG))
    await ground.visit()


async def reset(ground: Machine) -> None:
    """Reset every socket of every player, and each new one, for a moment."""
    async with ground.toxics.poison("reset_peer", EDGE, NGINX, timeout=0):
        await asyncio.sleep(1.0)
    await ground.visit()


async def api_away(ground: Machine) -> None:
    """Be without the cluster's API: what was known stays known."""
    await ground.kube.stop()
    ground.cut_some()
    await ground.visit()
    await asyncio.sleep(ground.form.pick(AWAY, AWAY_LONG))
    await ground.visit()
    await ground.kube.start()
    await ground.visit()


FAULTS: tuple[Fault[Machine], ...] = (
    Fault("control-cut", "control links cut", cut_control),
    Fault("control-dead", "control links dead both ways, unnoticed", dead_control, short=1),
    Fault("signalling-delay", "200 ms delay on signalling", delay),
    Fault(
        "signalling-stall",
        "signalling held back for 15 s (6 s in the short form)",
        stall,
        short=1,
        settle=40.0,
    ),
    Fault("signalling-reset", "resets on signalling", reset),
    Fault("api-away", "API server away for 60 s (8 s in the short form)", api_away, short=1),
)
