"""Replays visits against a policy: players, streams, Prometheus and the autoscaler on one agenda.

The trap: where in its interval a loop happens to be when players come is chance, so each seed has phases of
its own, and what is compared with reality should be the mean of several.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from functools import partial

from pixelstream.cli.simulator.agenda import Agenda
from pixelstream.cli.simulator.autoscaler import Autoscaler
from pixelstream.cli.simulator.fleet import SimFleet
from pixelstream.cli.simulator.model import Policy, Visit, World
from pixelstream.cli.simulator.outcome import Outcome, Sample
from pixelstream.cli.simulator.streams import BUSY, IDLE, STARTING, Meter

SAMPLES = 240
"""Moments of one run that are kept for the plot."""
AFTER = 7200.0
"""Seconds after the end in which those who still wait may be seated; what it costs isn't counted."""


class _Run:
    def __init__(
        self, visits: Sequence[Visit], policy: Policy, world: World, span: tuple[float, float], seed: int
    ) -> None:
        self.begin, self.end = span
        self.policy, self.world, self.visits = policy, world, visits
        dice = random.Random(seed)  # noqa: S311 - a model, no secret
        first = min(self.begin, visits[0].at) if visits else self.begin
        self.agenda = Agenda(first)
        self.meter = Meter(self.begin, self.end)
        self.fleet = SimFleet(policy, world, self.agenda, self.meter, dice)
        sizing = policy.fleet
        self.scaler = Autoscaler(world.loop, sizing.minimum, sizing.maximum)
        self.seen = 0.0
        self.samples: list[Sample] = []
        self.capped, self.most, self.changes = 0.0, 0, 0
        self._loops(dice)

    def _loops(self, dice: random.Random) -> None:
        loop, agenda = self.world.loop, self.agenda
        if loop.scrape and not loop.keda:
            agenda.every(loop.scrape, agenda.now + dice.uniform(0, loop.scrape), self.read)
        agenda.every(loop.interval, agenda.now + dice.uniform(0, loop.interval), self.decide)
        if loop.keda:
            agenda.every(loop.polling, agenda.now + dice.uniform(0, loop.polling), self.poll)
        agenda.every((self.end - self.begin) / SAMPLES, self.begin, self.sample)
        for number, visit in enumerate(self.visits):
            come = partial(self.fleet.come, counted=visit.at >= self.begin)
            agenda.at(visit.at, partial(come, f"v{number}", visit.seconds))

    def go(self) -> Outcome:
        self.seen = self.fleet.size().wanted
        self.fleet.scale(int(self.seen), at_once=True)
        self.agenda.run(self.end)
        self.meter.run(self.end)
        until = self.end
        while self.fleet.waiting and until < self.end + AFTER:
            until += self.world.loop.interval
            self.agenda.run(until)
        return Outcome(
            policy=self.policy,
            begin=self.begin,
            end=self.end,
            visits=sum(visit.at >= self.begin for visit in self.visits),
            waits=self.fleet.waits,
            gave_up=self.fleet.gave_up,
            seconds=self.meter.seconds,
            capped=self.capped,
            most=self.most,
            changes=self.changes,
            samples=self.samples,
        )

    def read(self) -> None:
        self.seen = self.fleet.size().wanted

    def decide(self) -> None:
        loop = self.world.loop
        if loop.keda or not loop.scrape:
            self.read()
        current = self.fleet.replicas
        self._set(current, self.scaler.decide(self.agenda.now, self.seen, current))

    def poll(self) -> None:
        current = self.fleet.replicas
        self._set(current, self.scaler.poll(self.agenda.now, self.fleet.size().wanted, current))

    def _set(self, current: int, replicas: int) -> None:
        if replicas != current:
            self.changes += self.begin <= self.agenda.now <= self.end
            self.fleet.scale(replicas)

    def sample(self) -> None:
        if self.agenda.now > self.end:
            return
        size, counts = self.fleet.size(), self.meter.counts
        self.capped += size.capped * (self.end - self.begin) / SAMPLES
        self.most = max(self.most, len(self.fleet.streams))
        self.samples.append(
            Sample(
                self.agenda.now,
                counts[BUSY],
                counts[IDLE],
                counts[STARTING],
                self.fleet.waiting,
                size.wanted,
            )
        )


def simulate(
    visits: Sequence[Visit],
    policy: Policy,
    world: World,
    *,
    span: tuple[float, float] | None = None,
    seed: int = 0,
) -> Outcome:
    """Replay visits against a policy.

    Args:
        visits: in the order of their coming; those before the span fill the fleet and are not counted.
        policy: of the fleet that they come to.
        world: how all else behaves.
        span: what is counted, in seconds since 1970; by default from the first visit to an hour after the
            last.
        seed: the same seed makes the same run.
    """
    if span is None:
        span = (visits[0].at, visits[-1].at + 3600.0) if visits else (0.0, 3600.0)
    return _Run(visits, policy, world, span, seed).go()
