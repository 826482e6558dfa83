"""A room, a clock and one short call for each event, for tests of what the room decides."""

from __future__ import annotations

from pixelstream.matchmaking import effects as fx
from pixelstream.matchmaking.books import Rules
from pixelstream.matchmaking.effects import Effect
from pixelstream.matchmaking.model import (
    Known,
    SessionState,
    Way,
)
from pixelstream.matchmaking.room import Room
from pixelstream.protocol.control import EndedReason, RefusedReason, SeatedSession, SeatState, State

Entry = tuple[str, SeatState, int]


class Script:
    """A room and a clock; each call returns the effects that it had."""

    def __init__(self, streams: tuple[str, ...] = ("s",), **rules: object) -> None:
        self.now = 0.0
        self.room = Room(Rules(**rules), 0.0)  # type: ignore[arg-type]
        self.room.discover({name: Known("default") for name in streams}, 0.0)
        self.seq = 0

    def effects(self) -> list[Effect]:
        return self.room.take_effects()

    def join(self, name: str, way: Way = Way.JOINED) -> list[Effect]:
        assert self.room.join(name, "default", self.now, way=way) is None
        return self.effects()

    def state(
        self, *entries: Entry, link: int = 1, stream: str = "s", seats: int = 1, taken: int | None = None,
        ready: bool = True, draining: bool = False, epoch: str = "e", seq: int | None = None,
    ) -> list[Effect]:  # fmt: skip
        self.seq += 1
        sessions = tuple(SeatedSession(session=n, state=s, fence=f) for n, s, f in entries)
        message = State(
            seq=self.seq if seq is None else seq, epoch=epoch, stream=stream, fleet="default", seats=seats,
            taken=len(entries) if taken is None else taken, ready=ready, draining=draining, sessions=sessions,
        )  # fmt: skip
        self.room.report(link, message, self.now)
        return self.effects()

    def granted(self, name: str, fence: int, link: int = 1) -> list[Effect]:
        self.room.granted(link, name, fence, self.now)
        return self.effects()

    def refused(self, name: str, fence: int, reason: RefusedReason = RefusedReason.FULL) -> list[Effect]:
        self.room.refused(1, name, fence, reason, self.now)
        return self.effects()

    def ended(self, name: str, reason: EndedReason = EndedReason.LEFT, seconds: float = 0.0) -> list[Effect]:
        self.room.ended(1, name, reason, seconds, self.now)
        return self.effects()

    def wait(self, seconds: float) -> list[Effect]:
        self.now += seconds
        self.room.tick(self.now)
        return self.effects()

    def of(self, name: str) -> SessionState:
        session = self.room.session(name)
        assert session
        return session.state

    def seat(self, name: str, way: Way = Way.HANDOFF) -> int:
        """Bring a player to the seat of a free stream; returns its fence."""
        if not self.room.books.links:
            self.state()
        self.join(name, way)
        fence = self.room.books.sessions[name].fence
        self.granted(name, fence)
        self.room.hand(name, self.now)
        self.state((name, SeatState.CONNECTED, fence))
        assert self.of(name) is SessionState.CONNECTED
        return fence


def kinds(effects: list[Effect]) -> list[str]:
    return [type(effect).__name__ for effect in effects if not isinstance(effect, fx.LineMoved)]
