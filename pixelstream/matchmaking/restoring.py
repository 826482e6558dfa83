"""Bringing players back into a room that has lost or never had them, each at its old place.

The trap: a stream's own state may have come first and brought its session with it, without a place
in the line; who has the player's socket knows better how far it has got.
"""

from __future__ import annotations

from pixelstream.matchmaking.books import Books
from pixelstream.matchmaking.effects import FreeSeat, LineMoved, Matched, Released
from pixelstream.matchmaking.model import SEATED, ReleaseReason, Session, SessionState, Visit, Way


class Restoring:
    """Players that come back with what is known of them."""

    def __init__(self, books: Books) -> None:
        self._books = books

    def restore(self, visit: Visit) -> None:
        """Take a visit into the books, unless its session is there already."""
        books = self._books
        session = books.sessions.get(visit.session)
        past = books.past.get(visit.session)
        if session is not None:
            self._take_back(session, visit)
            books.effects.append(LineMoved(session.fleet))
        elif past is not None and past.reason not in {None, ReleaseReason.LEFT}:
            # It ended while its player's process could not hear of it.
            books.effects.append(Released(past.id, past.fleet, past.state, past.reason, None))
        else:
            self._enter(visit)

    def resume(self, visit: Visit) -> bool:
        """Let a player that shows its ticket go on where it was; false if that place is no more.

        Who has the lease of a seat that still waits for it is told again: the first word may be lost.
        """
        books = self._books
        session = books.sessions.get(visit.session)
        past = books.past.get(visit.session)
        if session is None:
            left = past is None or (past.reason is ReleaseReason.LEFT and past.connected is None)
            if left:
                self._enter(visit)
            return left
        if session.state in SEATED or session.fleet != visit.fleet:
            return False
        if session.handed:
            return visit.way is Way.HANDOFF and self._tell_again(session)
        session.way, session.user = visit.way, visit.user
        return True

    def _tell_again(self, session: Session) -> bool:
        self._books.effects.append(
            Matched(
                session=session.id,
                fleet=session.fleet,
                stream=session.stream or "",
                fence=session.fence,
                waited=max(0.0, self._books.now - session.joined),
                predicted=None,
                way=session.way,
            )
        )
        return True

    def _enter(self, visit: Visit) -> None:
        books = self._books
        books.past.pop(visit.session, None)
        session = Session(
            visit.session, visit.fleet, visit.joined, books.now, visit.user, visit.way, touched=books.now
        )
        books.enter(session)
        books.effects.append(LineMoved(session.fleet))
        if visit.stream is not None:
            self._seat(session, visit, visit.stream)

    def _seat(self, session: Session, visit: Visit, name: str) -> None:
        books = self._books
        stream = books.stream(name, visit.fleet)
        books.fleets[session.fleet].line.step_out(session.id)
        session.fence = visit.fence
        stream.fence = max(stream.fence, visit.fence)
        books.seat(session, stream)
        books.set_state(session, SessionState.RESERVED)
        books.deadlines.set(("session", session.id), books.now + books.rules.arrival + books.rules.slack)
        if visit.handed:
            books.hand(session)
        books.refresh(stream)

    def _take_back(self, session: Session, visit: Visit) -> None:
        """Join a session that its stream brought with what its player's process knows."""
        session.joined, session.user, session.way = visit.joined, visit.user, visit.way
        same = (session.stream, session.fence) == (visit.stream, visit.fence)
        if same and (visit.handed or session.state is not SessionState.RESERVED):
            return
        line = self._books.fleets[session.fleet].line
        line.add(session.id, session.joined)
        session.handed = False
        if same:
            line.step_out(session.id)
            return
        self._give_up(session)
        if visit.stream is not None:
            self._seat(session, visit, visit.stream)

    def _give_up(self, session: Session) -> None:
        """Free a seat that the player doesn't know of, and let the session wait."""
        books = self._books
        stream = books.unseat(session)
        if stream is not None and stream.link is not None:
            books.effects.append(FreeSeat(stream.link, session.id, session.fence, "not known to its player"))
        session.stream = session.connected = None
        books.set_state(session, SessionState.WAITING)
        books.wait_deadline(session)
