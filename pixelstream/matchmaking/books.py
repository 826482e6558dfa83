"""The books: every session, stream and fleet, and the moves that keep them in agreement.

Seating, reports and the room work on the same books. The trap: a session's place in the line, its
state and its stream's list of sessions change together, so nobody but the methods here changes them.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field

from pixelstream.matchmaking.deadlines import Deadlines
from pixelstream.matchmaking.effects import Changed, Effect, Failed, LineMoved, Released, Returned
from pixelstream.matchmaking.estimate import History
from pixelstream.matchmaking.fleet import Fleet
from pixelstream.matchmaking.model import (
    SEATED,
    MatchFailure,
    ReleaseReason,
    Session,
    SessionState,
    Stream,
    Way,
)
from pixelstream.matchmaking.policy import Choice, Offer
from pixelstream.matchmaking.prospects import Prospects
from pixelstream.matchmaking.scaling.ledger import Ledger
from pixelstream.matchmaking.scaling.policy import Sizing

APART = 1e-6
"""Seconds between two sessions in a line at least; less would be lost in seconds since 1970."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What the settings decide; times in seconds.

    Attributes:
        sizes: the fleets that always exist, with their size; it is read anew each time.
        capacity: players that may wait in one fleet.
        answer: a stream has so long to answer a claim.
        arrival: a player has so long to show up at its seat; a claim carries it.
        slack: so much later than `arrival` a reservation is given up here: its stream goes first.
        rest: a stream that failed is left alone so long, doubled with each failure in a row.
        rest_most: and no longer than this.
        forget: after so long the sessions of a stream with a broken link are forgotten.
        max_wait: a player waits no longer than this; None is for ever.
        patience: a session made by REST that is neither polled nor followed is dropped after this.
        kept: released sessions that are remembered, to answer those who ask what became of them.
        fence_base: fences begin above it, so that a restart never uses one twice.
    """

    sizes: Mapping[str, Sizing] = field(default_factory=lambda: {"default": Sizing()})
    capacity: int = 10_000
    answer: float = 2.0
    arrival: float = 10.0
    slack: float = 2.0
    rest: float = 1.0
    rest_most: float = 30.0
    forget: float = 120.0
    max_wait: float | None = None
    patience: float = 60.0
    kept: int = 10_000
    fence_base: int = 0
    choice: Choice = Choice.PACKED


class Books:
    """Everything that is known, and the effects that are still to be carried out."""

    def __init__(self, rules: Rules, now: float) -> None:
        self.rules = rules
        self.now = now
        self.sessions: dict[str, Session] = {}
        self.past: OrderedDict[str, Session] = OrderedDict()
        self.streams: dict[str, Stream] = {}
        self.links: dict[int, str] = {}
        self.fleets: dict[str, Fleet] = {}
        self.prospects = Prospects(self)
        self.deadlines: Deadlines[tuple[str, str]] = Deadlines()
        self.effects: list[Effect] = []
        self.count: Counter[SessionState] = Counter()
        self.latest = now - APART
        for name in rules.sizes:
            self.fleet(name)

    def fleet(self, name: str) -> Fleet:
        """Return the fleet `name`, made if it is new."""
        fleet = self.fleets.get(name)
        if fleet is None:
            fleet = Fleet(name, Offer(self.rules.choice), History(self.now), Ledger(self.now))
            self.fleets[name] = fleet
        return fleet

    def stream(self, name: str, fleet: str) -> Stream:
        """Return the stream `name`, made if it is new."""
        stream = self.streams.get(name)
        if stream is None:
            stream = self.streams[name] = Stream(name, fleet, fence=self.rules.fence_base)
            self._put(stream)
        return stream

    def _put(self, stream: Stream) -> None:
        fleet = self.fleet(stream.fleet)
        fleet.streams[stream.id] = None
        fleet.ledger.count(len(fleet.streams), self.now)

    def _take(self, stream: Stream) -> None:
        fleet = self.fleets[stream.fleet]
        fleet.offer.remove(stream.id)
        fleet.streams.pop(stream.id, None)
        fleet.ledger.count(len(fleet.streams), self.now)

    def move_stream(self, stream: Stream, fleet: str) -> None:
        """Count `stream` to another fleet."""
        if stream.fleet != fleet:
            self._take(stream)
            stream.fleet = fleet
            self._put(stream)

    def drop_stream(self, stream: Stream) -> None:
        """Forget a stream that has neither an address nor a link."""
        self._take(stream)
        self.deadlines.drop(("forget", stream.id))
        self.deadlines.drop(("rest", stream.id))
        del self.streams[stream.id]

    def refresh(self, stream: Stream) -> None:
        """Offer the stream or not, as its state now says."""
        offer = self.fleets[stream.fleet].offer
        if stream.offerable(self.now):
            offer.put(stream.id, stream.used)
        else:
            offer.remove(stream.id)

    # --- sessions ----------------------------------------------------------------------------

    def arrival(self) -> float:
        """Return when a session that comes now has come: behind all others, whatever clock theirs came by."""
        return max(self.now, self.latest + APART)

    def enter(self, session: Session) -> None:
        """Take a session into the books, in the state that it has."""
        self.sessions[session.id] = session
        self.count[session.state] += 1
        self.latest = max(self.latest, session.joined)
        if session.state is SessionState.WAITING:
            fleet = self.fleet(session.fleet)
            if not fleet.line.waiting:
                fleet.outlook_until = 0.0  # more streams may be wanted from now on
            fleet.line.add(session.id, session.joined)
            self.wait_deadline(session)

    def wait_deadline(self, session: Session) -> None:
        """Set when a waiting session must be looked at again."""
        ends = []
        if self.rules.max_wait is not None:
            ends.append(session.joined + self.rules.max_wait)
        if session.way is Way.REMOTE:
            ends.append(session.touched + self.rules.patience)
        if ends:
            self.deadlines.set(("session", session.id), min(ends))
        else:
            self.deadlines.drop(("session", session.id))

    def set_state(self, session: Session, state: SessionState) -> None:
        """Let the session go on to another state."""
        self.count[session.state] -= 1
        self.count[state] += 1
        session.state = state
        session.since = self.now

    def seat(self, session: Session, stream: Stream) -> None:
        """Count the session to a seat of `stream` that its signalserver doesn't report yet."""
        session.stream = stream.id
        stream.sessions[session.id] = None
        stream.unreported.add(session.id)

    def unseat(self, session: Session) -> Stream | None:
        """Take the session off its stream; return that."""
        stream = self.streams.get(session.stream or "")
        if stream is not None:
            stream.sessions.pop(session.id, None)
            stream.unreported.discard(session.id)
            self.refresh(stream)
        return stream

    def give_back(self, session: Session, reason: MatchFailure) -> None:
        """Let a session whose match failed wait again at its old place: the front, as it was first."""
        self.unseat(session)
        session.stream = None
        session.connected = None
        line = self.fleets[session.fleet].line
        line.step_in(session.id)
        self.set_state(session, SessionState.WAITING)
        self.wait_deadline(session)
        self.effects += (
            Failed(session.fleet, reason),
            Returned(session.id),
            LineMoved(session.fleet),
        )

    def hand(self, session: Session) -> None:
        """Give up the session's place in the line: its player has gone to the seat."""
        session.handed = True
        self.fleets[session.fleet].line.drop(session.id)

    def release(self, session: Session, reason: ReleaseReason, seconds: float | None = None) -> None:
        """End the session; `seconds`: how long it was played, if its stream said so."""
        state = session.state
        if state in SEATED and seconds is None and session.connected is not None:
            seconds = self.now - session.connected
        self.unseat(session)
        fleet = self.fleets[session.fleet]
        stood = state is SessionState.WAITING
        fleet.line.drop(session.id)
        if state in SEATED and reason is not ReleaseReason.LOST:
            fleet.history.add(self.now, seconds)
        self.deadlines.drop(("session", session.id))
        self.count[state] -= 1
        session.state, session.since, session.reason = SessionState.RELEASED, self.now, reason
        del self.sessions[session.id]
        self.past[session.id] = session
        if len(self.past) > self.rules.kept:
            self.past.popitem(last=False)
        self.effects.append(Released(session.id, session.fleet, state, reason, seconds))
        if stood:
            self.effects.append(LineMoved(session.fleet))

    def change(self, session: Session, state: SessionState) -> None:
        """Let a seated session go on to what its stream says."""
        if session.state is not state:
            self.set_state(session, state)
            self.effects.append(Changed(session.id, state))

    # --- views -------------------------------------------------------------------------------

    def joinables(self) -> list[str]:
        """Return the names of all fleets that players may wait in, sorted."""
        return [name for name in sorted({*self.fleets, *self.rules.sizes}) if self.joinable(name)]

    def joinable(self, name: str) -> bool:
        """Whether players may wait in the fleet: it is configured, or discovery has a stream of it."""
        fleet = self.fleets.get(name)
        return name in self.rules.sizes or (
            fleet is not None and any(self.streams[stream].known for stream in fleet.streams)
        )
