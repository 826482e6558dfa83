"""The waiting line of one fleet: order of coming, ranks in O(log n), and a way back to one's place.

A sorted list: to insert or take out moves pointers, which at 10,000 players takes microseconds. The trap:
whoever steps out for a match keeps the place, so that a match that fails costs nobody one; the line's
length counts these too, and its bound holds when they step back in.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterator

_Key = tuple[float, int, str]


class Line:
    """Sessions in the order of their coming."""

    def __init__(self) -> None:
        self._keys: dict[str, _Key] = {}
        self._standing: list[_Key] = []
        self._count = 0

    def __len__(self) -> int:
        """Return how many have a place, stepped out or not."""
        return len(self._keys)

    def __contains__(self, name: str) -> bool:
        return name in self._keys

    def __iter__(self) -> Iterator[str]:
        """Go through those who stand in the line, first to last."""
        return (name for _, _, name in self._standing)

    @property
    def waiting(self) -> int:
        """How many stand in the line, those who stepped out for a match not counted."""
        return len(self._standing)

    def add(self, name: str, order: float) -> None:
        """Let `name` stand behind all of a lower or the same `order`, wherever it stood before."""
        self.drop(name)
        self._count += 1
        key = self._keys[name] = (order, self._count, name)
        insort(self._standing, key)

    def step_out(self, name: str) -> None:
        """Take `name` out, its place kept."""
        key = self._keys[name]
        at = bisect_left(self._standing, key)
        if self._is_at(at, key):
            del self._standing[at]

    def step_in(self, name: str) -> None:
        """Let `name` stand at its old place again."""
        key = self._keys[name]
        at = bisect_left(self._standing, key)
        if not self._is_at(at, key):
            self._standing.insert(at, key)

    def drop(self, name: str) -> None:
        """Give up the place of `name`, if it has one."""
        if name in self._keys:
            self.step_out(name)
            del self._keys[name]

    def head(self) -> str | None:
        """Return who is first."""
        return self._standing[0][2] if self._standing else None

    def position(self, name: str) -> int:
        """Return the place of `name`, 1 for the first; one who stepped out is counted where it was."""
        return bisect_left(self._standing, self._keys[name]) + 1

    def _is_at(self, at: int, key: _Key) -> bool:
        return at < len(self._standing) and self._standing[at] is key
