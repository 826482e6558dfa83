"""What came of a simulation, in the figures that people decide by.

The trap: who gave up has waited too, so waits are told of those who were seated and those who were not.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from pixelstream.cli.simulator.model import Policy

HOUR = 3600.0


@dataclass(frozen=True, slots=True)
class Sample:
    """How it was at one moment; streams by phase, players in the line, streams wanted."""

    at: float
    busy: int
    idle: int
    starting: int
    waiting: int
    wanted: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """One policy's run.

    Attributes:
        begin, end: of what was counted; seconds since 1970.
        visits: players who came.
        waits: seconds that those waited who were seated, in order of their seating.
        gave_up: seconds that those waited who were not.
        seconds: of streams, by phase; `spare` are places of nodes without a stream.
        capped: seconds in which the budget held back streams.
        most: streams at one time.
        changes: of the number of replicas.
    """

    policy: Policy
    begin: float
    end: float
    visits: int
    waits: Sequence[float]
    gave_up: Sequence[float]
    seconds: dict[str, float]
    capped: float
    most: int
    changes: int
    samples: Sequence[Sample]

    def wait(self, share: float) -> float:
        """Return the wait that a share of all players was within, 0 for none."""
        waits = sorted([*self.waits, *self.gave_up])
        return waits[max(0, math.ceil(share * len(waits)) - 1)] if waits else 0.0

    @property
    def mean_wait(self) -> float:
        """Seconds."""
        waits = [*self.waits, *self.gave_up]
        return sum(waits) / len(waits) if waits else 0.0

    @property
    def abandoned(self) -> float:
        """Share of players who gave up."""
        return len(self.gave_up) / self.visits if self.visits else 0.0

    def hours(self, *phases: str) -> float:
        """Return the GPU-hours of some phases, of all without any."""
        counted = phases or tuple(self.seconds)
        return sum(self.seconds[phase] for phase in counted) * self.policy.fleet.gpus / HOUR

    @property
    def cost(self) -> float:
        """What all GPU-hours cost."""
        return self.hours() * self.policy.fleet.price_per_gpu_hour

    def keeps(self, goal: float, abandoned: float) -> bool:
        """Tell whether 95 % of the waits are within `goal` and no more than a share of players gave up."""
        return self.wait(0.95) <= goal and self.abandoned <= abandoned


def best(outcomes: Sequence[Outcome], goal: float, abandoned: float) -> Outcome:
    """Return the cheapest that keeps 95 % of the waits within `goal`, or the one that comes nearest to it."""
    good = [one for one in outcomes if one.keeps(goal, abandoned)]
    if good:
        return min(good, key=lambda one: (one.hours(), one.wait(0.95)))
    return min(outcomes, key=lambda one: (one.abandoned > abandoned, one.wait(0.95), one.hours()))
