"""A day of two fleets, played in a minute's steps: who comes, waits, plays, and what that costs.

Nothing here is measured; it only moves as a real service does, so that boards can be looked at. The
policy is the simplest that shows what a buffer is for: taken + waiting + 2.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass, field

MINUTE = 60
HOUR = 60 * MINUTE
CANDIDATES = {"host": 28, "srflx": 44, "prflx": 5, "relay": 23}
DROPS = ("no_path", "idle", "idle", "time_up", "stream_lost", "moved")


@dataclass(frozen=True)
class Visit:
    """One player's coming, in seconds; `failed` names why there was no picture."""

    waited: float
    phases: dict[str, float]
    candidate: str
    failed: str | None

    @property
    def first_frame(self) -> float:
        """Time from the seat to the picture."""
        return sum(seconds for phase, seconds in self.phases.items() if phase != "queue")


@dataclass
class Fleet:
    """A fleet on a day: its size and who is there."""

    name: str
    players: float
    minimum: int
    maximum: int
    start: int
    """Minutes that a stream takes to start."""
    price: float
    ready: int = 0
    starting: list[int] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    queue: list[int] = field(default_factory=list)
    released: list[int] = field(default_factory=list)

    @property
    def taken(self) -> int:
        """Seats that are played."""
        return len(self.ends)

    @property
    def wanted(self) -> int:
        """Streams that the policy asks for."""
        return max(self.minimum, min(self.maximum, self.taken + len(self.queue) + 2))

    def minute(self, now: int, chance: random.Random) -> Iterator[Visit]:
        """Play one minute; yields a visit for everybody who was seated in it."""
        left = [end for end in self.ends if end <= now]
        self.ends = [end for end in self.ends if end > now]
        self.released = left
        self.queue += [now] * _poisson(self._rate(now), chance)
        self.ready += sum(end <= now for end in self.starting)
        self.starting = [end for end in self.starting if end > now]
        while self.queue and self.ready > self.taken:
            came = self.queue.pop(0)
            self.ends.append(now + max(2, round(chance.expovariate(1 / 18))))
            yield _visit((now - came) * MINUTE + chance.expovariate(6), chance)
        self._resize(now)

    def _resize(self, now: int) -> None:
        there = self.ready + len(self.starting)
        self.starting += [now + self.start] * max(0, self.wanted - there)
        if self.wanted < there and now % 5 == 0:  # the autoscaler's stabilization window
            self.ready -= min(there - self.wanted, self.ready - self.taken)

    def _rate(self, now: int) -> float:
        """Players who come in a minute: few at night, most in the evening, a rush at half past eight."""
        hour = now / 60 % 24
        day: float = 0.12 + 0.88 * max(0.0, math.sin((hour - 7) / 17 * math.pi)) ** 1.6
        rush = 2.2 if 20.4 < hour < 20.7 else 1.0
        return self.players / 18 * day * rush


def _poisson(mean: float, chance: random.Random) -> int:
    limit, product, count = math.exp(-mean), chance.random(), 0
    while product > limit:
        product *= chance.random()
        count += 1
    return count


def _visit(waited: float, chance: random.Random) -> Visit:
    candidate = chance.choices(list(CANDIDATES), list(CANDIDATES.values()))[0]
    far = {"host": 0.6, "relay": 1.7}.get(candidate, 1.0)
    phases = {
        "queue": waited,
        "seat": chance.lognormvariate(-3.6, 0.5),
        "signalling": chance.lognormvariate(-1.9, 0.4),
        "ice": far * chance.lognormvariate(-1.2, 0.55),
        "frame": chance.lognormvariate(-1.1, 0.45),
    }
    failed = chance.choice(("no_path", "no_path", "relay_unreachable")) if chance.random() < 0.012 else None
    return Visit(waited, phases, candidate, failed)
