"""How long streams take to start, measured, for those who wait for one that is starting.

The trap: a matchmaker that has just begun sees old streams for the first time; only one that was seen
before it was ready tells how long a start takes.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median

KEPT = 32
"""Starts that are remembered."""


@dataclass(slots=True)
class Starts:
    """The last starts of one fleet's streams, in seconds."""

    took: deque[float] = field(default_factory=lambda: deque(maxlen=KEPT))

    def add(self, seconds: float) -> None:
        """Remember that a stream was ready so long after it was first seen."""
        self.took.append(seconds)

    def wait(self, position: int, begun: Sequence[float], now: float) -> float | None:
        """Return the seconds until the stream for the player at `position` is ready, None if nothing tells.

        Args:
            position: in the line, 1 for the first.
            begun: when each of the streams that are starting was first seen, the earliest first.
            now: by the same clock.
        """
        if not self.took or position > len(begun):
            return None
        return max(0.0, begun[position - 1] + median(self.took) - now)
