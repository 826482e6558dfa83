"""Which of the streams with a free seat is taken next.

The trap: streams are grouped by taken seats, and within a group the one that has been free longest
comes first, so that a stream that just lost a player gets its rest.
"""

from __future__ import annotations

from enum import StrEnum


class Choice(StrEnum):
    """`PACKED` fills the fullest stream first, so that others fall empty and can be scaled away."""

    PACKED = "packed"
    SPREAD = "spread"


class Offer:
    """The streams of one fleet that have a free seat; every move is O(1) in their number."""

    def __init__(self, choice: Choice = Choice.PACKED) -> None:
        self._choice = choice
        self._group: dict[str, int] = {}
        self._groups: dict[int, dict[str, None]] = {}

    def __len__(self) -> int:
        return len(self._group)

    def __contains__(self, stream: str) -> bool:
        return stream in self._group

    def put(self, stream: str, used: int) -> None:
        """Offer `stream`, which has `used` seats taken; at the end of its group if that is a new one."""
        if self._group.get(stream) != used:
            self.remove(stream)
            self._group[stream] = used
            self._groups.setdefault(used, {})[stream] = None

    def remove(self, stream: str) -> None:
        """Offer `stream` no more."""
        used = self._group.pop(stream, None)
        if used is not None:
            group = self._groups[used]
            del group[stream]
            if not group:
                del self._groups[used]

    def pick(self, least: int = 0) -> str | None:
        """Return the stream whose seat goes next, None if there is none; it stays offered.

        Args:
            least: seats that must be taken there already.
        """
        groups = [used for used in self._groups if used >= least]
        if not groups:
            return None
        best = max if self._choice is Choice.PACKED else min
        return next(iter(self._groups[best(groups)]))
