"""One port for websockets and for HTTP: upgrades go to handlers, everything else to an ASGI app.

The trap: the two share a TCP port, so the head of every connection is read here first, within a
bound and a deadline, and then replayed to whoever takes the connection over.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, cast

from uvicorn.config import Config
from uvicorn.server import ServerState

from pixelstream.net import handshake
from pixelstream.net.handshake import HandshakeError, Refusal
from pixelstream.net.heads import HEAD_DEADLINE, BoundedHttp
from pixelstream.net.websocket import Handler, Request, WebSocket

Route = Callable[[Request], Handler | Refusal]
ASGIApp = Callable[..., Any]


@dataclass(kw_only=True)
class Limits:
    """What one listener lets its peers use.

    Attributes:
        max_message: bytes of one message.
        high_water: unsent bytes at which a peer counts as slow; four times as many close it.
        max_sockets: websockets open at once; one more is refused with 503.
    """

    max_message: int = 4 * 1024 * 1024
    high_water: int = 256 * 1024
    max_sockets: int = 50_000


@dataclass
class Listener:
    """An open port.

    Attributes:
        sockets: the websockets that are open on it.
    """

    limits: Limits
    route: Route
    http: Config | None
    sockets: set[WebSocket] = field(default_factory=set)
    state: ServerState = field(default_factory=ServerState)
    server: asyncio.Server | None = None

    @property
    def port(self) -> int:
        """The port it listens on, the chosen one if 0 was asked for."""
        if self.server is None or not self.server.sockets:
            raise RuntimeError("the listener is not open")
        return int(self.server.sockets[0].getsockname()[1])

    def stop_accepting(self) -> None:
        """Refuse new connections; the open ones live on."""
        if self.server is not None:
            self.server.close()

    async def close(self) -> None:
        """Stop and drop what is still open; HTTP requests on their way are cut."""
        self.stop_accepting()
        for ws in list(self.sockets):
            ws.abort()
        for connection in list(self.state.connections):
            transport = getattr(connection, "transport", None)
            if transport is not None:
                transport.abort()
        for task in list(self.state.tasks):
            task.cancel()
        await asyncio.sleep(0)


class Gate(asyncio.Protocol):
    """The first reader of a connection: finds out what it is and hands it on."""

    __slots__ = ("_head", "_listener", "_timer", "_transport")

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self._head = b""
        self._transport: asyncio.Transport = cast("asyncio.Transport", None)
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Start the deadline."""
        self._transport = cast("asyncio.Transport", transport)
        self._timer = asyncio.get_running_loop().call_later(HEAD_DEADLINE, self._transport.abort)

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing began, nothing ends."""
        self._stop_timer()

    def data_received(self, data: bytes) -> None:
        """Collect the head; decide once it is whole."""
        self._head += data
        end = self._head.find(b"\r\n\r\n")
        if end < 0 and len(self._head) <= handshake.MAX_HEAD:
            return
        self._stop_timer()
        if not 0 <= end <= handshake.MAX_HEAD:
            self._refuse(431, f"request headers may have {handshake.MAX_HEAD} bytes")
            return
        try:
            self._decide(end + 4)
        except HandshakeError as error:
            self._refuse(error.status, error.detail)

    def _decide(self, end: int) -> None:
        first, headers = handshake.read_head(self._head[:end])
        if handshake.is_upgrade(headers):
            peer = self._transport.get_extra_info("peername") or ("", 0)
            self._upgrade(handshake.parse_request(first, headers, f"{peer[0]}:{peer[1]}"), self._head[end:])
        elif self._listener.http is None:
            self._refuse(426, "only websockets are served here")
        else:
            # The stub wants the event loop's protocol type; uvicorn's classes are such protocols.
            state = {"listener": self._listener}
            self._hand_over(BoundedHttp(self._listener.http, self._listener.state, state), self._head)

    def _upgrade(self, request: Request, rest: bytes) -> None:
        listener = self._listener
        if len(listener.sockets) >= listener.limits.max_sockets:
            raise HandshakeError(503, "too many sockets are open here")
        answer = listener.route(request)
        if isinstance(answer, Refusal):
            self._refuse(answer.status, answer.text)
            return
        self._transport.write(handshake.accept(request))
        ws = WebSocket(
            request,
            answer,
            max_message=listener.limits.max_message,
            high_water=listener.limits.high_water,
            on_lost=listener.sockets.discard,
        )
        listener.sockets.add(ws)
        self._hand_over(ws, rest)

    def _hand_over(self, protocol: asyncio.Protocol, data: bytes) -> None:
        self._transport.set_protocol(protocol)
        protocol.connection_made(self._transport)
        if data:
            protocol.data_received(data)

    def _refuse(self, status: int, text: str) -> None:
        self._transport.write(handshake.http_error(status, text))
        self._transport.close()

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class _SecondGate(Gate):
    """The gate for an upgrade on a connection that served HTTP before: proxies reuse their idle ones."""

    __slots__ = ()

    def __init__(self, *, config: Config, server_state: ServerState, app_state: dict[str, Any]) -> None:
        super().__init__(app_state["listener"])

    def data_received(self, data: bytes) -> None:
        """Wait one turn: uvicorn makes this the transport's protocol only after handing the head over."""
        asyncio.get_running_loop().call_soon(super().data_received, data)


async def listen(
    host: str,
    port: int,
    *,
    route: Route,
    http: ASGIApp | None = None,
    limits: Limits | None = None,
    backlog: int = 1024,
) -> Listener:
    """Open a port.

    Args:
        host: address to listen on.
        port: TCP port, 0 for a free one (`Listener.port` tells which).
        route: says for each websocket who handles it, or why nobody does.
        http: the app that answers everything else; without one it is answered 426.
        limits: bounds for every peer.
        backlog: connections that may wait to be accepted.

    Raises:
        OSError: the port cannot be had.
    """
    config = None
    if http is not None:
        config = Config(
            http,
            ws=_SecondGate,
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
        )
        config.load()
    listener = Listener(limits or Limits(), route, config)
    loop = asyncio.get_running_loop()
    listener.server = await loop.create_server(lambda: Gate(listener), host, port, backlog=backlog)
    return listener
