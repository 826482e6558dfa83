"""A clock that jumps from one thing to do to the next."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from itertools import count


class Agenda:
    """What is to be done when; of things at the same time, what was put first.

    Attributes:
        now: seconds since 1970.
    """

    def __init__(self, now: float) -> None:
        self.now = now
        self._heap: list[tuple[float, int, Callable[[], None]]] = []
        self._order = count()

    def at(self, when: float, do: Callable[[], None]) -> None:
        """Do something at a time."""
        heapq.heappush(self._heap, (when, next(self._order), do))

    def after(self, seconds: float, do: Callable[[], None]) -> None:
        """Do something so much later."""
        self.at(self.now + seconds, do)

    def every(self, seconds: float, first: float, do: Callable[[], None]) -> None:
        """Do something at `first` and then again and again."""

        def turn() -> None:
            do()
            self.after(seconds, turn)

        self.at(first, turn)

    def run(self, until: float) -> None:
        """Do all that is to be done up to a time; the clock then stands at it."""
        while self._heap and self._heap[0][0] <= until:
            self.now, _, do = heapq.heappop(self._heap)
            do()
        self.now = until
