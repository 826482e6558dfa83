"""Opening a websocket as a client, for sockets that are joined byte for byte with accepted ones.

The trap: the whole handshake has one deadline, and no extension is offered, since the frames
behind it are passed on unparsed. Links of our own use the `websockets` client instead.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Sequence
from typing import cast
from urllib.parse import urlsplit

from pixelstream.errors import DialError
from pixelstream.net import handshake
from pixelstream.net.handshake import HandshakeError
from pixelstream.net.listener import Limits
from pixelstream.net.websocket import Handler, Request, WebSocket


class _Opening(asyncio.Protocol):
    """Sends the request and waits for the answer's head."""

    def __init__(self, request: bytes, accept_value: str, opened: asyncio.Future[bytes]) -> None:
        self._request = request
        self._accept = accept_value
        self._opened = opened
        self._head = b""
        self.transport: asyncio.Transport = cast("asyncio.Transport", None)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        self.transport.write(self._request)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._opened.done():
            self._opened.set_exception(HandshakeError(502, "the connection ended within the handshake"))

    def data_received(self, data: bytes) -> None:
        self._head += data
        end = self._head.find(b"\r\n\r\n")
        if self._opened.done() or (end < 0 and len(self._head) <= handshake.MAX_HEAD):
            return
        try:
            handshake.check_response(self._head[: end + 4], self._accept)
        except HandshakeError as error:
            self._opened.set_exception(error)
        else:
            # Frames may follow at once: nothing more is read until the websocket has taken over.
            self.transport.pause_reading()
            self._opened.set_result(self._head[end + 4 :])


async def dial(
    url: str,
    handler: Handler,
    *,
    headers: dict[str, str] | None = None,
    subprotocols: Sequence[str] = (),
    timeout: float = 5.0,  # noqa: ASYNC109 - the deadline covers connecting and the handshake together
    limits: Limits | None = None,
) -> WebSocket:
    """Open a websocket to `url` (ws or wss) within `timeout` seconds.

    Raises:
        DialError: it could not be opened; the cause has the server's words.
    """
    loop = asyncio.get_running_loop()
    parts = urlsplit(url)
    secure = parts.scheme == "wss"
    port = parts.port or (443 if secure else 80)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    opened: asyncio.Future[bytes] = loop.create_future()
    transport: asyncio.Transport | None = None
    try:
        request, accept_value = handshake.build_request(
            parts.netloc, target, headers or {}, tuple(subprotocols)
        )
        async with asyncio.timeout(timeout):
            transport, _ = await loop.create_connection(
                lambda: _Opening(request, accept_value, opened),
                parts.hostname or "",
                port,
                ssl=ssl.create_default_context() if secure else None,
            )
            rest = await opened
    except BaseException as error:  # a cancelled dial must not leave its connection open either
        if transport is not None:
            transport.abort()
        if not isinstance(error, (OSError, TimeoutError, HandshakeError)):
            raise
        if opened.done() and not opened.cancelled():
            opened.exception()
        raise DialError(url, str(error) or f"no answer within {timeout} s") from error
    limits = limits or Limits()
    ws = WebSocket(
        Request(parts.path, parts.query, remote=f"{parts.hostname}:{port}"),
        handler,
        max_message=limits.max_message,
        high_water=limits.high_water,
        client=True,
    )
    transport.set_protocol(ws)
    ws.connection_made(transport)
    if rest:
        ws.data_received(rest)
    transport.resume_reading()
    return ws
