"""The arithmetic of a HorizontalPodAutoscaler (autoscaling/v2), and of KEDA at zero; the clock is passed in.

It follows Kubernetes' documented algorithm: desired replicas from an average value with a tolerance, then
stabilization windows, then the policies' limits by period. The trap: both windows look at recommendations,
not at replicas, so a peak of a moment is remembered for the whole window of scaling down.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from pixelstream.cli.simulator.model import Loop
from pixelstream.settings.values.kubernetes import ScalingPolicy, ScalingRules

UP_DEFAULT = ScalingRules(
    stabilization_window_seconds=0,
    policies=(
        ScalingPolicy(type="Pods", value=4, period_seconds=15),
        ScalingPolicy(type="Percent", value=100, period_seconds=15),
    ),
)
DOWN_DEFAULT = ScalingRules(
    stabilization_window_seconds=300,
    policies=(ScalingPolicy(type="Percent", value=100, period_seconds=15),),
)
LONGEST_PERIOD = 1800.0
"""Seconds; no policy's period is longer."""


@dataclass(slots=True)
class Autoscaler:
    """One autoscaler.

    Attributes:
        loop: its settings.
        minimum, maximum: of replicas.
    """

    loop: Loop
    minimum: int
    maximum: int
    _advised: list[tuple[float, int]] = field(default_factory=list)
    _changes: list[tuple[float, int]] = field(default_factory=list)
    _needed: float = -math.inf

    def decide(self, now: float, value: float, current: int) -> int:
        """Return the replicas from now on.

        Args:
            now: seconds.
            value: of the metric, whose target is an average of 1.
            current: replicas so far.
        """
        if self.loop.keda and current == 0:
            return 0  # KEDA's own loop sees to it
        lowest = max(1, self.minimum) if self.loop.keda else self.minimum
        desired = self._steady(now, self._desired(value, current), current)
        if desired > current:
            desired = min(desired, self.maximum, self._most(now, current))
        elif desired < current:
            desired = max(desired, self._least(now, current))
        return self._changed(now, current, max(lowest, min(desired, self.maximum)))

    def poll(self, now: float, value: float, current: int) -> int:
        """Return the replicas that KEDA's loop sets: it takes the fleet from zero and back."""
        if not self.loop.keda:
            return current
        if value > 0:
            self._needed = now
            return self._changed(now, current, max(1, self.minimum, current))
        if self.minimum == 0 and now - self._needed >= self.loop.cooldown:
            return self._changed(now, current, 0)
        return current

    def _changed(self, now: float, current: int, desired: int) -> int:
        if desired != current:
            self._changes = [one for one in self._changes if one[0] > now - LONGEST_PERIOD]
            self._changes.append((now, desired - current))
        return desired

    def _desired(self, value: float, current: int) -> int:
        if current == 0:
            return math.ceil(value)
        ratio = value / current
        within = 1 - self._tolerance(self._down) <= ratio <= 1 + self._tolerance(self._up)
        return current if within else math.ceil(value)

    def _steady(self, now: float, desired: int, current: int) -> int:
        """Take the lowest advice of the window upwards, the highest of the one downwards."""
        longest = max(self._window(self._up, UP_DEFAULT), self._window(self._down, DOWN_DEFAULT))
        self._advised = [one for one in self._advised if one[0] > now - longest]
        least, most = (
            pick([desired, *(advice for at, advice in self._advised if at > now - window)])
            for pick, window in (
                (min, self._window(self._up, UP_DEFAULT)),
                (max, self._window(self._down, DOWN_DEFAULT)),
            )
        )
        self._advised.append((now, desired))
        return min(max(current, least), most)

    def _most(self, now: float, current: int) -> int:
        def limit(policy: ScalingPolicy, start: int) -> int:
            if policy.type == "Pods":
                return start + policy.value
            return math.ceil(start * (1 + policy.value / 100))

        return max(current, self._limit(now, current, (self._up, UP_DEFAULT), limit, (max, min)))

    def _least(self, now: float, current: int) -> int:
        def limit(policy: ScalingPolicy, start: int) -> int:
            if policy.type == "Pods":
                return start - policy.value
            return int(start * (1 - policy.value / 100))

        return min(current, self._limit(now, current, (self._down, DOWN_DEFAULT), limit, (min, max)))

    def _limit(
        self,
        now: float,
        current: int,
        rules: tuple[ScalingRules | None, ScalingRules],
        limit: Callable[[ScalingPolicy, int], int],
        picks: tuple[Callable[[Sequence[int]], int], Callable[[Sequence[int]], int]],
    ) -> int:
        """Return the bound of all policies; each looks at what there was when its period began."""
        own, default = rules
        chosen = (own.select_policy if own else None) or "Max"
        if chosen == "Disabled":
            return current
        policies = (own.policies if own else None) or default.policies or ()
        limits = [limit(one, current - self._since(now - one.period_seconds)) for one in policies]
        return picks[0](limits) if chosen == "Max" else picks[1](limits)

    def _since(self, begin: float) -> int:
        return sum(change for at, change in self._changes if at > begin)

    @property
    def _up(self) -> ScalingRules | None:
        return self.loop.behavior.scale_up

    @property
    def _down(self) -> ScalingRules | None:
        return self.loop.behavior.scale_down

    def _tolerance(self, rules: ScalingRules | None) -> float:
        own = rules.tolerance if rules else None
        return self.loop.tolerance if own is None else float(own)

    @staticmethod
    def _window(rules: ScalingRules | None, default: ScalingRules) -> float:
        own = rules.stabilization_window_seconds if rules else None
        return float(default.stabilization_window_seconds or 0 if own is None else own)
