"""The waiting line of one fleet: order of arrival, ranks in O(log n), and a way back to one's place.

A binary indexed tree over slots. The trap: whoever steps out for a match keeps the slot, so that a
match that fails costs nobody a place; the line's length counts these too, and its bound holds when
they step back in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

MIN_SLOTS = 64


class Line:
    """Sessions in the order of their arrival."""

    def __init__(self) -> None:
        self._slot: dict[str, int] = {}
        self._names: list[str] = []
        self._standing = bytearray()
        self._tree: list[int] = [0]
        self.waiting = 0
        """How many stand in the line, those who stepped out for a match not counted."""

    def __len__(self) -> int:
        """Return how many have a place, stepped out or not."""
        return len(self._slot)

    def __contains__(self, name: str) -> bool:
        return name in self._slot

    def __iter__(self) -> Iterator[str]:
        """Go through those who stand in the line, first to last."""
        return (name for name, stands in zip(self._names, self._standing, strict=False) if stands)

    def append(self, name: str) -> None:
        """Let `name` stand at the end."""
        if len(self._names) == len(self._standing):
            self._renumber()
        slot = len(self._names)
        self._names.append(name)
        self._slot[name] = slot
        self._count(slot, 1)

    def step_out(self, name: str) -> None:
        """Take `name` out, its place kept."""
        slot = self._slot[name]
        if self._standing[slot]:
            self._count(slot, -1)

    def step_in(self, name: str) -> None:
        """Let `name` stand at its old place again."""
        slot = self._slot[name]
        if not self._standing[slot]:
            self._count(slot, 1)

    def drop(self, name: str) -> None:
        """Give up the place of `name`, if it has one."""
        slot = self._slot.pop(name, None)
        if slot is not None and self._standing[slot]:
            self._count(slot, -1)

    def arrange(self, key: Callable[[str], float]) -> None:
        """Put all places in the order of `key`; O(n log n)."""
        standing = {name: bool(self._standing[slot]) for name, slot in self._slot.items()}
        self._slot, self._names, self._standing = {}, [], bytearray()
        self._tree, self.waiting = [0], 0
        for name in sorted(standing, key=key):
            self.append(name)
            if not standing[name]:
                self.step_out(name)

    def head(self) -> str | None:
        """Return who is first."""
        if not self.waiting:
            return None
        slot, step = 0, len(self._standing)
        while step:  # descend to the last slot that has nobody standing up to it
            if slot + step < len(self._tree) and self._tree[slot + step] == 0:
                slot += step
            step >>= 1
        return self._names[slot]

    def position(self, name: str) -> int:
        """Return the place of `name`, 1 for the first; one who stepped out is counted where it was."""
        slot = self._slot[name]
        ahead = 0
        while slot:
            ahead += self._tree[slot]
            slot &= slot - 1
        return ahead + 1

    def _count(self, slot: int, change: int) -> None:
        self._standing[slot] = change > 0
        self.waiting += change
        slot += 1
        while slot < len(self._tree):
            self._tree[slot] += change
            slot += slot & -slot

    def _renumber(self) -> None:
        """Close the gaps and make room for as many again: a power of two of slots."""
        places = [(name, self._standing[slot]) for name, slot in self._slot.items()]  # in slot order
        slots = MIN_SLOTS
        while slots < 2 * len(places):
            slots *= 2
        self._names = [name for name, _ in places]
        self._slot = {name: slot for slot, name in enumerate(self._names)}
        self._standing = bytearray(stands for _, stands in places).ljust(slots, b"\0")
        self._tree = [0, *self._standing]
        for node in range(1, slots + 1):
            parent = node + (node & -node)
            if parent <= slots:
                self._tree[parent] += self._tree[node]
