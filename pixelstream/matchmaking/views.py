"""What may be shown of the books: plain copies, which nobody can change them through."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from pixelstream.matchmaking.model import ReleaseReason, SessionState, Supply
from pixelstream.matchmaking.scaling.policy import Size


class Place(NamedTuple):
    """Where a session stands.

    Attributes:
        position: place in the line, 1 for the first; None for one that doesn't wait.
        estimate: seconds that it will still wait; None if nothing tells.
        waited: seconds since it came.
        capacity: seats that its fleet has now, taken or not.
        fence: that of its seat, if it has one.
        reason: why it was released.
        joined: when it came, by the clock of the room.
        supply: what it waits for, if it waits.
    """

    session: str
    fleet: str
    state: SessionState
    position: int | None
    estimate: float | None
    waited: float
    capacity: int
    stream: str | None
    fence: int
    user: str | None
    reason: ReleaseReason | None
    joined: float = 0.0
    supply: Supply = Supply.TAKEN


class SeatView(NamedTuple):
    """One session of a stream."""

    session: str
    state: SessionState
    seconds: float


@dataclass(frozen=True, slots=True)
class StreamView:
    """One stream, for lists.

    Attributes:
        state: `free`, `reserved`, `taken`, `away`, or why no player can be sent there: `draining`,
            `not_ready`, `unlinked` (its control link is broken), `unlisted` (no address), `resting`.
        pending: seats that were asked for and aren't reported yet.
        silent: seconds since its last state; None before the first.
    """

    id: str
    fleet: str
    state: str
    seats: int
    taken: int
    pending: int
    ready: bool
    draining: bool
    linked: bool
    engine: str
    version: str
    silent: float | None
    sessions: Sequence[SeatView]


@dataclass(frozen=True, slots=True)
class FleetView:
    """One fleet, for lists and metrics.

    Attributes:
        available: streams with a free seat.
        idle: those of them with no player at all.
        ready: streams that are linked, have a streamer and don't drain.
        size: streams that the fleet should have, and why.
        estimate: seconds that a player who came now would wait.
        supply: what those wait for who wait.
    """

    name: str
    streams: int
    ready: int
    available: int
    idle: int
    taken: int
    seats: int
    waiting: int
    size: Size
    estimate: float | None
    supply: Supply


@dataclass(frozen=True, slots=True)
class Sharing:
    """How this replica stands to the others.

    Attributes:
        up: whether the store can be used now; without it nobody is matched, and nobody is forgotten.
        met: whether it could ever be used; until then this replica knows nothing of the others.
        replicas: those that are seen alive, this one among them; those that were, while the store is away.
        lag: seconds from writing an event to reading it back, the last time.
    """

    up: bool = True
    met: bool = True
    replicas: int = 1
    lag: float = 0.0
