"""What a load cost the server: CPU time before and after, and how much was done meanwhile.

The trap: the kernel tells CPU time in hundredths of a second, so what is to be good to a percent must
take a second of it in all.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple


class Spent(NamedTuple):
    """Seconds of CPU time that a process has used: its own code's, and the kernel's on its behalf."""

    user: float
    system: float


Clock = Callable[[], Spent]
"""Reads what the server's process has spent so far."""


@dataclass(frozen=True)
class Cost:
    """What was measured.

    Attributes:
        count: messages, visits or answers.
        spent: CPU time of the server's process.
        seconds: how long it took.
    """

    count: int
    spent: Spent
    seconds: float

    @property
    def micros(self) -> float:
        """Microseconds of CPU time for each."""
        return sum(self.spent) / self.count * 1e6

    @property
    def user_micros(self) -> float:
        """Microseconds of CPU time for each that the kernel had no part in."""
        return self.spent.user / self.count * 1e6

    @property
    def rate(self) -> float:
        """How many in a second."""
        return self.count / self.seconds


class Measurement:
    """From its making to `end`, on the running event loop.

    Args:
        clock: of the server.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._time = asyncio.get_running_loop().time
        self._spent, self._begun = clock(), self._time()

    def end(self, count: int) -> Cost:
        """Say what `count` of something cost."""
        spent, seconds = self._clock(), self._time() - self._begun
        return Cost(count, Spent(spent.user - self._spent.user, spent.system - self._spent.system), seconds)
