"""What the matchmaker keeps books of: sessions, streams and the words for their states.

The trap: `Stream.taken` is the signalserver's own absolute count and never counted up or down
here; what the signalserver can't know yet (claims on their way) is kept beside it in `unreported`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from pixelstream.protocol.control import EndedReason


class SessionState(StrEnum):
    """Where a session is in its life.

    `CLAIMED` is the moment between waiting and reserved: a stream was asked and hasn't answered.
    """

    WAITING = "waiting"
    CLAIMED = "claimed"
    RESERVED = "reserved"
    CONNECTED = "connected"
    AWAY = "away"
    RELEASED = "released"


SEATED = frozenset({SessionState.CONNECTED, SessionState.AWAY})
"""States in which only the stream's signalserver may say that a session has ended."""
SEEKING = frozenset({SessionState.WAITING, SessionState.CLAIMED, SessionState.RESERVED})
"""States in which a player may still be sent back to the line."""


class ReleaseReason(StrEnum):
    """Why a session is over: what the stream said, and what the matchmaker adds to it.

    `CANCELLED`: by the API. `TIMED_OUT`: waited longer than the settings allow. `ABANDONED`: created
    by REST and then neither followed nor polled. `LOST`: its stream's link never came back.
    """

    LEFT = "left"
    KICKED = "kicked"
    IDLE = "idle"
    EXPIRED = "expired"
    NO_SHOW = "no_show"
    STREAMER_LOST = "streamer_lost"
    DRAINED = "drained"
    RELEASED = "released"
    CANCELLED = "cancelled"
    TIMED_OUT = "timed_out"
    ABANDONED = "abandoned"
    LOST = "lost"

    @classmethod
    def of(cls, reason: EndedReason) -> ReleaseReason:
        """Return the word for what the signalserver said."""
        return cls(reason.value)


class Supply(StrEnum):
    """What those wait for who wait: a player's leaving, a stream that is being started, or the budget."""

    TAKEN = "taken"
    STARTING = "starting"
    BUDGET = "budget"


class Way(StrEnum):
    """How a player gets to its seat: joined by the matchmaker, or by itself with its lease.

    `REMOTE` came by REST: it has no socket here, so it must poll or follow while it waits.
    """

    JOINED = "joined"
    HANDOFF = "handoff"
    REMOTE = "remote"


class JoinRefusal(StrEnum):
    """Why a player isn't even let wait.

    `UNAVAILABLE`: the shared store can't be reached. `VOID`: its ticket's place is no more.
    """

    QUEUE_FULL = "queue_full"
    UNKNOWN_FLEET = "unknown_fleet"
    DRAINING = "draining"
    UNAVAILABLE = "unavailable"
    VOID = "void"


class MatchFailure(StrEnum):
    """Why a match came to nothing; its player went back to the front, or was gone."""

    FULL = "full"
    DRAINING = "draining"
    NOT_READY = "not_ready"
    STALE = "stale"
    CLAIM_TIMEOUT = "claim_timeout"
    LINK_LOST = "link_lost"
    DIAL = "dial"
    RESERVATION_ENDED = "reservation_ended"
    NO_SHOW = "no_show"


@dataclass(frozen=True, slots=True)
class Known:
    """What discovery tells of a stream.

    Attributes:
        offered: new players may be sent there; false for one that isn't ready or is told to end.
        alive: it is seen to serve, by what would tell of its end: so long a broken link ends no session.
    """

    fleet: str
    leased: bool = True
    offered: bool = True
    alive: bool = False


@dataclass(slots=True)
class Visit:
    """What the process that has a player's socket knows of its session, to bring it back into a room.

    Attributes:
        joined: when it came, by the clock that all replicas share.
        came: when its present socket came; of two replicas that have the session the later one's counts.
        stream, fence: the seat that it was given and has not been seen on yet.
        handed: its player has the lease or is joined to that seat.
    """

    session: str
    fleet: str
    joined: float
    user: str | None = None
    way: Way = Way.JOINED
    stream: str | None = None
    fence: int = 0
    handed: bool = False
    came: float = 0.0


@dataclass(slots=True)
class Session:
    """One player's visit.

    Attributes:
        joined, since: when it came, and when its state last changed; seconds of the room's clock.
        way: how its player gets to the seat.
        handed: its player has the lease or is joined to the seat; it can't return to the line.
        touched: when a remote one was last asked for.
        stream, fence: the seat that it has or is asking for.
        predicted: the estimate that it was given when it began to wait.
        reason: why it was released.
    """

    id: str
    fleet: str
    joined: float
    since: float
    user: str | None = None
    way: Way = Way.JOINED
    handed: bool = False
    state: SessionState = SessionState.WAITING
    stream: str | None = None
    fence: int = 0
    touched: float = 0.0
    predicted: float | None = None
    connected: float | None = None
    reason: ReleaseReason | None = None


@dataclass(slots=True)
class Stream:
    """One stream as far as the matchmaker knows it.

    Attributes:
        known: discovery has it, so there is an address that may be dialled.
        leased: its signalserver knows leases, so a player can be sent there.
        offered: discovery lets new players be sent there.
        alive: discovery sees it serve, and would tell of its end.
        vanished: discovery had it and has it no more.
        link: number of its control link; None while that is broken.
        seats, taken, resetting, ready, draining: as its signalserver last said.
        sessions: ours that are claimed, reserved, connected or away there.
        unreported: those of them that `taken` does not count yet.
        fence: the highest that was used.
        heard: when its last state came.
        doubted: it refused or did not answer, so it is not offered before its next state.
        failures, rests_until: in a row, and how long it is left alone for them.
        begun: when it was first seen, if it is still starting since.
    """

    id: str
    fleet: str
    known: bool = False
    leased: bool = True
    offered: bool = True
    alive: bool = False
    vanished: bool = False
    link: int | None = None
    last_link: int = -1
    epoch: str = ""
    seq: int = -1
    engine: str = ""
    version: str = ""
    seats: int = 0
    taken: int = 0
    resetting: int = 0
    ready: bool = False
    draining: bool = False
    sessions: dict[str, None] = field(default_factory=dict)
    unreported: set[str] = field(default_factory=set)
    fence: int = 0
    heard: float | None = None
    doubted: bool = False
    failures: int = 0
    rests_until: float = 0.0
    begun: float | None = None

    @property
    def used(self) -> int:
        """Seats that are taken or will be as soon as the stream has read what was sent to it."""
        return self.taken + len(self.unreported)

    def offerable(self, now: float) -> bool:
        """Whether a player may be sent there."""
        return (
            self.known
            and self.offered
            and self.link is not None
            and self.ready
            and not self.draining
            and not self.doubted
            and now >= self.rests_until
            and self.used < self.seats
        )
