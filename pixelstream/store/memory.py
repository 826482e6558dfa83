"""The store of a single matchmaker: the pure room, a clock, and a timer for its deadlines.

No move awaits anything, so each is atomic by itself on one event loop. The trap: a restart forgets
everybody who waits, until they come back with their tickets; sessions on seats come back with the
streams' states, since fences start from the wall clock and leases need no store.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence

import structlog

from pixelstream.matchmaking.books import Rules
from pixelstream.matchmaking.effects import Effect, Released
from pixelstream.matchmaking.model import Known, SessionState, Visit, Way
from pixelstream.matchmaking.room import Room
from pixelstream.matchmaking.usage import Occupied
from pixelstream.matchmaking.views import FleetView, Place, Sharing, StreamView
from pixelstream.protocol.control import EndedReason, RefusedReason, State
from pixelstream.store.base import Ear, Joined, Sink, StoreWatcher, at_once
from pixelstream.store.looks import Looks, tell_end

RETURNING = 10.0
"""Seconds after its birth in which a room takes in who waited in the one before."""
GATHER = 1.0
"""Seconds after each of them in which nobody is matched, so that the first in line is the first."""

log = structlog.get_logger(__name__)


class MemoryStore:
    """`Store` in this process's memory.

    Args:
        rules: what the settings decide.
        clock: seconds since 1970 that never go back; by default the event loop's from now on.
    """

    kind = "memory"

    def __init__(self, rules: Rules, clock: Callable[[], float] | None = None) -> None:
        self._loop = asyncio.get_running_loop()
        self._clock = clock or self._time
        self._epoch = time.time() - self._loop.time()
        self._room = Room(rules, self._clock())
        self._looks = Looks(self._room, self._clock)
        self._sinks: list[Sink] = []
        self._ears: list[Ear] = []
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at: float | None = None
        self._gathers_until = self._loop.time() + RETURNING
        self._beginning: asyncio.TimerHandle | None = None

    def now(self) -> float:
        """See `Store.now`."""
        return self._clock()

    @property
    def sharing(self) -> Sharing:
        """See `Store.sharing`: there is nothing that could be lost, and nobody else."""
        return Sharing()

    def watch(self, watcher: StoreWatcher) -> None:
        """See `Store.watch`; nothing ever happens."""

    def listen(self, sink: Sink) -> None:
        """See `Store.listen`."""
        self._sinks.append(sink)

    def hear(self, ear: Ear) -> None:
        """See `Store.hear`."""
        self._ears.append(ear)

    async def close(self) -> None:
        """See `Store.close`."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = self._timer_at = None
        if self._beginning is not None:
            self._beginning.cancel()
        self._sinks.clear()

    # --- moves -------------------------------------------------------------------------------

    def join(self, session: str, fleet: str, *, user: str | None = None, way: Way = Way.JOINED) -> Joined:
        """See `Store.join`."""
        refusal = self._room.join(session, fleet, self._clock(), user=user, way=way)
        self._after()
        return at_once(refusal)

    def resume(self, visit: Visit) -> Joined:
        """See `Store.resume`; a young room waits for the others of the one before."""
        self._gather()
        refusal = self._room.resume(visit, self._clock())
        self._after()
        return at_once(refusal)

    async def leave(self, session: str) -> None:
        """See `Store.leave`."""
        self._room.leave(session, self._clock())
        self._after()

    async def desert(self, session: str) -> None:
        """See `Store.desert`."""
        self._room.desert(session, self._clock())
        self._after()

    async def hand(self, session: str) -> None:
        """See `Store.hand`."""
        self._room.hand(session, self._clock())
        self._after()

    async def fail(self, session: str) -> None:
        """See `Store.fail`."""
        self._room.fail(session, self._clock())
        self._after()

    async def end(self, session: str) -> bool:
        """See `Store.end`."""
        done = self._room.end(session, self._clock())
        self._after()
        return done

    async def touch(self, session: str) -> None:
        """See `Store.touch`."""
        self._room.touch(session, self._clock())

    async def drain(self) -> None:
        """See `Store.drain`."""
        self._room.drain()

    async def discover(self, streams: Mapping[str, Known]) -> None:
        """See `Store.discover`."""
        self._room.discover(streams, self._clock())
        self._after()

    async def report(self, link: int, state: State) -> None:
        """See `Store.report`."""
        self._room.report(link, state, self._clock())
        self._after()

    async def granted(self, link: int, session: str, fence: int) -> None:
        """See `Store.granted`."""
        self._room.granted(link, session, fence, self._clock())
        self._after()

    async def refused(self, link: int, session: str, fence: int, reason: RefusedReason) -> None:
        """See `Store.refused`."""
        self._room.refused(link, session, fence, reason, self._clock())
        self._after()

    async def ended(self, link: int, session: str, reason: EndedReason, seconds: float) -> None:
        """See `Store.ended`."""
        self._room.ended(link, session, reason, seconds, self._clock())
        self._after()

    async def link_lost(self, link: int) -> None:
        """See `Store.link_lost`."""
        self._room.link_lost(link, self._clock())
        self._after()

    # --- views -------------------------------------------------------------------------------

    async def place(self, session: str) -> Place | None:
        """See `Store.place`."""
        return self._looks.place(session)

    async def places(self, sessions: Sequence[str]) -> list[Place]:
        """See `Store.places`."""
        return self._looks.places(sessions)

    async def streams(self) -> list[StreamView]:
        """See `Store.streams`."""
        return self._looks.streams()

    async def fleets(self) -> list[FleetView]:
        """See `Store.fleets`."""
        return self._looks.fleets()

    async def queue(self, limit: int) -> list[Place]:
        """See `Store.queue`."""
        return self._looks.queue(limit)

    async def occupied(self) -> list[Occupied]:
        """See `Store.occupied`: all are ours."""
        return self._looks.occupied(lambda _: True)

    async def sessions(self) -> Mapping[SessionState, int]:
        """See `Store.sessions`."""
        return self._room.books.count

    # --- inside ------------------------------------------------------------------------------

    def _time(self) -> float:
        return self._epoch + self._loop.time()

    def _gather(self) -> None:
        left = self._gathers_until - self._loop.time()
        if left <= 0:
            return
        self._room.hold()
        if self._beginning is not None:
            self._beginning.cancel()
        self._beginning = self._loop.call_later(min(left, GATHER), self._begin)

    def _begin(self) -> None:
        self._beginning = None
        self._room.begin(self._clock())
        self._after()

    def _after(self) -> None:
        """Hand out what followed from a move, and wake up at the next deadline."""
        for effect in self._room.take_effects():
            if isinstance(effect, Released):
                tell_end(self._room, effect, self._ears)
            for sink in self._sinks:
                self._tell(sink, effect)
        due = self._room.next_deadline()
        # A timer that fires too early does nothing and is set anew; most moves only push deadlines back.
        if due is not None and (self._timer_at is None or due < self._timer_at):
            if self._timer is not None:
                self._timer.cancel()
            self._timer_at = due
            self._timer = self._loop.call_later(max(0.0, due - self._clock()), self._due)

    def _tell(self, sink: Sink, effect: Effect) -> None:
        try:
            sink(effect)
        except Exception:  # a fault over one session must not keep the others from their effects
            log.exception("effect failed", effect=type(effect).__name__)

    def _due(self) -> None:
        """Let what has come already be carried out first: after a stall the timer is ahead of the answers."""
        self._timer = self._timer_at = None
        self._loop.call_soon(self._tick)

    def _tick(self) -> None:
        self._room.tick(self._clock())
        self._after()
