"""The proxies on the players' way killed and rolled out: every socket breaks, every player comes back."""

from __future__ import annotations

import signal

from tests.faults.fault import Fault
from tests.faults.machine.ground import Machine


async def kill_edge(ground: Machine) -> None:
    """Kill our edge; the kubelet starts it again."""
    await _kill(ground, "edge")


async def kill_nginx(ground: Machine) -> None:
    """Kill nginx with all its workers."""
    await _kill(ground, "nginx")


async def kill_gate(ground: Machine) -> None:
    """Kill what tells nginx where to: open sockets stay, new ones wait for it."""
    await _kill(ground, "gate")


async def roll_edge(ground: Machine) -> None:
    """Replace the edge: the new one first, then the old one's end."""
    old = ground.replicas["edge"][0]
    await ground.add("edge", ground.make("edge"))
    ground.hide("edge", old)
    await ground.processes.stop(old)
    await ground.visit()


async def roll_nginx(ground: Machine) -> None:
    """Replace nginx, which quits as the chart's preStop says and cuts what is still open in the end."""
    old = ground.replicas["nginx"][0]
    await ground.add("nginx", ground.make("nginx"))
    ground.hide("nginx", old)
    await ground.processes.stop(old, signal.SIGQUIT)
    await ground.visit()


async def _kill(ground: Machine, kind: str) -> None:
    replica = ground.replicas[kind][0]
    await ground.processes.kill(replica)
    await ground.processes.start(replica)
    await ground.visit()
    await ground.visit()  # by the other way


FAULTS: tuple[Fault[Machine], ...] = (
    Fault("edge-killed", "kill -9 of the proxy (ours)", kill_edge),
    Fault("nginx-killed", "kill -9 of the proxy (NGINX)", kill_nginx),
    Fault("gate-killed", "kill -9 of the proxy's gate", kill_gate),
    Fault("edge-rollout", "rollout of the proxy (ours)", roll_edge),
    Fault("nginx-rollout", "rollout of the proxy (NGINX)", roll_nginx),
)
