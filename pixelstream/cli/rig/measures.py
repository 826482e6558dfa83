"""What is measured, in which order, and how often.

The trap: a busy machine slows whoever runs at that moment, so ours and the bare relay take turns within
each round, and what counts is the median over the rounds' ratios. Memory comes first and on fresh
processes: one that has served a load has free memory in it that hides what players take.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

from pixelstream.cli.rig.meter import KIB, MIB, one_cpu
from pixelstream.cli.rig.servers import Backends, Matchmaker, Rig, Tested, versions
from pixelstream.synthetic.bench import (
    asking,
    idling,
    relaying,
    returning,
    seating,
    stage,
    traffic,
    visiting,
)
from pixelstream.synthetic.bench.cost import Cost
from pixelstream.synthetic.bench.relaying import RelayLoad
from pixelstream.synthetic.bench.returning import Times
from pixelstream.synthetic.bench.seating import Seats

SETTLE = 1.0
"""Seconds after its start in which a server is left alone before its memory is read."""

Say = Callable[[str], None]
Pair = dict[str, float]
"""A figure of ours and, unless it is missing, of the bare relay."""
Round = dict[str, Cost]
"""One round's costs of ours and of the bare relay."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How much is measured; the defaults take about two minutes.

    Attributes:
        rounds: turns of each server in each relay measurement.
        seconds: length of one turn; seats and answers take four times as long.
        players: players of the relay measurement.
        idle: idle players.
        visits: visits of one turn.
        visit_rounds: turns of each server in visits.
        waiting: players in line while seats are given.
        warm: players who come one after another to a free seat, and as many who come back after a cut.
    """

    rounds: int = 16
    seconds: float = 0.7
    players: int = 50
    idle: int = 2000
    visits: int = 1500
    visit_rounds: int = 3
    waiting: int = 10_000
    warm: int = 100


@dataclass
class Figures:
    """All that was measured: MiB, KiB, and costs by round; `versions` are those of the runtimes."""

    versions: dict[str, str] = field(default_factory=dict)
    base: Pair = field(default_factory=dict)
    idle: Pair = field(default_factory=dict)
    visits: list[Round] = field(default_factory=list)
    small: list[Round] = field(default_factory=list)
    large: list[Round] = field(default_factory=list)
    seats: Seats | None = None
    shared_seats: Seats | None = None
    assigned: Times | None = None
    shared_assigned: Times | None = None
    returned: Times | None = None
    answers: Cost | None = None


async def measure(plan: Plan, directory: Path, say: Say) -> Figures:
    """Measure everything.

    Args:
        plan: how much.
        directory: for settings, keys and logs of the servers.
        say: told what is being measured.

    Raises:
        StackError: a server did not start.
        BenchError: a server did not do what it must.
    """
    figures, rig = Figures(versions=await versions()), Rig(directory)
    async with rig.backends() as backends:
        async with rig.pair(backends) as pair:
            await _memory(figures, plan, pair, say)
        with one_cpu():
            async with rig.pair(backends) as pair:
                await _visits(figures, plan, pair, say)
                say("messages of 280 B")
                figures.small = await _relay(plan, pair, traffic.candidate(), "iceCandidate")
                say("messages of 5 KB")
                figures.large = await _relay(plan, pair, traffic.answer(), "offer")
        await _backends(figures, plan, rig, backends, say)
    return figures


async def _memory(figures: Figures, plan: Plan, pair: dict[str, Tested], say: Say) -> None:
    say("memory at rest")
    await asyncio.sleep(SETTLE)
    figures.base = {name: server.meter.rss() / MIB for name, server in pair.items()}
    for name, server in pair.items():
        say(f"memory of idle players ({name})")
        figures.idle[name] = await idling.measure(server.address, plan.idle, server.meter.rss) / KIB


async def _visits(figures: Figures, plan: Plan, pair: dict[str, Tested], say: Say) -> None:
    say("set-up of players")
    for _ in range(plan.visit_rounds):
        costs = {}
        for name, server in pair.items():
            costs[name] = await visiting.measure(server.address, plan.visits, server.meter.cpu)
        figures.visits.append(costs)


async def _relay(plan: Plan, pair: dict[str, Tested], message: bytes, kind: str) -> list[Round]:
    rounds: list[Round] = []
    async with AsyncExitStack() as stack:
        loads = {}
        for name, server in pair.items():
            staged = await stack.enter_async_context(stage.staged(server.address))
            await staged.admit(plan.players)
            await relaying.check(staged, message, kind)
            loads[name] = RelayLoad(staged, message, kind)
        for _ in range(plan.rounds):
            costs = {}
            for name, load in loads.items():
                costs[name] = await load.measure(plan.seconds, pair[name].meter.cpu)
            rounds.append(costs)
    return rounds


async def _assigned(matchmaker: Matchmaker, key: str, plan: Plan) -> Times:
    return await returning.assignments(matchmaker.url, key, matchmaker.streams, plan.warm)


async def _seats(matchmaker: Matchmaker, key: str, plan: Plan) -> Seats:
    return await seating.measure(
        matchmaker.url,
        key,
        matchmaker.streams,
        waiting=plan.waiting,
        seconds=4 * plan.seconds,
        cpu=matchmaker.meter.cpu,
    )


async def _backends(figures: Figures, plan: Plan, rig: Rig, backends: Backends, say: Say) -> None:
    key = backends.keys.control
    say("the way to a free seat, and back after a cut")
    figures.returned = await returning.returns(backends.matchmaker.url, plan.warm)
    figures.assigned = await _assigned(backends.matchmaker, key, plan)
    say(f"seats while {plan.waiting:,} wait")
    figures.seats = await _seats(backends.matchmaker, key, plan)
    async with rig.sharing(backends.keys) as shared:
        if shared is not None:
            say("the same on a shared store")
            figures.shared_assigned = await _assigned(shared, key, plan)
            figures.shared_seats = await _seats(shared, key, plan)
    say("answers of turn-api")
    figures.answers = await asking.measure(
        backends.turn_api, backends.keys.control, 4 * plan.seconds, backends.turn_api_meter.cpu
    )
