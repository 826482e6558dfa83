"""What one replica holds: its players, its links, its view of the streams; and how all that is written.

A replica that enters a shared room says all of it at once, so whatever was lost before costs nothing.
The trap: these bytes are read by other versions of this code during a rollout; a change of meaning
needs another `LAW`, which keeps the versions in rooms of their own.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from pydantic import TypeAdapter

from pixelstream.matchmaking.books import Rules
from pixelstream.matchmaking.model import Known, Visit
from pixelstream.protocol.control import State

LAW = 2
"""Number of the rules by which events become a state; every replica of one room must have the same."""


@dataclass(slots=True)
class Holding:
    """All that a replica says when it enters.

    Attributes:
        rules: what its settings decide; those of the last to enter count.
        presence: seconds of silence after which it counts as dead.
        streams: what its discovery tells.
        visits: its players that wait, or are on their way to a seat.
        links: the last state of each of its control links, by the replica's own number.
        since: when each of them said its first.
        spent: how long the streams of each fleet existed, by quarter of an hour, as an earlier room knew.
    """

    rules: Rules
    presence: float
    streams: dict[str, Known] = field(default_factory=dict)
    visits: dict[str, Visit] = field(default_factory=dict)
    links: dict[int, State] = field(default_factory=dict)
    since: dict[int, float] = field(default_factory=dict)
    spent: dict[str, dict[int, float]] = field(default_factory=dict)


_holding = TypeAdapter(Holding)
_rules = TypeAdapter(Rules)
_streams = TypeAdapter(dict[str, Known])
_visit = TypeAdapter(Visit)


def write_holding(holding: Holding) -> Any:
    """Return plain data for JSON."""
    return _holding.dump_python(holding, mode="json")


def read_holding(data: Any) -> Holding:
    """Return what `write_holding` was given."""
    return _holding.validate_python(data)


def write_rules(rules: Rules) -> Any:
    """Return plain data for JSON."""
    return _rules.dump_python(rules, mode="json")


def read_rules(data: Any) -> Rules:
    """Return what `write_rules` was given."""
    return _rules.validate_python(data)


def write_streams(streams: dict[str, Known]) -> Any:
    """Return plain data for JSON."""
    return _streams.dump_python(streams, mode="json")


def read_streams(data: Any) -> dict[str, Known]:
    """Return what `write_streams` was given."""
    return _streams.validate_python(data)


def write_visit(visit: Visit) -> Any:
    """Return plain data for JSON."""
    return _visit.dump_python(visit, mode="json")


def read_visit(data: Any) -> Visit:
    """Return what `write_visit` was given."""
    return _visit.validate_python(data)
