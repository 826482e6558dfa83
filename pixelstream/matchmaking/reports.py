"""What signalservers say: their state is absolute, and the books follow it.

The traps: a state that was sent before a claim arrived can't know the claim, so a claimed or
reserved session that it doesn't name is kept until its deadline; and a session that is not in the
books is taken in, because the matchmaker may have been restarted while it was played.
"""

from __future__ import annotations

from pixelstream.matchmaking.books import Books
from pixelstream.matchmaking.effects import CloseLink, Failed, FreeSeat
from pixelstream.matchmaking.model import (
    SEATED,
    MatchFailure,
    ReleaseReason,
    Session,
    SessionState,
    Stream,
)
from pixelstream.matchmaking.seating import Seating
from pixelstream.protocol.control import EndedReason, RefusedReason, SeatedSession, SeatState, State

_STATES = {
    SeatState.RESERVED: SessionState.RESERVED,
    SeatState.CONNECTED: SessionState.CONNECTED,
    SeatState.AWAY: SessionState.AWAY,
}


EPILOGUE = 0.5
"""Seconds that a session which its stream doesn't name any more is kept, for the word on its end."""


class Reports:
    """Messages of the control links, and their breaks."""

    def __init__(self, books: Books, seating: Seating) -> None:
        self._books = books
        self._seating = seating

    def state(self, link: int, state: State) -> None:
        """Take over the state of a stream, unless a newer one is known."""
        stream = self._books.stream(state.stream, state.fleet)
        if link != stream.link and not self._attach(link, stream):
            return
        if state.epoch == stream.epoch and state.seq < stream.seq:
            return
        self._copy(stream, state)
        reported = {entry.session: entry for entry in state.sessions}
        for entry in state.sessions:
            self._reported(stream, entry)
        for name in list(stream.sessions):
            if name not in reported:
                self._unreported(stream, self._books.sessions[name])
        self._books.refresh(stream)
        self._seating.match(stream.fleet)

    def _attach(self, link: int, stream: Stream) -> bool:
        """Let `link` be the stream's link; false if a newer one is."""
        if link <= stream.last_link:
            self._books.effects.append(CloseLink(link))
            return False
        if stream.link is not None:
            self._books.links.pop(stream.link, None)
            self._books.effects.append(CloseLink(stream.link))
            self._give_back_claimed(stream)  # their answers would come on the old link, if at all
        stream.link = stream.last_link = link
        self._books.links[link] = stream.id
        self._books.deadlines.drop(("forget", stream.id))
        return True

    def _copy(self, stream: Stream, state: State) -> None:
        if not stream.known:  # where discovery knows the stream, discovery also knows its fleet
            self._books.move_stream(stream, state.fleet)
        if (state.seats, state.ready, state.draining) != (stream.seats, stream.ready, stream.draining):
            self._books.fleets[stream.fleet].outlook_until = 0.0
        stream.epoch, stream.seq = state.epoch, state.seq
        stream.engine, stream.version = state.engine, state.version
        stream.seats, stream.taken, stream.resetting = state.seats, state.taken, state.resetting
        stream.ready, stream.draining = state.ready, state.draining
        stream.doubted, stream.heard = False, self._books.now
        if stream.ready and stream.begun is not None:
            self._books.fleets[stream.fleet].starts.add(self._books.now - stream.begun)
            stream.begun = None

    def _reported(self, stream: Stream, entry: SeatedSession) -> None:
        session = self._books.sessions.get(entry.session)
        stream.fence = max(stream.fence, entry.fence)
        if session is None:
            self._adopt(stream, entry)
        elif session.stream != stream.id:
            self._disown(stream, entry, "seated elsewhere")
        elif entry.fence >= session.fence:
            session.fence = entry.fence
            stream.unreported.discard(session.id)
            self._advance(stream, session, _STATES[entry.state])
        # A lower fence is the seat of an earlier claim; the release that gave it up is on its way.

    def _advance(self, stream: Stream, session: Session, state: SessionState) -> None:
        books = self._books
        if session.state is SessionState.CLAIMED:
            self._seating.grant(session)  # the answer itself is behind this state, or was lost
        if state is SessionState.RESERVED:
            return
        books.deadlines.drop(("session", session.id))
        if session.state is SessionState.RESERVED:
            session.connected = books.now
            stream.failures = 0
        books.change(session, state)

    def _adopt(self, stream: Stream, entry: SeatedSession) -> None:
        books = self._books
        past = books.past.get(entry.session)
        # A session that ended in the line or at another stream left a seat behind here.
        refused = past is not None and (
            past.stream != stream.id
            or entry.state is SeatState.RESERVED
            or past.reason is ReleaseReason.CANCELLED
        )
        if refused:
            self._disown(stream, entry, "released")
            return
        books.past.pop(entry.session, None)
        state = _STATES[entry.state]
        session = Session(
            entry.session, stream.fleet, books.now, books.now, handed=True, state=state, fence=entry.fence
        )
        if state in SEATED:
            session.connected = books.now
        else:
            books.deadlines.set(("session", session.id), books.now + books.rules.arrival + books.rules.slack)
        books.enter(session)
        books.seat(session, stream)
        stream.unreported.discard(session.id)

    def _disown(self, stream: Stream, entry: SeatedSession, words: str) -> None:
        if stream.link is not None:
            self._books.effects.append(FreeSeat(stream.link, entry.session, entry.fence, words))

    def _unreported(self, stream: Stream, session: Session) -> None:
        if session.state in SEATED:
            # How it ended, and after how long, follows the state on the same link.
            self._books.deadlines.set(("session", session.id), self._books.now + EPILOGUE)
        else:
            stream.unreported.add(session.id)

    # --- single messages -----------------------------------------------------------------------

    def granted(self, link: int, session_id: str, fence: int) -> None:
        """Take a grant, if it is the one that its session waits for."""
        stream = self._stream(link)
        session = self._seating.claimed(session_id, stream, fence) if stream else None
        if session is not None:
            self._seating.grant(session)

    def refused(self, link: int, session_id: str, fence: int, reason: RefusedReason) -> None:
        """Take a refusal, if it is that of the claim that its session waits for."""
        stream = self._stream(link)
        session = self._seating.claimed(session_id, stream, fence) if stream else None
        if stream is not None and session is not None:
            self._seating.refuse(session, stream, reason)

    def ended(self, link: int, session_id: str, reason: EndedReason, seconds: float) -> None:
        """End a session that its stream says is over, or let it wait again if it never got there."""
        stream = self._stream(link)
        session = self._books.sessions.get(session_id)
        if stream is None or session is None or session.stream != stream.id:
            return
        if session.state is SessionState.CLAIMED:
            return  # what ended is the seat of an earlier claim; this one is unanswered yet
        if not session.handed:
            self._seating.blame(stream)
            self._seating.fail(session, MatchFailure.RESERVATION_ENDED)
            return
        if session.state is SessionState.RESERVED and reason is EndedReason.NO_SHOW:
            self._books.effects.append(Failed(session.fleet, MatchFailure.NO_SHOW))
        played = seconds if session.state in SEATED else None
        self._books.release(session, ReleaseReason.of(reason), played)
        self._seating.match(session.fleet)

    def lost(self, link: int) -> None:
        """Offer the stream of a broken link no more; the sessions on its seats live on."""
        stream = self._stream(link)
        if stream is None:
            return
        del self._books.links[link]
        stream.link = None
        self._books.refresh(stream)
        self._books.deadlines.set(("forget", stream.id), self._books.now + self._books.rules.forget)
        self._give_back_claimed(stream)
        if stream.vanished:
            self.forget(stream.id)
        self._seating.match(stream.fleet)

    def _give_back_claimed(self, stream: Stream) -> None:
        for name in list(stream.sessions):
            session = self._books.sessions[name]
            if session.state is SessionState.CLAIMED:
                self._books.give_back(session, MatchFailure.LINK_LOST)

    def forget(self, stream_id: str) -> None:
        """Give up on a stream whose link has been broken too long; its sessions are adopted if it returns.

        One that discovery sees alive is not given up: its players go on without us.
        """
        stream = self._books.streams.get(stream_id)
        if stream is None or stream.link is not None:
            return
        if stream.known and stream.alive:
            self._books.deadlines.set(("forget", stream.id), self._books.now + self._books.rules.forget)
            return
        for name in list(stream.sessions):
            session = self._books.sessions[name]
            if session.handed:
                self._books.release(session, ReleaseReason.LOST)
            else:
                self._books.give_back(session, MatchFailure.LINK_LOST)
        stream.taken, stream.seats, stream.ready = 0, 0, False
        if not stream.known:
            self._books.drop_stream(stream)
        self._seating.match(stream.fleet)

    def _stream(self, link: int) -> Stream | None:
        return self._books.streams.get(self._books.links.get(link, ""))
