"""How long a session was without a picture or without signalling.

Times are seconds of one clock, passed in. The trap: a silence that goes on is a gap already, and one
that began before the measure does not count from its beginning.
"""

from __future__ import annotations


class Silence:
    """The longest time between two signs of life, the present silence among them."""

    def __init__(self, now: float) -> None:
        self._last = now
        self._longest = 0.0
        self.signs = 0

    def mark(self, now: float) -> None:
        """Begin anew."""
        self._last, self._longest, self.signs = now, 0.0, 0

    def sign(self, now: float) -> None:
        """Note a sign of life."""
        self._longest = max(self._longest, now - self._last)
        self._last = now
        self.signs += 1

    def longest(self, now: float) -> float:
        """The longest silence since `mark`."""
        return max(self._longest, now - self._last)


class Unanswered:
    """The longest time that a question went without an answer."""

    def __init__(self) -> None:
        self._asked: float | None = None
        self._longest = 0.0
        self.answers = 0

    def mark(self) -> None:
        """Begin anew; what was asked before is forgotten."""
        self._asked, self._longest, self.answers = None, 0.0, 0

    def ask(self, now: float) -> None:
        """Note that an answer is wanted; the oldest question counts."""
        if self._asked is None:
            self._asked = now

    def answer(self, now: float) -> None:
        """Note that the other side speaks."""
        self.answers += 1
        if self._asked is not None:
            self._longest = max(self._longest, now - self._asked)
            self._asked = None

    def longest(self, now: float) -> float:
        """The longest wait since `mark`, the present one among them."""
        return max(self._longest, 0.0 if self._asked is None else now - self._asked)
