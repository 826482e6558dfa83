"""Handlers of the three ports: sockets to peers of the relay, leases and tokens checked on the way in.

The trap: a lease that admits nobody is answered after the handshake, with words in a close frame that
a page can show, since a browser tells a page nothing of a failed handshake.
"""

from __future__ import annotations

import asyncio
from urllib.parse import parse_qs

import structlog

from pixelstream.apps.signalserver.context import Context
from pixelstream.apps.signalserver.pressure import Pressure
from pixelstream.apps.signalserver.renewal import asks
from pixelstream.auth.keys import bearer_of
from pixelstream.auth.paths import token_of
from pixelstream.errors import LeaseError
from pixelstream.net.handshake import Refusal
from pixelstream.net.websocket import Handler, Request, WebSocket
from pixelstream.protocol.closing import POLICY
from pixelstream.relay import Hello, Lease, Peer, Player, Role, Streamer

log = structlog.get_logger(__name__)


class Sockets:
    """Counts open sockets, so that the end can wait for the last goodbye."""

    def __init__(self) -> None:
        self.open = 0
        self.none = asyncio.Event()
        self.none.set()

    def add(self) -> None:
        """One more."""
        self.open += 1
        self.none.clear()

    def remove(self) -> None:
        """One less."""
        self.open -= 1
        if not self.open:
            self.none.set()


class Door:
    """Handler of all sockets of one role (`pixelstream.net.websocket.Handler`)."""

    def __init__(self, context: Context, role: Role, sockets: Sockets) -> None:
        self._context = context
        self._role = role
        self._sockets = sockets
        self._relay = context.relay
        self._receive = context.relay.received
        self._slow = context.metrics.slow

    def route(self, request: Request) -> Handler | Refusal:
        """Let every path in."""
        return self

    def opened(self, ws: WebSocket) -> None:
        """Make the socket a peer, unless the relay or its lease is against it."""
        self._sockets.add()
        request = ws.request
        try:
            lease = self._lease(request)
        except LeaseError as error:
            self._context.refused(error)
            ws.close(POLICY, str(error))
            return
        offered = request.headers.get("sec-websocket-protocol", "")
        hello = Hello(request.query, tuple(part.strip() for part in offered.split(",") if part), lease)
        ws.user = self._relay.opened(self._role, ws, hello, ws.last_seen)
        self._tell(ws.user, request)

    def received(self, ws: WebSocket, data: bytes) -> None:
        """Pass a message on; nothing but that may happen here."""
        peer = ws.user
        if peer is not None:
            self._receive(peer, data, ws.last_seen)

    def closed(self, ws: WebSocket, code: int, reason: str) -> None:
        """Tell the relay that a peer is gone."""
        self._sockets.remove()
        peer, ws.user = ws.user, None
        if peer is not None:
            self._relay.closed(peer, code, self._context.clock())

    def paused(self, ws: WebSocket) -> None:
        """A slow player is closed by its socket once four times the buffer is full: count it."""
        self._slow.counts[self._role] += 1

    def resumed(self, ws: WebSocket) -> None:
        """It caught up."""

    def _lease(self, request: Request) -> Lease | None:
        return None

    def _tell(self, peer: Peer | None, request: Request) -> None:
        if peer is not None:
            log.info("peer came", role=self._role.value, remote=request.remote)


class PlayerDoor(Door):
    """The players' port."""

    def __init__(self, context: Context, sockets: Sockets, pressure: Pressure) -> None:
        super().__init__(context, Role.PLAYER, sockets)
        self._pressure = pressure

    def opened(self, ws: WebSocket) -> None:
        """Make the socket a player; one that asks for it gets new leases from now on."""
        super().opened(ws)
        token = token_of(ws.request.path, ws.request.query)
        if token is not None and isinstance(ws.user, Player) and asks(ws.request.query):
            self._context.renewals.begin(ws, self._context.read(token))

    def closed(self, ws: WebSocket, code: int, reason: str) -> None:
        """Tell the relay that a player is gone."""
        self._context.renewals.end(ws)
        super().closed(ws, code, reason)

    def received(self, ws: WebSocket, data: bytes) -> None:
        """Pass a message on; nothing but that may happen here while no streamer is slow."""
        peer = ws.user
        if peer is not None:
            self._receive(peer, data, ws.last_seen)
            if self._pressure.waits:
                self._pressure.check(ws, peer)

    def _lease(self, request: Request) -> Lease | None:
        token = token_of(request.path, request.query)
        return None if token is None else self._context.check(token)

    def _tell(self, peer: Peer | None, request: Request) -> None:
        if isinstance(peer, Player):
            log.info("player came", player=peer.player_id, session=peer.seat.session)
        else:
            log.info("player refused")


class StreamerDoor(Door):
    """The streamers' and the SFUs' port: a token where one is set, back-pressure on players."""

    def __init__(self, context: Context, role: Role, sockets: Sockets, pressure: Pressure) -> None:
        super().__init__(context, role, sockets)
        self._pressure = pressure

    def route(self, request: Request) -> Handler | Refusal:
        """Ask for the token, as bearer or as `?token=`, which is all that Unreal can send."""
        token = self._context.streamer_token
        if token is None:
            return self
        given = parse_qs(request.query).get("token", [""])[0]
        bearer = bearer_of(request.headers.get("authorization"))
        if any(token.value.accepts(one) for one in (given, bearer)):
            return self
        log.warning("streamer without its token", remote=request.remote)
        return Refusal(401, "a token is needed")

    def closed(self, ws: WebSocket, code: int, reason: str) -> None:
        """Let its players go on first."""
        self._pressure.end(ws)
        log.info("peer left", role=self._role.value, remote=ws.request.remote, code=code)
        super().closed(ws, code, reason)

    def paused(self, ws: WebSocket) -> None:
        """Stop reading from its players until it has caught up or its time is over."""
        super().paused(ws)
        if isinstance(ws.user, Streamer):
            self._pressure.begin(ws, ws.user)

    def resumed(self, ws: WebSocket) -> None:
        """Read from its players again."""
        self._pressure.end(ws)
