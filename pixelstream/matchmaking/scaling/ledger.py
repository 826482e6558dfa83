"""How long the streams of a fleet have existed, by quarter of an hour, for a budget of a day.

Quarters, because every time zone's midnight falls on one: so the zone and the number of GPUs may change
without losing what was counted. The trap: it may move on only with events that every replica sees, since
all must have the same sums; looking at it moves nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

QUARTER = 900.0
"""Seconds."""
KEPT = 26 * 4
"""Quarters; a day on which the clock is put back has 25 hours."""


@dataclass(slots=True)
class Ledger:
    """The time of one fleet's streams.

    Attributes:
        streams: that exist since `at`.
        quarters: seconds of all streams together, by the number of the quarter since 1970.
    """

    at: float
    streams: int = 0
    quarters: dict[int, float] = field(default_factory=dict)

    def count(self, streams: int, now: float) -> None:
        """Note that the fleet has so many streams from now on."""
        begin = max(self.at, now - KEPT * QUARTER)
        while self.streams and begin < now:
            quarter = int(begin // QUARTER)
            end = min(now, (quarter + 1) * QUARTER)
            self.quarters[quarter] = self.quarters.get(quarter, 0.0) + self.streams * (end - begin)
            begin = end
        self.at, self.streams = max(self.at, now), streams
        for quarter in [known for known in self.quarters if known < now // QUARTER - KEPT]:
            del self.quarters[quarter]

    def since(self, begin: float, now: float) -> float:
        """Return the seconds of all streams together from `begin`, the start of a quarter, until now."""
        counted = sum(seconds for quarter, seconds in self.quarters.items() if quarter * QUARTER >= begin)
        return counted + self.streams * max(0.0, now - max(self.at, begin))

    def until(self, now: float) -> dict[int, float]:
        """Return what `quarters` would be now."""
        copy = Ledger(self.at, self.streams, dict(self.quarters))
        copy.count(self.streams, now)
        return copy.quarters

    def restore(self, quarters: Mapping[int, float]) -> None:
        """Take over what another counted of the same streams, where it counted more."""
        for quarter, seconds in sorted(quarters.items()):
            self.quarters[quarter] = max(seconds, self.quarters.get(quarter, 0.0))
