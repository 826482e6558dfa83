"""What a simulation is given: visits, a policy, and how the world around the matchmaker behaves.

The traps: a start is counted from the autoscaler's decision until players can be sent there, so it holds the
scheduler, the image and the engine; and times are seconds since 1970, since policies go by the time of day.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from pixelstream.settings.fleets import FleetSettings
from pixelstream.settings.values.kubernetes import Behavior, ScalingPolicy, ScalingRules

P95 = 1.6449
"""Standard deviations below which 95 % of a normal distribution lie."""


CHART_BEHAVIOR = Behavior(
    scale_up=ScalingRules(
        stabilization_window_seconds=0,
        policies=(
            ScalingPolicy(type="Pods", value=10, period_seconds=15),
            ScalingPolicy(type="Percent", value=100, period_seconds=15),
        ),
    ),
    scale_down=ScalingRules(stabilization_window_seconds=60),
)
"""The streamer chart's default."""


class Visit(NamedTuple):
    """One player: when it comes, and how long it plays once it is seated."""

    at: float
    seconds: float


@dataclass(frozen=True, slots=True)
class Spread:
    """Times that are measured by their median and 95th percentile (log-normal), or one by one.

    Attributes:
        measured: if given, times are drawn from these alone.
    """

    median: float
    p95: float = 0.0
    measured: Sequence[float] = ()

    def draw(self, dice: random.Random) -> float:
        """Return one time."""
        if self.measured:
            return dice.choice(self.measured)
        if self.p95 <= self.median or self.median <= 0:
            return self.median
        return dice.lognormvariate(math.log(self.median), math.log(self.p95 / self.median) / P95)


@dataclass(frozen=True, slots=True)
class Nodes:
    """The machines under the streams.

    Attributes:
        streams: that one carries.
        warm: those that are always there.
        start: how long a further one takes to come.
        idle: seconds after which an empty one goes.
    """

    streams: int
    warm: int = 0
    start: Spread = field(default_factory=lambda: Spread(180.0, 300.0))
    idle: float = 600.0


@dataclass(frozen=True, slots=True)
class Loop:
    """The autoscaler and what it reads.

    Attributes:
        keda: KEDA asks the matchmaker itself, and takes the fleet from and to zero.
        interval: seconds between two decisions.
        scrape: seconds between two readings of the metric by Prometheus; 0 reads it when it is needed.
        tolerance: of differences, where `behavior` names none.
        behavior: as in autoscaling/v2.
        polling, cooldown: of KEDA, at zero.
    """

    keda: bool = False
    interval: float = 15.0
    scrape: float = 15.0
    tolerance: float = 0.0
    behavior: Behavior = CHART_BEHAVIOR
    polling: float = 5.0
    cooldown: float = 60.0


@dataclass(frozen=True, slots=True)
class World:
    """How everything but the policy behaves.

    Attributes:
        start: of a stream, once its node is there.
        stop: of a stream, from being told to end, once it has no players.
        nodes: None if there is always room.
        patience: how long players wait before they give up; None is for ever.
        join: seconds from a match until its player is on the seat.
        seats: of one stream.
    """

    start: Spread = field(default_factory=lambda: Spread(45.0, 90.0))
    stop: Spread = field(default_factory=lambda: Spread(0.0))
    nodes: Nodes | None = None
    patience: Spread | None = field(default_factory=lambda: Spread(120.0, 600.0))
    loop: Loop = field(default_factory=Loop)
    join: float = 1.0
    seats: int = 1


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy and what it is called in tables."""

    title: str
    fleet: FleetSettings
