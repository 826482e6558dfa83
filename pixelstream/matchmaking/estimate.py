"""How long the player at a place in the line will wait, from measured session lengths.

From the lengths of ended sessions and the ages of running ones a life table tells how likely a
session of a given age is to end soon; a forecast ages today's sessions with it, step by step, and
adds up the seats that fall free, those of sessions that begin meanwhile among them. The traps: what
running sessions have lived counts too (else the short ones, which end first, make every estimate
too short), but only what all lived since the measuring began; and with too few measurements the
honest answer is None.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

MIN_LENGTHS = 5
"""Ended sessions below which their lengths say nothing."""
MIN_RELEASES = 3
"""Seats fallen free below which their rate says nothing."""
KEPT = 256
"""Lengths and releases that are remembered: enough to be steady, few enough to follow the day."""
BINS = 48
"""Age groups of the life table."""
STEPS = 192
"""Steps of a forecast; beyond them the last rate goes on."""


MEDIAN = 1 / 3
"""The p-th of many independent events has come with even odds when p - 1/3 are expected (Poisson)."""


@dataclass(slots=True)
class History:
    """What was measured in one fleet.

    Attributes:
        since: when the measuring began, by the room's clock.
        played: when the last sessions ended, and their lengths in seconds.
        releases: when the last seats fell free, whether they had been played on or not.
    """

    since: float
    played: deque[tuple[float, float]] = field(default_factory=deque)
    releases: deque[float] = field(default_factory=lambda: deque(maxlen=KEPT))

    def add(self, now: float, length: float | None) -> None:
        """Remember that a seat fell free, after a session of `length` seconds if one was played."""
        self.releases.append(now)
        if length is not None:
            self.played.append((now, length))
            if len(self.played) > KEPT:
                self.since, _ = self.played.popleft()


@dataclass(frozen=True, slots=True)
class Forecast:
    """When seats fall free.

    Attributes:
        step: seconds between two points of `curve`.
        curve: seats fallen free up to each point, growing, from 0.
        rate: seats a second after its end, 0 if unknown.
    """

    step: float
    curve: Sequence[float]
    rate: float

    def wait(self, position: int) -> float | None:
        """Return the seconds until the player at `position` gets a seat, None if nothing tells."""
        needed = position - MEDIAN
        end = len(self.curve) - 1
        if needed <= self.curve[end]:
            at = bisect_left(self.curve, needed)
            rise = self.curve[at] - self.curve[at - 1]
            return (at - 1 + (needed - self.curve[at - 1]) / rise) * self.step
        return end * self.step + (needed - self.curve[end]) / self.rate if self.rate > 0 else None


def forecast(history: History, ages: Sequence[float], now: float) -> Forecast:
    """Say when seats of a fleet fall free; while players wait, none is free.

    Args:
        history: what was measured.
        ages: seconds that each taken seat has been taken.
        now: by the same clock as the history.
    """
    if len(history.played) < MIN_LENGTHS or not ages:
        return Forecast(1.0, (0.0,), _rate(history.releases, now))
    longest = max(*(length for _, length in history.played), *ages, 1.0)
    step = longest / (BINS - 1)
    alive = [0.0] * BINS
    for age in ages:
        _spread(alive, age / step)
    return _age(alive, _ending_chances(history, ages, step, now), step)


def _rate(releases: Sequence[float], now: float) -> float:
    if len(releases) < MIN_RELEASES or now <= releases[0]:
        return 0.0
    return (len(releases) - 1) / (now - releases[0])


def _spread(alive: list[float], place: float) -> None:
    """Count one session between the two ages that it lies between, so that none is rounded younger."""
    group = int(place)
    alive[group] += 1.0 - (place - group)
    alive[min(group + 1, BINS - 1)] += place - group


def _age(alive: list[float], chance: Sequence[float], step: float) -> Forecast:
    """Let the sessions grow older step by step and add up those that end; each seat begins a new one."""
    curve, total, ended = [0.0], 0.0, 0.0
    for _ in range(STEPS):
        ending = [count * p for count, p in zip(alive, chance, strict=True)]
        ended = sum(ending)
        total += ended
        curve.append(total)
        stay = [count - gone for count, gone in zip(alive, ending, strict=True)]
        # New sessions are half a step old on average; the oldest group has no next one.
        alive = [ended / 2, stay[0] + ended / 2, *stay[1:-2], stay[-2] + stay[-1]]
    return Forecast(step, curve, ended / step)


def _ending_chances(history: History, ages: Sequence[float], step: float, now: float) -> list[float]:
    """Return for each age group how likely a session in it is to end within one step."""
    deaths, exposure = [0.0] * BINS, [0.0] * BINS
    for ended, length in history.played:
        deaths[int(length / step)] += 1.0
        _expose(exposure, max(0.0, history.since - (ended - length)), length, step)
    for age in ages:
        _expose(exposure, max(0.0, history.since - (now - age)), age, step)
    overall = len(history.played) / (sum(exposure) or step)  # all of no length: gone within one step
    # One step at the overall rate is mixed in, so that an age nobody has reached yet isn't for ever.
    hazards = ((d + overall * step) / (e + step) for d, e in zip(deaths, exposure, strict=True))
    return [1.0 - math.exp(-hazard * step) for hazard in hazards]


def _expose(exposure: list[float], begin: float, end: float, step: float) -> None:
    """Add the time that one session lived between the ages `begin` and `end` to its age groups."""
    for group in range(int(begin / step), int(end / step) + 1):
        exposure[group] += max(0.0, min(end, (group + 1) * step) - max(begin, group * step))
