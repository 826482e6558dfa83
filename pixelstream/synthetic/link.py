"""The streamer's websocket to its signalling server: opened again and again, bounded, typed by profile.

What a profile does not accept ends the socket just as that engine would end it. The trap: what is sent
while the socket is away is lost, as it would be for Unreal; nobody waits for it.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable
from typing import Any, Final

import orjson
import structlog
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidURI
from websockets.typing import Subprotocol

from pixelstream.synthetic.profiles import BAD_MESSAGE, Traits

RECONNECT_SECONDS: Final = 2.0
"""Unreal's own pause between two attempts."""

OPEN_PATIENCE: Final = 5.0
MAX_MESSAGE: Final = 1 << 20
MAX_WAITING: Final = 512
"""Messages to the server that may wait before the socket is given up as stuck."""

_LOG = structlog.get_logger()


class Link:
    """A connection that comes back. `received` gets messages of accepted types, `lost` each loss.

    `token` is what the server asks of streamers, if it does.
    """

    def __init__(
        self,
        url: str,
        traits: Traits,
        *,
        token: str | None = None,
        received: Callable[[dict[str, Any]], None],
        lost: Callable[[], None],
    ) -> None:
        self.url = url
        self.connections = 0
        self._missed = False
        self._traits = traits
        self._headers = {"Authorization": f"Bearer {token}"} if token else None
        self._received = received
        self._lost = lost
        self._outgoing: asyncio.Queue[bytes] | None = None
        self._socket: ClientConnection | None = None
        self._closing: asyncio.Task[None] | None = None

    def send(self, message: dict[str, Any]) -> None:
        """Send a message, or drop it if the socket is away."""
        if self._outgoing is None:
            return
        try:
            self._outgoing.put_nowait(orjson.dumps(message))
        except asyncio.QueueFull:
            self.fail(1011, "the server takes no messages")

    def fail(self, code: int, reason: str) -> None:
        """Close the socket with this code; what comes meanwhile is dropped."""
        if self._socket is not None and self._closing is None:
            _LOG.warning("signalling given up", code=code, reason=reason)
            self._closing = asyncio.create_task(self._socket.close(code, reason), name="signalling close")

    def refuse(self, reason: str) -> None:
        """Take a message that cannot be used as the profile does: end the socket, or ignore it."""
        self._refuse(None if self._traits.unknown_close is None else BAD_MESSAGE, reason)

    async def run(self, gate: asyncio.Semaphore | None = None) -> None:
        """Keep the connection up until cancelled; `gate` bounds how many of several open at once."""
        gate = gate or asyncio.Semaphore()
        while True:
            try:
                await self._once(gate)
            except (OSError, TimeoutError, InvalidHandshake, InvalidURI, ConnectionClosed) as error:
                # Once a break, not at each of the attempts, which go on for ever.
                log = _LOG.debug if self._missed else _LOG.warning
                log("signalling not reached", url=self.url, error=str(error))
                self._missed = True
            await asyncio.sleep(RECONNECT_SECONDS)

    async def _once(self, gate: asyncio.Semaphore) -> None:
        async with gate:
            socket = await self._open()
        self._socket, self._closing, self._outgoing = socket, None, asyncio.Queue(MAX_WAITING)
        self.connections += 1
        self._missed = False
        _LOG.info("signalling connected", url=self.url)
        try:
            await self._serve(socket, self._outgoing)
        finally:
            self._socket = self._outgoing = None
            await socket.close()
            self._lost()
            _LOG.info("signalling lost", url=self.url, code=socket.close_code)

    async def _open(self) -> ClientConnection:
        return await connect(
            self.url,
            subprotocols=[Subprotocol(each) for each in self._traits.subprotocols] or None,
            additional_headers=self._headers,
            compression=None,
            proxy=None,
            open_timeout=OPEN_PATIENCE,
            close_timeout=2,
            max_size=MAX_MESSAGE,
        )

    async def _serve(self, socket: ClientConnection, outgoing: asyncio.Queue[bytes]) -> None:
        tasks = [asyncio.create_task(self._write(socket, outgoing), name="signalling writer")]
        if self._traits.ping_seconds:
            tasks.append(asyncio.create_task(self._ping(), name="signalling ping"))
        try:
            async for data in socket:
                if self._closing is None:
                    self._take(data)
        finally:
            for task in tasks:
                task.cancel()
            tasks += [self._closing] if self._closing else []
            await asyncio.wait(tasks, timeout=5)

    async def _write(self, socket: ClientConnection, outgoing: asyncio.Queue[bytes]) -> None:
        with contextlib.suppress(ConnectionClosed):
            while True:
                await socket.send(await outgoing.get(), text=True)

    async def _ping(self) -> None:
        while True:
            await asyncio.sleep(self._traits.ping_seconds)
            self.send({"type": "ping", "time": int(time.time())})

    def _take(self, data: str | bytes) -> None:
        try:
            message = orjson.loads(data)
        except orjson.JSONDecodeError:
            message = None
        if not isinstance(message, dict) or not isinstance(message.get("type"), str):
            self.refuse("cannot be read as a message")
        elif message["type"] not in self._traits.accepts:
            self._refuse(self._traits.unknown_close, f"unknown message type {message['type'][:32]}")
        else:
            self._received(message)

    def _refuse(self, code: int | None, reason: str) -> None:
        if code is None:
            _LOG.debug("message ignored", reason=reason)
        else:
            self.fail(code, reason)
