"""One TCP connection of an old signalling server: bytes to messages, and who may send them.

The trap: the link writes nothing, ever, and the server reads nothing; all that a refusal can do is
to hang up.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Protocol, cast

import structlog

from pixelstream.apps.matchmaker.directory import Address
from pixelstream.matchmaking.legacy import LegacySeat
from pixelstream.metrics.matchmaker import LinkFault, MatchmakerMetrics
from pixelstream.protocol.legacy import LegacyError, LegacyMessage, LegacyType, Splitter, parse

log = structlog.get_logger(__name__)


@dataclass(slots=True, eq=False)
class Server:
    """One old server: its seat, and the link that it has at the moment, if any."""

    name: str
    address: Address
    seat: LegacySeat
    link: LegacyLink | None = None
    lost_at: float = 0.0


class Desk(Protocol):
    """What a link needs of those who keep the servers; see `LegacyServers`."""

    metrics: MatchmakerMetrics

    def accepts(self, host: str) -> bool:
        """Whether a server may come from this address."""

    def opened(self, link: LegacyLink) -> None:
        """Count a link."""

    def connect(self, link: LegacyLink, host: str, message: LegacyMessage) -> Server:
        """Take a server that tells of itself."""

    def hear(self, server: Server, message: LegacyMessage) -> None:
        """Take one message of a server."""

    def lost(self, link: LegacyLink, server: Server | None) -> None:
        """Take the end of a link."""


class LegacyLink(asyncio.Protocol):
    """One TCP connection of an old server.

    Attributes:
        server: what it said it is; None before its `connect`.
    """

    def __init__(self, desk: Desk, number: int) -> None:
        self._desk = desk
        self.number = number
        self.server: Server | None = None
        self.begun = 0.0
        self._host = ""
        self._splitter = Splitter()
        self._transport: asyncio.Transport = cast("asyncio.Transport", None)
        self._accepted = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Look who comes."""
        self._transport = cast("asyncio.Transport", transport)
        self.begun = asyncio.get_running_loop().time()
        self._host = str(transport.get_extra_info("peername")[0])
        self._accepted = self._desk.accepts(self._host)
        if not self._accepted:
            self._refuse(LinkFault.NOT_ALLOWED, "its address is not allowed, or there are too many")
            return
        self._desk.opened(self)

    def data_received(self, data: bytes) -> None:
        """Take every whole object that has come."""
        if not self._accepted:
            return
        try:
            for text in self._splitter.feed(data):
                self._take(parse(text))
        except LegacyError as error:
            self._refuse(LinkFault.MALFORMED, str(error))

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell that the link is gone."""
        if self._accepted:
            self._desk.lost(self, self.server)

    def abort(self) -> None:
        """Close the link at once."""
        self._transport.abort()

    def _take(self, message: LegacyMessage | None) -> None:
        if message is None:
            return  # a type of a server that knows more than cirrus did
        if message.type is LegacyType.CONNECT:
            server = self._desk.connect(self, self._host, message)
            if self.server is not None and self.server is not server:
                raise LegacyError("one link tells of one server")
            self.server = server
        if self.server is None:
            raise LegacyError("a link begins with connect")
        self._desk.hear(self.server, message)

    def _refuse(self, fault: LinkFault, words: str) -> None:
        self._desk.metrics.link_faults.counts[fault] += 1
        log.warning("old server refused", host=self._host, why=words)
        self._transport.abort()
