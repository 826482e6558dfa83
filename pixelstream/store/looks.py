"""What a room shows of itself: copies for lists, notices and metrics; both stores look through this.

The trap: looking moves the room's own clock, so it must be the same clock that its moves are given.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import islice

import structlog

from pixelstream.matchmaking.effects import Released
from pixelstream.matchmaking.fleet import Fleet
from pixelstream.matchmaking.model import SEATED, Session, SessionState, Stream
from pixelstream.matchmaking.room import Room
from pixelstream.matchmaking.usage import GpuState, Occupied
from pixelstream.matchmaking.views import FleetView, Place, SeatView, StreamView
from pixelstream.store.base import Ear

log = structlog.get_logger(__name__)


class Looks:
    """Views of `room` at the time that `clock` tells."""

    def __init__(self, room: Room, clock: Callable[[], float]) -> None:
        self.room, self._clock = room, clock

    def place(self, session: str) -> Place | None:
        """See `Store.place`."""
        found = self.room.session(session)
        return self._place(found) if found else None

    def places(self, sessions: Sequence[str]) -> list[Place]:
        """See `Store.places`."""
        self.room.books.now = self._clock()
        known = self.room.books.sessions
        return [self._place(found) for name in sessions if (found := known.get(name))]

    def streams(self) -> list[StreamView]:
        """See `Store.streams`."""
        self.room.books.now = self._clock()
        return [self._stream(stream) for _, stream in sorted(self.room.books.streams.items())]

    def occupied(self, mine: Callable[[int | None], bool]) -> list[Occupied]:
        """See `Store.occupied`; `mine` says whether a stream with this link, or none, is ours."""
        return [self._occupied(stream) for stream in self.room.books.streams.values() if mine(stream.link)]

    def fleets(self) -> list[FleetView]:
        """See `Store.fleets`."""
        self.room.books.now = self._clock()
        books = self.room.books
        return [self._fleet(books.fleet(name)) for name in books.joinables()]

    def queue(self, limit: int) -> list[Place]:
        """See `Store.queue`."""
        books = self.room.books
        waiting = (name for _, fleet in sorted(books.fleets.items()) for name in fleet.line)
        return self.places(list(islice(waiting, limit)))

    def _place(self, session: Session) -> Place:
        books = self.room.books
        fleet = books.fleet(session.fleet)
        books.prospects.outlook(fleet)
        return Place(
            session.id,
            session.fleet,
            session.state,
            self.room.position(session),
            self.room.estimate(session),
            max(0.0, books.now - session.joined),
            fleet.seats,
            session.stream,
            session.fence,
            session.user,
            session.reason,
            session.joined,
            fleet.supply,
        )

    def _stream(self, stream: Stream) -> StreamView:
        books = self.room.books
        sessions = [books.sessions[name] for name in stream.sessions]
        return StreamView(
            id=stream.id,
            fleet=stream.fleet,
            state=_state(stream, {session.state for session in sessions}, books.now),
            seats=stream.seats,
            taken=stream.taken,
            pending=len(stream.unreported),
            ready=stream.ready,
            draining=stream.draining,
            linked=stream.link is not None,
            engine=stream.engine,
            version=stream.version,
            silent=None if stream.heard is None else books.now - stream.heard,
            sessions=[SeatView(s.id, s.state, books.now - s.since) for s in sessions],
        )

    def _occupied(self, stream: Stream) -> Occupied:
        sessions = self.room.books.sessions
        seated = sum(sessions[name].state in SEATED for name in stream.sessions)
        told = len(stream.sessions) - len(stream.unreported)
        nameless = max(0, stream.taken - stream.resetting - told)
        if stream.used:
            return Occupied(stream.id, stream.fleet, GpuState.BUSY, seated + nameless)
        state = GpuState.IDLE if stream.ready else GpuState.STARTING
        return Occupied(stream.id, stream.fleet, state, 0)

    def _fleet(self, fleet: Fleet) -> FleetView:
        books = self.room.books
        streams = [books.streams[name] for name in fleet.streams]
        books.prospects.outlook(fleet)
        offered = [stream for stream in streams if stream.id in fleet.offer]
        return FleetView(
            name=fleet.name,
            streams=len(streams),
            ready=sum(s.ready and s.offered and not s.draining and s.link is not None for s in streams),
            available=len(offered),
            idle=sum(not stream.used for stream in offered),
            taken=sum(stream.used for stream in streams),
            seats=fleet.seats,
            waiting=fleet.line.waiting,
            size=books.prospects.size(fleet),
            estimate=0.0 if offered else books.prospects.wait(fleet, fleet.line.waiting + 1),
            supply=fleet.supply,
        )


def tell_end(room: Room, effect: Released, ears: Sequence[Ear]) -> None:
    """Tell all `ears` a session that was just released."""
    session = room.session(effect.session)
    if session is None or session.state is not SessionState.RELEASED:
        return  # its stream has it again
    for ear in ears:
        try:
            ear(session, effect.seconds)
        except Exception:  # a row that can't be kept must not keep others from their effects
            log.exception("end of a session not kept", session=session.id)


def _state(stream: Stream, states: set[SessionState], now: float) -> str:
    """Return the one word for a stream: what keeps players away first, then who is there."""
    away = {
        "unlinked": stream.link is None,
        "unlisted": not stream.known,
        "draining": stream.draining,
        "not_ready": not (stream.ready and stream.offered),
    }
    if reasons := [word for word, holds in away.items() if holds]:
        return reasons[0]
    if stream.used == 0:
        return "resting" if stream.doubted or now < stream.rests_until else "free"
    if states and states <= {SessionState.CLAIMED, SessionState.RESERVED}:
        return "reserved"
    return "away" if states == {SessionState.AWAY} else "taken"
