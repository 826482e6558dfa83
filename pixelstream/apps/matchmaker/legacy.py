"""Old signalling servers: Epic's TCP link on port 9999, each with a seat that is kept on its behalf.

The traps: nothing proves who connects, so a server counts only from an allowed network and with an
allowed player port, and it is dialled at the address that its connection comes from, never at the
one that it tells; and it reconnects after 5 s with a new socket, so its seat outlives the socket.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from ipaddress import IPv6Address, ip_address
from typing import cast

import structlog

from pixelstream.apps.matchmaker.core import Core
from pixelstream.apps.matchmaker.directory import Address
from pixelstream.apps.matchmaker.legacylink import LegacyLink, Server
from pixelstream.matchmaking.effects import AskSeat, FreeSeat
from pixelstream.matchmaking.legacy import LegacySeat
from pixelstream.metrics.matchmaker import LinkFault
from pixelstream.protocol.control import Claim, Ended, EndedReason, FromSignalserver, Granted, Refused, State
from pixelstream.protocol.legacy import LegacyError, LegacyMessage
from pixelstream.settings.matchmaker import Legacy

WATCH_INTERVAL = 1.0
SOURCE = "legacy"

log = structlog.get_logger(__name__)


class LegacyServers:
    """All old servers, and the port that they connect to.

    Args:
        numbers: makes the numbers of links, of all kinds.
        arrival: seconds that a claimed seat is reserved.
        forget: seconds that a server without a link keeps its seat.
        tell: takes all streams of this source when they change.
        part: closes the joined sockets of a session.
    """

    def __init__(
        self,
        *,
        core: Core,
        settings: Legacy,
        numbers: Iterator[int],
        arrival: float,
        forget: float,
        tell: Callable[[Mapping[str, Address]], None],
        part: Callable[[str], None],
    ) -> None:
        self._store, self._inbox, self.metrics = core.store, core.inbox, core.metrics
        self._settings = settings
        self._numbers = numbers
        self._arrival, self._forget = arrival, forget
        self._tell, self._part = tell, part
        self._loop = asyncio.get_running_loop()
        self._servers: dict[str, Server] = {}
        self._links: set[LegacyLink] = set()
        self._server: asyncio.Server | None = None

    @property
    def count(self) -> int:
        """How many links are open."""
        return len(self._links)

    @property
    def port(self) -> int:
        """The port it listens on."""
        server = cast("asyncio.Server", self._server)
        return int(server.sockets[0].getsockname()[1])

    async def listen(self) -> None:
        """Open the port.

        Raises:
            OSError: it can't be had.
        """
        self._server = await self._loop.create_server(
            lambda: LegacyLink(self, next(self._numbers)), self._settings.host, self._settings.port
        )

    async def close(self) -> None:
        """Close the port and all links."""
        if self._server is not None:
            self._server.close()
        for link in list(self._links):
            link.abort()

    def find(self, stream: str) -> Server | None:
        """Return an old server by its stream's id."""
        return self._servers.get(stream)

    # --- links -------------------------------------------------------------------------------

    def accepts(self, host: str) -> bool:
        """Whether a server may come from this address."""
        if len(self._links) >= self._settings.max_servers:
            return False
        address = ip_address(host.partition("%")[0])
        if isinstance(address, IPv6Address) and address.ipv4_mapped:
            address = address.ipv4_mapped
        return any(address in network for network in self._settings.allow)

    def opened(self, link: LegacyLink) -> None:
        """Count a link."""
        self._links.add(link)

    def connect(self, link: LegacyLink, host: str, message: LegacyMessage) -> Server:
        """Take a server that tells of itself; a link that it had before is replaced.

        Raises:
            LegacyError: its players' port isn't allowed, or is served over TLS only.
        """
        if message.port not in self._settings.ports or message.https:
            raise LegacyError(f"player port {message.port} (https: {message.https}) is not allowed")
        name = f"legacy-{host.replace(':', '-').replace('%', '-')}-{message.port}"
        server = self._servers.get(name)
        if server is None:
            authority = f"[{host}]" if ":" in host else host
            address = Address(
                self._settings.fleet,
                f"ws://{authority}:{message.port}",
                public=f"{authority}:{message.port}",
                leased=False,
            )
            seat = LegacySeat(name, address.fleet, secrets.token_hex(8), self._loop.time())
            server = self._servers[name] = Server(name, address, seat)
        elif server.link is not None and server.link is not link:
            self.metrics.link_faults.counts[LinkFault.REPLACED] += 1
            server.link.abort()
        server.link = link
        self._tell_all()
        log.info("old server", stream=name, ready=message.ready)
        return server

    def hear(self, server: Server, message: LegacyMessage) -> None:
        """Take one message of a server."""
        self._say(server, server.seat.hear(message, self._loop.time()))

    def lost(self, link: LegacyLink, server: Server | None) -> None:
        """Take the end of a link."""
        self._links.discard(link)
        self._inbox.put(partial(self._store.link_lost, link.number))
        if server is not None and server.link is link:
            server.link, server.lost_at = None, self._loop.time()
            log.info("old server lost", stream=server.name)

    # --- seats -------------------------------------------------------------------------------

    def say(self, effect: AskSeat | FreeSeat) -> None:
        """Claim or release a seat."""
        server = next((link.server for link in self._links if link.number == effect.link), None)
        if server is None:
            return
        now = self._loop.time()
        if isinstance(effect, AskSeat):
            fence = effect.fence
            claim = Claim(claim=str(fence), session=effect.session, fence=fence, deadline=self._arrival)
            self._say(server, server.seat.claim(claim, now))
        else:
            self._part(effect.session)
            self._say(server, server.seat.parted(effect.session, EndedReason.RELEASED, now))

    def joined(self, session: str, stream: str) -> None:
        """Note that a player's socket is joined to a server's."""
        if server := self._servers.get(stream):
            self._say(server, server.seat.joined(session, self._loop.time()))

    def parted(self, session: str) -> None:
        """Note that a joined player's socket is gone."""
        for server in self._servers.values():
            if server.seat.session == session:
                self._say(server, server.seat.parted(session, EndedReason.LEFT, self._loop.time()))

    def _say(self, server: Server, messages: Iterable[FromSignalserver]) -> None:
        if server.link is None:
            return  # the next link begins with the state
        store, number = self._store, server.link.number
        for message in messages:
            match message:
                case State():
                    self._inbox.put(partial(store.report, number, message))
                case Granted(claim=claim, session=session):
                    self._inbox.put(partial(store.granted, number, session, int(claim)))
                case Refused(claim=claim, session=session, reason=reason):
                    self._inbox.put(partial(store.refused, number, session, int(claim), reason))
                case Ended(session=session, reason=ended, seconds=seconds):
                    self._inbox.put(partial(store.ended, number, session, ended, seconds))

    # --- time --------------------------------------------------------------------------------

    async def watch(self) -> None:
        """Drop silent servers and forget lost ones, until cancelled."""
        while True:
            await asyncio.sleep(min(WATCH_INTERVAL, self._settings.silence / 4))
            now = self._loop.time()
            for server in list(self._servers.values()):
                self._check(server, now)
            for link in list(self._links):
                if link.server is None and now - link.begun > self._settings.silence:
                    link.abort()

    def _check(self, server: Server, now: float) -> None:
        self._say(server, server.seat.tick(now))
        if server.link is None:
            if now - server.lost_at > self._forget:
                del self._servers[server.name]
                self._tell_all()
        elif now - server.seat.heard > self._settings.silence:
            self.metrics.link_faults.counts[LinkFault.SILENT] += 1
            log.warning("old server is silent", stream=server.name)
            server.link.abort()

    def _tell_all(self) -> None:
        self._tell({server.name: server.address for server in self._servers.values()})
