"""The waiting room: events in, effects out; no socket, no clock, no await.

Everything that happens to players and streams is a method call with the present time; what follows
is collected and taken with `take_effects`. The trap: calls must come one after another in the order
of the events; the store that holds the room sees to that.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pixelstream.matchmaking.books import Books, Rules
from pixelstream.matchmaking.effects import Effect
from pixelstream.matchmaking.model import (
    SEATED,
    SEEKING,
    JoinRefusal,
    Known,
    MatchFailure,
    ReleaseReason,
    Session,
    SessionState,
    Visit,
    Way,
)
from pixelstream.matchmaking.reports import Reports
from pixelstream.matchmaking.restoring import Restoring
from pixelstream.matchmaking.seating import Seating
from pixelstream.protocol.control import EndedReason, RefusedReason, State

RETURNED = 2
"""Players that had a place already are let back into a line of so many times its capacity."""


class Room:
    """All fleets of one matchmaker.

    Attributes:
        books: what is known; to be read only.
    """

    def __init__(self, rules: Rules, now: float) -> None:
        self.books = Books(rules, now)
        self._seating = Seating(self.books)
        self._reports = Reports(self.books, self._seating)
        self._restoring = Restoring(self.books)
        self._draining = False

    def take_effects(self) -> list[Effect]:
        """Return what is to be done, in order, and forget it."""
        effects, self.books.effects = self.books.effects, []
        return effects

    def next_deadline(self) -> float | None:
        """Return when `tick` has something to do."""
        return self.books.deadlines.next()

    def tick(self, now: float) -> None:
        """Act on the deadlines that are over."""
        self.books.now = now
        for kind, name in self.books.deadlines.due(now):
            if kind == "session":
                self._seating.expire(name)
            elif kind == "rest":
                self._seating.rested(name)
            elif kind == "budget":
                self._seating.match(name)
            else:
                self._reports.forget(name)

    # --- players -----------------------------------------------------------------------------

    def join(
        self, session: str, fleet: str, now: float, *, user: str | None = None, way: Way = Way.JOINED
    ) -> JoinRefusal | None:
        """Let a player wait in a fleet.

        Args:
            session: a new id.
            fleet: where it wants to play.
            now: seconds of the room's clock.
            user: its name, if the edge authenticated one.
            way: how it will get to its seat.

        Returns:
            Why it may not wait, None if it does.
        """
        self.books.now = now
        if self._draining:
            return JoinRefusal.DRAINING
        if not self.books.joinable(fleet):
            return JoinRefusal.UNKNOWN_FLEET
        if len(self.books.fleet(fleet).line) >= self.books.rules.capacity:
            return JoinRefusal.QUEUE_FULL
        newcomer = Session(session, fleet, self.books.arrival(), now, user, way, touched=now)
        self.books.enter(newcomer)
        self._seating.match(fleet)
        if newcomer.state is SessionState.WAITING:
            newcomer.predicted = self.estimate(newcomer)
        return None

    def resume(self, visit: Visit, now: float) -> JoinRefusal | None:
        """Let a player with a ticket go on waiting at its old place, by another socket.

        Returns:
            Why it may not, None if it does. `VOID`: it may come as somebody new.
        """
        self.books.now = now
        if self._draining:
            return JoinRefusal.DRAINING
        if not self.books.joinable(visit.fleet):
            return JoinRefusal.UNKNOWN_FLEET
        if len(self.books.fleet(visit.fleet).line) >= RETURNED * self.books.rules.capacity:
            return JoinRefusal.QUEUE_FULL
        if not self._restoring.resume(visit):
            return JoinRefusal.VOID
        session = self.books.sessions[visit.session]
        if session.state is SessionState.RESERVED and not session.handed:
            self._seating.fail(session, MatchFailure.RESERVATION_ENDED)  # the joint was its old socket's
        else:
            self._seating.match(visit.fleet)
        return None

    def leave(self, session_id: str, now: float) -> None:
        """Take out a player whose socket is gone; one who went to its seat is its stream's affair."""
        self.books.now = now
        session = self.books.sessions.get(session_id)
        if session is not None and not session.handed:
            self._seating.cancel(session, "left")
            self.books.release(session, ReleaseReason.LEFT)
            self._seating.match(session.fleet)

    def desert(self, session_id: str, now: float) -> None:
        """Free the seat of a player who never heard of it and did not come back."""
        self.books.now = now
        session = self.books.sessions.get(session_id)
        if session is not None and session.state not in SEATED:
            self._seating.cancel(session, "left")
            self.books.release(session, ReleaseReason.LEFT)
            self._seating.match(session.fleet)

    def hand(self, session_id: str, now: float) -> None:
        """Note that the player of a session was joined to its seat.

        If the session is back in the line, that seat has ended since: this word came from another
        process than the stream's. Then the session is over, for nobody waits any more.
        """
        self.books.now = now
        session = self.books.sessions.get(session_id)
        if session is None or session.handed:
            return
        if session.state in {SessionState.WAITING, SessionState.CLAIMED}:
            self._seating.cancel(session, "ended")
            self.books.release(session, ReleaseReason.RELEASED)
            self._seating.match(session.fleet)
        else:
            self.books.hand(session)

    def fail(self, session_id: str, now: float) -> None:
        """Send a session back to the line whose seat could not be reached."""
        self.books.now = now
        session = self.books.sessions.get(session_id)
        if session is None or session.handed or session.stream is None:
            return
        stream = self.books.streams.get(session.stream)
        if stream is not None:
            self._seating.blame(stream)
        self._seating.fail(session, MatchFailure.DIAL)

    def end(self, session_id: str, now: float) -> bool:
        """End a session in whatever state it is.

        Returns:
            False if its stream cannot be told now, because the control link is broken.
        """
        self.books.now = now
        session = self.books.sessions.get(session_id)
        if session is None:
            return True
        stream = self.books.streams.get(session.stream or "")
        if stream is not None and stream.link is None:
            return False
        self._seating.cancel(session, "cancelled")
        self.books.release(session, ReleaseReason.CANCELLED)
        self._seating.match(session.fleet)
        return True

    def touch(self, session_id: str, now: float) -> None:
        """Note that somebody asked for a session that waits by REST."""
        session = self.books.sessions.get(session_id)
        if session is not None:
            session.touched = now

    def drain(self) -> None:
        """Let nobody join any more."""
        self._draining = True

    # --- a room that is made again -------------------------------------------------------------

    def hold(self) -> None:
        """Make no claims until `begin`."""
        self._seating.held = True

    def begin(self, now: float) -> None:
        """Make claims again: all who were here are back."""
        self.books.now = now
        self._seating.held = False
        for fleet in list(self.books.fleets):
            self._seating.match(fleet)

    def restore(self, visits: Iterable[Visit], now: float) -> None:
        """Bring players back, each to its place in the order of their coming."""
        self.books.now = now
        for visit in visits:
            self._restoring.restore(visit)
        for fleet in list(self.books.fleets):
            self._seating.match(fleet)

    # --- streams -----------------------------------------------------------------------------

    def discover(self, streams: Mapping[str, Known], now: float) -> None:
        """Take over which streams exist, by their ids; others are not offered."""
        self.books.now = now
        for name, known in streams.items():
            new = name not in self.books.streams
            stream = self.books.stream(name, known.fleet)
            if new and not known.offered:
                stream.begun = now
            stream.known, stream.leased, stream.offered = True, known.leased, known.offered
            stream.alive, stream.vanished = known.alive, False
            self.books.move_stream(stream, known.fleet)
        for stream in list(self.books.streams.values()):
            if stream.id not in streams:
                stream.known, stream.vanished = False, stream.vanished or stream.known
                if stream.link is None:
                    self._reports.forget(stream.id)
                    continue
            self.books.refresh(stream)
        for fleet in list(self.books.fleets):
            self._seating.match(fleet)

    def report(self, link: int, state: State, now: float) -> None:
        """Take over what a signalserver says of its stream; `link` grows with each new link."""
        self.books.now = now
        self._reports.state(link, state)

    def granted(self, link: int, session: str, fence: int, now: float) -> None:
        """Take the answer to a claim: a seat is reserved."""
        self.books.now = now
        self._reports.granted(link, session, fence)

    def refused(self, link: int, session: str, fence: int, reason: RefusedReason, now: float) -> None:
        """Take the answer to a claim: there is no seat."""
        self.books.now = now
        self._reports.refused(link, session, fence, reason)

    def ended(self, link: int, session: str, reason: EndedReason, seconds: float, now: float) -> None:
        """Take the news that a seat is free again."""
        self.books.now = now
        self._reports.ended(link, session, reason, seconds)

    def link_lost(self, link: int, now: float) -> None:
        """Take the news that a control link is broken."""
        self.books.now = now
        self._reports.lost(link)

    # --- views -------------------------------------------------------------------------------

    def session(self, session_id: str) -> Session | None:
        """Return a session, a recently released one too."""
        return self.books.sessions.get(session_id) or self.books.past.get(session_id)

    def position(self, session: Session) -> int | None:
        """Return the place in the line, 1 for the first; None for one that doesn't wait."""
        if session.state not in SEEKING or session.handed:
            return None
        return self.books.fleets[session.fleet].line.position(session.id)

    def estimate(self, session: Session) -> float | None:
        """Return the seconds that the session will still wait; None if nothing tells."""
        position = self.position(session)
        if position is None:
            return None
        if session.state is not SessionState.WAITING:
            return 0.0
        return self.books.prospects.wait(self.books.fleets[session.fleet], position)
