"""Deadlines by key: set, move and drop in O(log n), due ones in order.

The trap: the heap keeps entries of deadlines that were moved or dropped; the table says which count,
and the heap is rebuilt when most of it is stale.
"""

from __future__ import annotations

import heapq
from collections.abc import Hashable, Iterator
from typing import Generic, TypeVar

_K = TypeVar("_K", bound=Hashable)

SLACK = 64
"""Stale heap entries that are never worth a rebuild."""


class Deadlines(Generic[_K]):
    """At most one deadline for each key."""

    def __init__(self) -> None:
        self._when: dict[_K, float] = {}
        self._heap: list[tuple[float, int, _K]] = []
        self._count = 0

    def __len__(self) -> int:
        return len(self._when)

    def set(self, key: _K, when: float) -> None:
        """Give `key` the deadline `when` in place of the one it has."""
        self._when[key] = when
        self._count += 1  # keys need no order of their own
        heapq.heappush(self._heap, (when, self._count, key))
        if len(self._heap) > 2 * len(self._when) + SLACK:
            self._rebuild()

    def drop(self, key: _K) -> None:
        """Forget the deadline of `key`, if it has one."""
        self._when.pop(key, None)

    def next(self) -> float | None:
        """Return the earliest deadline."""
        while self._heap and self._when.get(self._heap[0][2]) != self._heap[0][0]:
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def due(self, now: float) -> Iterator[_K]:
        """Take the keys whose deadline is over, earliest first; new ones may be set meanwhile."""
        while (first := self.next()) is not None and first <= now:
            key = heapq.heappop(self._heap)[2]
            del self._when[key]
            yield key

    def _rebuild(self) -> None:
        self._heap = [(when, n, key) for n, (key, when) in enumerate(self._when.items())]
        heapq.heapify(self._heap)
