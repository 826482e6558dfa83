"""The store that many matchmakers share: one log of events in Valkey, the same room at every replica.

Every move is an event at the end of the log; every replica reads the log and carries it out on its own
copy of the room. So the order is global, each move is atomic, and looking costs no round trip. While
the server can't be reached nothing is matched, nothing is forgotten: whoever comes is noted, and once
there is a server again each replica enters the room with all that it holds.

The trap: a move other than `join` and `end` returns before it is carried out; a look that follows it
waits for it, but `places` doesn't, since it is asked all the time.
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import structlog

from pixelstream.matchmaking.books import Rules
from pixelstream.matchmaking.effects import Changed, Displaced, Effect, Matched, Released, Returned
from pixelstream.matchmaking.model import SEATED, JoinRefusal, Known, ReleaseReason, SessionState, Visit, Way
from pixelstream.matchmaking.usage import Occupied
from pixelstream.matchmaking.views import FleetView, Place, Sharing, StreamView
from pixelstream.protocol.control import EndedReason, RefusedReason, State
from pixelstream.store.base import Ear, Joined, Sink, StoreWatcher, at_once
from pixelstream.store.clients import Address
from pixelstream.store.follower import Follower
from pixelstream.store.holding import Holding, write_streams, write_visit
from pixelstream.store.looks import tell_end
from pixelstream.store.machine import Told

log = structlog.get_logger(__name__)


class ValkeyStore:
    """`Store` on a server that others use as well.

    Args:
        rules: what the settings decide; its sizes may change.
        address: where the server is; a function is asked anew for each connection, as a password may change.
        presence: seconds after which a silent replica counts as dead.
    """

    kind = "valkey"

    def __init__(
        self, rules: Rules, address: Address | Callable[[], Address], *, presence: float = 5.0
    ) -> None:
        self._holding = Holding(rules, presence)
        self._sinks: list[Sink] = []
        self._ears: list[Ear] = []
        self._draining = False
        self._untold: set[str] = set()
        self._follower = Follower(
            secrets.token_hex(8),
            address if callable(address) else lambda: address,
            self._holding,
            told=self._told,
            entered=self._entered,
        )

    def now(self) -> float:
        """See `Store.now`: the server's clock, whatever this machine's says."""
        return self._follower.now()

    @property
    def sharing(self) -> Sharing:
        """See `Store.sharing`."""
        follower = self._follower
        return Sharing(
            up=follower.entered,
            met=follower.looks is not None,
            replicas=len(follower.machine.members),
            lag=follower.lag,
        )

    def watch(self, watcher: StoreWatcher) -> None:
        """See `Store.watch`."""
        self._follower.watchers.append(watcher)

    def listen(self, sink: Sink) -> None:
        """See `Store.listen`."""
        self._sinks.append(sink)

    def hear(self, ear: Ear) -> None:
        """See `Store.hear`."""
        self._ears.append(ear)

    async def close(self) -> None:
        """See `Store.close`; the other replicas needn't wait for our silence."""
        await self._follower.close()
        self._sinks.clear()

    async def ready(self) -> None:
        """Wait until this replica has entered the room and players are matched."""
        await self._follower.ready()

    @property
    def connected(self) -> bool:
        """Whether this replica is in the room now."""
        return self._follower.entered

    # --- moves -------------------------------------------------------------------------------

    def join(self, session: str, fleet: str, *, user: str | None = None, way: Way = Way.JOINED) -> Joined:
        """See `Store.join`; without a server a player waits for it, a REST caller is refused."""
        if self._draining:
            return at_once(JoinRefusal.DRAINING)
        if not self.connected and way is Way.REMOTE:
            return at_once(JoinRefusal.UNAVAILABLE)
        now = self._follower.now()
        visit = Visit(session, fleet, now, user, way, came=now)
        self._holding.visits[session] = visit
        self._untold.add(session)
        return self._joined(visit, self._follower.ask("join", session, fleet, user, way.value))

    def resume(self, visit: Visit) -> Joined:
        """See `Store.resume`; without a server its place is kept here until there is one."""
        if self._draining:
            return at_once(JoinRefusal.DRAINING)
        visit = replace(visit, came=self._follower.now())
        self._holding.visits[visit.session] = visit
        self._untold.add(visit.session)
        return self._joined(visit, self._follower.ask("resume", write_visit(visit)))

    async def _joined(self, visit: Visit, answer: Awaitable[str | None]) -> JoinRefusal | None:
        refusal = await answer
        if refusal is not None and self._holding.visits.get(visit.session) is visit:
            self._holding.visits.pop(visit.session, None)
        if self.connected:
            self._untold.discard(visit.session)
        if (found := self._follower.session(visit.session)) is not None:
            visit.joined = found.joined
        return JoinRefusal(refusal) if refusal is not None else None

    async def leave(self, session: str) -> None:
        """See `Store.leave`."""
        self._holding.visits.pop(session, None)
        self._follower.post("leave", session)

    async def desert(self, session: str) -> None:
        """See `Store.desert`."""
        self._holding.visits.pop(session, None)
        self._follower.post("desert", session)

    async def hand(self, session: str) -> None:
        """See `Store.hand`."""
        if (visit := self._holding.visits.get(session)) is not None:
            visit.handed = True
        self._follower.post("hand", session)

    async def fail(self, session: str) -> None:
        """See `Store.fail`."""
        self._follower.post("fail", session)

    async def end(self, session: str) -> bool:
        """See `Store.end`; false as well if the server can't be reached."""
        return await self._follower.ask("end", session) is True

    async def touch(self, session: str) -> None:
        """See `Store.touch`."""
        self._follower.post("touch", session)

    async def drain(self) -> None:
        """See `Store.drain`."""
        self._draining = True

    async def discover(self, streams: Mapping[str, Known]) -> None:
        """See `Store.discover`; streams that any replica sees are there."""
        if self._holding.streams != streams:
            self._holding.streams = dict(streams)
            self._follower.post("discover", write_streams(self._holding.streams))

    async def report(self, link: int, state: State) -> None:
        """See `Store.report`."""
        self._holding.since.setdefault(link, self._follower.now())
        last = self._holding.links.get(link)
        if last is None or last.epoch != state.epoch or last.seq <= state.seq:
            self._holding.links[link] = state
        self._follower.post("report", link, state.model_dump(mode="json"))

    async def granted(self, link: int, session: str, fence: int) -> None:
        """See `Store.granted`."""
        self._follower.post("granted", link, session, fence)

    async def refused(self, link: int, session: str, fence: int, reason: RefusedReason) -> None:
        """See `Store.refused`."""
        self._follower.post("refused", link, session, fence, reason.value)

    async def ended(self, link: int, session: str, reason: EndedReason, seconds: float) -> None:
        """See `Store.ended`."""
        self._follower.post("ended", link, session, reason.value, seconds)

    async def link_lost(self, link: int) -> None:
        """See `Store.link_lost`."""
        self._holding.links.pop(link, None)
        self._holding.since.pop(link, None)
        self._follower.post("link_lost", link)

    # --- views -------------------------------------------------------------------------------

    async def place(self, session: str) -> Place | None:
        """See `Store.place`."""
        await self._follower.settle()
        found = looks.place(session) if (looks := self._follower.looks) else None
        visit = self._holding.visits.get(session)
        return found or (self._unplaced(visit) if visit else None)

    async def places(self, sessions: Sequence[str]) -> list[Place]:
        """See `Store.places`."""
        found = looks.places(sessions) if (looks := self._follower.looks) else []
        if len(found) == len(sessions):
            return found
        here = {place.session for place in found}
        visits = [self._holding.visits.get(name) for name in sessions if name not in here]
        return [*found, *(self._unplaced(visit) for visit in visits if visit is not None)]

    def _unplaced(self, visit: Visit) -> Place:
        """Where a player stands who came while there was no server: it waits, and has no number yet."""
        waited = max(0.0, self._follower.now() - visit.joined)
        return Place(
            session=visit.session,
            fleet=visit.fleet,
            state=SessionState.WAITING,
            position=None,
            estimate=None,
            waited=waited,
            capacity=0,
            stream=None,
            fence=0,
            user=visit.user,
            reason=None,
            joined=visit.joined,
        )

    async def streams(self) -> list[StreamView]:
        """See `Store.streams`."""
        await self._follower.settle()
        looks = self._follower.looks
        return looks.streams() if looks else []

    async def fleets(self) -> list[FleetView]:
        """See `Store.fleets`."""
        await self._follower.settle()
        looks = self._follower.looks
        return looks.fleets() if looks else []

    async def queue(self, limit: int) -> list[Place]:
        """See `Store.queue`."""
        await self._follower.settle()
        looks = self._follower.looks
        return looks.queue(limit) if looks else []

    async def occupied(self) -> list[Occupied]:
        """See `Store.occupied`: those whose link is here; one without a link is its first member's."""
        looks, machine, me = self._follower.looks, self._follower.machine, self._follower.me
        first = self._follower.entered and min(machine.members, default=me) == me

        def mine(link: int | None) -> bool:
            return first if link is None else machine.home(link) == me

        return looks.occupied(mine) if looks else []

    async def sessions(self) -> Mapping[SessionState, int]:
        """See `Store.sessions`."""
        await self._follower.settle()
        room = self._follower.machine.room
        return room.books.count if room else {}

    # --- what follows ------------------------------------------------------------------------

    def _entered(self) -> None:
        """Let those be told their place who came while there was no room."""
        untold, self._untold = self._untold, set()
        for session in sorted(untold):
            found = self._follower.session(session)
            if found is not None and found.state is SessionState.WAITING:
                self._hand_out(Returned(session))

    def _told(self, told: Told) -> None:
        if isinstance(told.effect, Released) and self._follower.machine.room is not None:
            tell_end(self._follower.machine.room, told.effect, self._ears)
        if told.owner is not None and told.owner != self._follower.me:
            return
        self._note(told.effect)
        self._hand_out(told.effect)

    def _note(self, effect: Effect) -> None:
        """Keep what is held in step: a player on its seat is its stream's to tell of."""
        visits = self._holding.visits
        match effect:
            case Matched(session=session, stream=stream, fence=fence):
                if (visit := visits.get(session)) is not None:
                    visit.stream, visit.fence = stream, fence
                    visit.handed = visit.way is not Way.JOINED
            case Returned(session=session):
                if (visit := visits.get(session)) is not None:
                    visit.stream, visit.handed = None, False
            case Released(session=session, reason=reason):
                visit = visits.get(session)
                # One that left and has come back with its ticket meanwhile is on its way in again.
                if visit is not None and (visit.handed or reason is not ReleaseReason.LEFT):
                    del visits[session]
            case Displaced(session=session):
                visits.pop(session, None)
            case Changed(session=session, state=state) if state in SEATED:
                if (visit := visits.get(session)) is not None and visit.handed:
                    del visits[session]

    def _hand_out(self, effect: Effect) -> None:
        for sink in self._sinks:
            _carry_out(sink, effect)


def _carry_out(sink: Callable[[Effect], Any], effect: Effect) -> None:
    try:
        sink(effect)
    except Exception:  # a fault over one session must not keep the others from their effects
        log.exception("effect failed", effect=type(effect).__name__)
