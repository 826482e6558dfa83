"""Streams and nodes of a simulated fleet: how they start, what they cost, and which one goes first.

The trap: which pod a shrinking fleet loses is the ReplicaSet's choice, so its order is followed here: those
that aren't ready, then the lowest deletion cost (none before some players), then the youngest.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

STARTING, IDLE, BUSY = "starting", "idle", "busy"
SPARE = "spare"
"""Places of nodes that carry no stream, and of those that are coming."""


@dataclass(slots=True, eq=False)
class SimStream:
    """One stream.

    Attributes:
        number: its link, and its place in the order of their making.
        players: sessions on its seats, with their fences.
        node: that carries it; None while it waits for one.
        ready: its streamer is attached.
        draining: it was told to end, and stays for its players.
        counted: the phase that it is counted to; None while it has no GPU.
    """

    number: int
    players: dict[str, int] = field(default_factory=dict)
    node: Node | None = None
    ready: bool = False
    draining: bool = False
    seq: int = 0
    counted: str | None = None

    @property
    def name(self) -> str:
        """Its id."""
        return f"s{self.number}"

    @property
    def phase(self) -> str | None:
        """What its GPU does; None if it has none yet."""
        if self.node is None or not self.node.ready:
            return None
        if not self.ready:
            return STARTING
        return BUSY if self.players else IDLE


@dataclass(slots=True, eq=False)
class Node:
    """One machine.

    Attributes:
        warm: it is never given back.
        ready: streams can start on it.
        streams: on it, or that will be as soon as it is ready.
        emptied: how often it fell empty, so that a word on an earlier time is known for one.
    """

    warm: bool
    ready: bool = False
    streams: list[SimStream] = field(default_factory=list)
    emptied: int = 0


def going(streams: Iterable[SimStream], count: int) -> list[SimStream]:
    """Return those that a fleet which is too large by `count` loses."""
    order = sorted(streams, key=lambda one: (one.ready, len(one.players), -one.number))
    return order[:count]


class Meter:
    """Adds up the time that GPUs spend in each phase, up to `end`.

    Attributes:
        seconds: by phase.
        counts: streams, or places of nodes, that are in each phase now.
    """

    def __init__(self, begin: float, end: float) -> None:
        self._at, self._end = begin, end
        self.seconds = dict.fromkeys((STARTING, IDLE, BUSY, SPARE), 0.0)
        self.counts = dict.fromkeys(self.seconds, 0)

    def change(self, now: float, phase: str, count: int) -> None:
        """Note that so many more are in a phase from now on."""
        self.run(now)
        self.counts[phase] += count

    def run(self, now: float) -> None:
        """Add up until now."""
        passed = min(now, self._end) - self._at
        if passed > 0:
            self._at += passed
            for phase, count in self.counts.items():
                self.seconds[phase] += passed * count
