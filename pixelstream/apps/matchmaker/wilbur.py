"""Unmodified Epic signalling servers: looked at by their REST API, with seats that are kept on their behalf.

There is no control link and no lease, so a claim is our own count and a look taken just then, and players
are joined by the matchmaker. Of replicas that share a store one at a time speaks for a server: whoever finds
that nobody does begins, and whoever hears that a newer one has begun stops. The trap: a player may be
joined at another replica than the one that speaks; that one learns of it from the store.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

import structlog

from pixelstream.apps.matchmaker.core import Core
from pixelstream.apps.matchmaker.directory import Address
from pixelstream.matchmaking.effects import AskSeat, FreeSeat
from pixelstream.matchmaking.model import SessionState
from pixelstream.matchmaking.views import StreamView
from pixelstream.matchmaking.wilbur import Occupancy, WilburSeats
from pixelstream.net.wilbur import WilburRest, ask
from pixelstream.protocol.control import (
    Claim,
    Ended,
    EndedReason,
    FromSignalserver,
    Granted,
    Refused,
    SeatState,
    State,
)
from pixelstream.settings.matchmaker import Wilbur

TURN = 0.25
"""Seconds between two turns over all servers."""
LOOKS = 32
"""Looks that are under way at once."""
ASK_LEAST = 10.0
"""Seconds between two looks at a server without REST, which logs each."""

_SEATS = {
    SessionState.RESERVED: SeatState.RESERVED,
    SessionState.CONNECTED: SeatState.CONNECTED,
    SessionState.AWAY: SeatState.AWAY,
}

log = structlog.get_logger(__name__)


@dataclass(slots=True, eq=False)
class Server:
    """One server; `link` is the number under which we speak for it, if we do."""

    name: str
    address: Address
    rest: WilburRest | None
    seats: WilburSeats
    link: int | None = None
    due: float = 0.0
    looking: bool = False


class WilburServers:
    """All unmodified servers that discovery names.

    Args:
        numbers: makes the numbers of links, of all kinds.
        arrival: seconds that a claimed seat is reserved.
        shared: other replicas join players too; then a server without REST isn't spoken for.
        heard: is told each state that we say for a server.
        part: closes the joined sockets of a session of this replica.
    """

    def __init__(
        self,
        *,
        core: Core,
        settings: Wilbur,
        numbers: Iterator[int],
        arrival: float,
        shared: bool,
        heard: Callable[[State], None],
        part: Callable[[str], None],
    ) -> None:
        self._store, self._inbox = core.store, core.inbox
        self._settings, self._numbers, self._arrival = settings, numbers, arrival
        self._shared = shared
        self._heard, self._part = heard, part
        self._loop = asyncio.get_running_loop()
        self._servers: dict[str, Server] = {}
        self._links: dict[int, Server] = {}
        self._here: dict[str, str] = {}
        self._told: set[str] = set()
        self._slots = asyncio.Semaphore(LOOKS)
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def count(self) -> int:
        """For how many servers we speak."""
        return len(self._links)

    def take(self, streams: Mapping[str, Address]) -> None:
        """Take over which servers there are; streams of other kinds are overlooked."""
        wanted = {name: one for name, one in streams.items() if self._seen(name, one)}
        for name in [name for name, one in self._servers.items() if wanted.get(name) != one.address]:
            self._drop(self._servers.pop(name))
        for name in wanted.keys() - self._servers.keys():
            self._servers[name] = self._make(name, wanted[name])

    def _seen(self, name: str, address: Address) -> bool:
        """Whether it is such a server, and we can know how many players it has."""
        if address.wilbur is None:
            return False
        if self._shared and address.wilbur.rest is None:
            if name not in self._told:
                self._told.add(name)
                log.warning("not served: without REST no replica sees the others' players", stream=name)
            return False
        return True

    def _make(self, name: str, address: Address) -> Server:
        rest = address.wilbur.rest if address.wilbur else None
        return Server(name, address, WilburRest(rest) if rest else None, self._seats(name, address))

    def _seats(self, name: str, address: Address) -> WilburSeats:
        seats = address.wilbur.seats if address.wilbur else 1
        return WilburSeats(name, address.fleet, seats, secrets.token_hex(8))

    def _drop(self, server: Server) -> None:
        if server.rest is not None:
            server.rest.close()
        if server.link is not None:
            del self._links[server.link]
            self._inbox.put(partial(self._store.link_lost, server.link))
            server.link = None

    async def close(self) -> None:
        """Give up what is under way."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for server in self._servers.values():
            if server.rest is not None:
                server.rest.close()

    # --- what the store wants ----------------------------------------------------------------

    def say(self, effect: AskSeat | FreeSeat) -> bool:
        """Claim or free a seat; false if the link isn't one of these."""
        server = self._links.get(effect.link)
        if server is None:
            return False
        if isinstance(effect, AskSeat):
            self._spawn(self._claim(server, effect.link, effect))
        else:
            self._part(effect.session)
            now = self._loop.time()
            self._say(server, server.seats.parted(effect.session, EndedReason.RELEASED, now))
        return True

    def replace(self, number: int) -> None:
        """Stop speaking for a server: another replica does."""
        server = self._links.pop(number, None)
        if server is not None:
            server.link = None
            log.info("another replica speaks for this server", stream=server.name)

    def released(self, session: str) -> None:
        """Close the sockets of a session that is over."""
        if session in self._here:
            self._part(session)

    async def _claim(self, server: Server, link: int, effect: AskSeat) -> None:
        await self._look(server)
        if server.link != link:
            return  # whoever speaks for it now is asked again
        fence = effect.fence
        claim = Claim(claim=str(fence), session=effect.session, fence=fence, deadline=self._arrival)
        self._say(server, server.seats.claim(claim, self._loop.time()))

    # --- players -----------------------------------------------------------------------------

    def joined(self, session: str, stream: str) -> None:
        """Note that a player of this replica is joined to a server."""
        if server := self._servers.get(stream):
            self._here[session] = stream
            self._say(server, server.seats.joined(session, self._loop.time()))

    def parted(self, session: str) -> None:
        """Note that a joined player's socket is gone."""
        server = self._servers.get(self._here.pop(session, ""))
        if server is None:
            return
        if server.link is not None:
            self._say(server, server.seats.parted(session, EndedReason.LEFT, self._loop.time()))
        else:
            self._inbox.put(partial(self._store.end, session))

    # --- looking -----------------------------------------------------------------------------

    async def watch(self) -> None:
        """Look at all servers again and again, until cancelled."""
        while True:
            await asyncio.sleep(TURN)
            if self._servers:
                await self._turn()

    async def _turn(self) -> None:
        now = self._loop.time()
        due = [server for server in self._servers.values() if now >= server.due and not server.looking]
        if any(server.link is None for server in due):
            known = {view.id: view for view in await self._store.streams()}
        else:
            known = {}
        for server in due:
            view = known.get(server.name)
            least = 0.0 if server.rest else ASK_LEAST
            server.due = now + max(self._settings.poll, least)
            if server.link is not None or view is None or not view.linked:
                self._spawn(self._visit(server, view))
        for server in list(self._links.values()):
            await self._follow(server, now)

    async def _visit(self, server: Server, view: StreamView | None) -> None:
        said = await self._look(server)
        if self._servers.get(server.name) is not server:
            return
        if server.link is None:
            await self._begin(server, view)
        else:
            self._say(server, said)

    async def _look(self, server: Server) -> list[FromSignalserver]:
        server.looking = True
        try:
            async with self._slots:
                deadline = self._settings.answer
                if server.rest is not None:
                    seen: Occupancy = await server.rest.look(deadline)
                else:
                    seen = await ask(f"{server.address.url}/", deadline)
        finally:
            server.looking = False
        return server.seats.look(seen, self._loop.time())

    async def _begin(self, server: Server, view: StreamView | None) -> None:
        """Speak for a server, with the sessions that the store has at it."""
        old, server.seats = server.seats, self._seats(server.name, server.address)
        sessions = []
        for seat in view.sessions if view else ():
            place = await self._store.place(seat.session)
            if place is not None and place.stream == server.name and seat.state in _SEATS:
                sessions.append((seat.session, _SEATS[seat.state], place.fence))
        now = self._loop.time()
        server.seats.adopt(sessions, now, self._arrival, here=self._here)
        server.seats.look(old.seen, now)
        server.link = next(self._numbers)
        self._links[server.link] = server
        log.info("speaking for a server", stream=server.name, sessions=len(sessions))
        self._say(server, [server.seats.state()])

    async def _follow(self, server: Server, now: float) -> None:
        """Learn of players that other replicas have joined, and give up those that didn't come."""
        for session in server.seats.reserved():
            place = await self._store.place(session)
            if place is not None and place.state is SessionState.RESERVED and place.position is None:
                self._say(server, server.seats.joined(session, now, here=session in self._here))
        self._say(server, server.seats.tick(now))

    def _say(self, server: Server, messages: Iterable[FromSignalserver]) -> None:
        if server.link is None:
            return
        store, number = self._store, server.link
        for message in messages:
            match message:
                case State():
                    self._heard(message)
                    self._inbox.put(partial(store.report, number, message))
                case Granted(claim=claim, session=session):
                    self._inbox.put(partial(store.granted, number, session, int(claim)))
                case Refused(claim=claim, session=session, reason=reason):
                    self._inbox.put(partial(store.refused, number, session, int(claim), reason))
                case Ended(session=session, reason=ended, seconds=seconds):
                    self._inbox.put(partial(store.ended, number, session, ended, seconds))

    def _spawn(self, job: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(job)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
