"""Who is seated next: claims go out while there is both a player who waits and a seat that is free.

Event driven: `match` is called for a fleet whenever its line or its offer may have grown. The trap:
an answer may come late, twice or for a claim that was given up, so every answer is held against the
session's present state, stream and fence, and what doesn't fit is ignored: the release that gave
the claim up went the same way, behind it.
"""

from __future__ import annotations

from pixelstream.matchmaking.books import Books
from pixelstream.matchmaking.effects import AskSeat, Failed, FreeSeat, LineMoved, Matched
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
from pixelstream.protocol.control import RefusedReason

FENCE_LEAP = 1_000_000
"""A stream that calls a fence stale has seen one from a matchmaker whose clock was ahead of ours."""

AFFORD_AGAIN = 10.0
"""Seconds between two looks at whether a budget has room for those who wait: time alone may make it."""

_FAILURES = {
    RefusedReason.FULL: MatchFailure.FULL,
    RefusedReason.DRAINING: MatchFailure.DRAINING,
    RefusedReason.NOT_READY: MatchFailure.NOT_READY,
    RefusedReason.STALE: MatchFailure.STALE,
}


class Seating:
    """Claims, their answers and their deadlines."""

    def __init__(self, books: Books) -> None:
        self._books = books
        self.held = False
        """No claims are made; for a room whose players aren't all back yet."""

    def match(self, fleet_name: str) -> None:
        """Claim seats for as many players of the fleet as there are free ones."""
        fleet = self._books.fleets[fleet_name]
        moved = False
        if self.held:
            return
        while (first := fleet.line.head()) and (stream := self._pick(fleet)):
            self._claim(self._books.sessions[first], self._books.streams[stream])
            moved = True
        if moved:
            self._books.effects.append(LineMoved(fleet_name))

    def _pick(self, fleet: Fleet) -> str | None:
        """Return the stream that is taken next; one without players only if the budget has room for it."""
        picked = fleet.offer.pick()
        if picked is None or self._books.prospects.affords(fleet, self._books.streams[picked]):
            return picked
        self._books.deadlines.set(("budget", fleet.name), self._books.now + AFFORD_AGAIN)
        return fleet.offer.pick(1)

    def _claim(self, session: Session, stream: Stream) -> None:
        books = self._books
        books.fleets[session.fleet].line.step_out(session.id)
        stream.fence += 1
        session.fence = stream.fence
        books.seat(session, stream)
        books.set_state(session, SessionState.CLAIMED)
        books.deadlines.set(("session", session.id), books.now + books.rules.answer)
        books.refresh(stream)
        if stream.link is not None:
            books.effects.append(AskSeat(stream.link, session.id, session.fence))

    def claimed(self, session_id: str, stream: Stream, fence: int) -> Session | None:
        """Return the session if it is just this claim that it waits for."""
        session = self._books.sessions.get(session_id)
        if session is None or session.state is not SessionState.CLAIMED:
            return None
        return session if session.stream == stream.id and session.fence == fence else None

    def grant(self, session: Session) -> None:
        """Give the session the seat that its stream has reserved."""
        books = self._books
        books.set_state(session, SessionState.RESERVED)
        books.deadlines.set(("session", session.id), books.now + books.rules.arrival + books.rules.slack)
        if session.way is not Way.JOINED and books.streams[session.stream or ""].leased:
            books.hand(session)
        waited = max(0.0, books.now - session.joined)
        books.effects.append(
            Matched(
                session=session.id,
                fleet=session.fleet,
                stream=session.stream or "",
                fence=session.fence,
                waited=waited,
                predicted=session.predicted,
                way=session.way,
            )
        )

    def refuse(self, session: Session, stream: Stream, reason: RefusedReason) -> None:
        """Send the session back; its stream is not offered before its next state."""
        stream.doubted = True
        if reason is RefusedReason.STALE:
            stream.fence += FENCE_LEAP
        self._books.give_back(session, _FAILURES[reason])
        self.match(session.fleet)

    def fail(self, session: Session, reason: MatchFailure) -> None:
        """Send the session back, cancel its seat and leave the stream alone for a while."""
        self.cancel(session, reason.value)
        self._books.give_back(session, reason)
        self.match(session.fleet)

    def cancel(self, session: Session, words: str) -> None:
        """Tell the stream that the seat isn't needed."""
        stream = self._books.streams.get(session.stream or "")
        if stream is not None and stream.link is not None:
            self._books.effects.append(FreeSeat(stream.link, session.id, session.fence, words))

    def blame(self, stream: Stream) -> None:
        """Leave a stream that failed alone: longer with each failure in a row."""
        rules = self._books.rules
        pause = min(rules.rest_most, rules.rest * 2.0 ** min(stream.failures, 16))
        stream.failures += 1
        stream.rests_until = self._books.now + pause
        self._books.deadlines.set(("rest", stream.id), stream.rests_until)
        self._books.refresh(stream)

    def rested(self, stream_id: str) -> None:
        """Offer a stream again that was left alone."""
        stream = self._books.streams.get(stream_id)
        if stream is not None:
            self._books.refresh(stream)
            self.match(stream.fleet)

    def expire(self, session_id: str) -> None:
        """Do what the session's deadline asks for in the state that it is in."""
        session = self._books.sessions.get(session_id)
        if session is None:
            return
        if session.state in SEATED:
            self._books.release(session, ReleaseReason.LEFT)  # its stream doesn't name it any more
        elif session.state is SessionState.WAITING:
            self._stop_waiting(session)
        elif session.state is SessionState.CLAIMED:
            self._unanswered(session)
        else:
            self._not_come(session)

    def _stop_waiting(self, session: Session) -> None:
        books = self._books
        limit = books.rules.max_wait
        over = limit is not None and books.now >= session.joined + limit
        forgotten = session.way is Way.REMOTE and books.now >= session.touched + books.rules.patience
        if over or forgotten:
            books.release(session, ReleaseReason.TIMED_OUT if over else ReleaseReason.ABANDONED)
        else:
            books.wait_deadline(session)

    def _unanswered(self, session: Session) -> None:
        stream = self._books.streams[session.stream or ""]
        stream.doubted = True
        self.blame(stream)
        self.fail(session, MatchFailure.CLAIM_TIMEOUT)

    def _not_come(self, session: Session) -> None:
        books = self._books
        if books.streams[session.stream or ""].link is None and session.handed:
            # Whether it came is not known here: the stream's next state tells.
            books.deadlines.set(("session", session.id), books.now + books.rules.slack)
            return
        if not session.handed:
            self.fail(session, MatchFailure.RESERVATION_ENDED)
            return
        self.cancel(session, "no_show")
        books.effects.append(Failed(session.fleet, MatchFailure.NO_SHOW))
        books.release(session, ReleaseReason.NO_SHOW)
        self.match(session.fleet)
