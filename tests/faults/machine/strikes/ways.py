"""The proxies on the players' way killed and rolled out: every socket breaks, every player comes back."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.faults.fault import Fault, Unexpected
from tests.faults.machine.ground import Machine


async def kill_edge(ground: Machine) -> None:
    """Kill our edge; the kubelet starts it again."""
    async with _breaking(ground):
        await _kill(ground, "edge")


async def kill_nginx(ground: Machine) -> None:
    """Kill nginx with all its workers."""
    async with _breaking(ground):
        await _kill(ground, "nginx")


async def kill_gate(ground: Machine) -> None:
    """Kill what tells nginx where to: open sockets stay, new ones wait for it."""
    await _kill(ground, "gate")


async def roll_edge(ground: Machine) -> None:
    """Replace the edge: the new one first, then the old one's end."""
    async with _breaking(ground):
        await _replace(ground, "edge", signal.SIGTERM)
    await ground.visit()


async def roll_nginx(ground: Machine) -> None:
    """Replace nginx, which quits as the chart's preStop says and cuts what is still open in the end."""
    async with _breaking(ground):
        await _replace(ground, "nginx", signal.SIGQUIT)
    await ground.visit()


async def _kill(ground: Machine, kind: str) -> None:
    replica = ground.replicas[kind][0]
    await ground.processes.kill(replica)
    await ground.processes.start(replica)
    await ground.visit()
    await ground.visit()  # by the other way


async def _replace(ground: Machine, kind: str, number: signal.Signals) -> None:
    old = ground.replicas[kind][0]
    await ground.add(kind, ground.make(kind))
    ground.hide(kind, old)
    await ground.processes.stop(old, number)


@asynccontextmanager
async def _breaking(ground: Machine) -> AsyncIterator[None]:
    """See that the block breaks sockets, and that their players come back."""
    before = ground.sockets
    yield
    await asyncio.gather(*(player.steady(20.0) for player in ground.players))
    if ground.sockets == before:
        raise Unexpected("no player's socket was broken by it")


FAULTS: tuple[Fault[Machine], ...] = (
    Fault("edge-killed", "kill -9 of the proxy (ours)", kill_edge),
    Fault("nginx-killed", "kill -9 of the proxy (NGINX)", kill_nginx),
    Fault("gate-killed", "kill -9 of the proxy's gate", kill_gate),
    Fault("edge-rollout", "rollout of the proxy (ours)", roll_edge),
    Fault("nginx-rollout", "rollout of the proxy (NGINX)", roll_nginx),
)
