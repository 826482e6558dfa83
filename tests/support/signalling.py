"""A signalserver on free ports, and peers that speak to it through a library that isn't ours."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Any, Self

import httpx
import orjson
from prometheus_client.parser import text_string_to_metric_families
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from pixelstream.apps.signalserver.app import Running, serving
from pixelstream.settings.base import parse
from pixelstream.settings.signalserver import SignalserverSettings

DEADLINE = 10.0
LOCAL = "listen: {host: 127.0.0.1, port: 0}\nstreamers: {port: 0%s}\nsfu: {port: 0}\n"
FRESH = {"protocolVersion": "1.3.0"}


class Peer:
    """One socket of a streamer, player or SFU."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection

    async def says(self, kind: str, **fields: Any) -> None:
        """Send a message."""
        await self.connection.send(orjson.dumps({"type": kind, **fields}).decode())

    async def sends(self, data: str | bytes) -> None:
        """Send whatever."""
        await self.connection.send(data)

    async def hears(self, kind: str | None = None) -> dict[str, Any]:
        """The next message, or the next one of a type."""
        async with asyncio.timeout(DEADLINE):
            while True:
                message: dict[str, Any] = orjson.loads(await self.connection.recv())
                if kind is None or message["type"] == kind:
                    return message

    async def closed(self) -> tuple[int, str]:
        """Code and reason with which the server hangs up; 1006 if it says nothing."""
        async with asyncio.timeout(DEADLINE):
            await self.connection.wait_closed()
        return self.connection.close_code or 1006, self.connection.close_reason or ""

    async def quiet(self) -> None:
        """Make sure that nothing more was said to it: the next thing it hears is the answer to its ping."""
        await self.says("ping", time=4711)
        assert await self.hears() == {"type": "pong", "time": 4711}

    async def leaves(self, code: int = 1000) -> None:
        """Say goodbye."""
        await self.connection.close(code)

    async def breaks(self) -> None:
        """Vanish without a goodbye."""
        self.connection.transport.abort()
        await self.connection.wait_closed()


class Server:
    """A running signalserver and what a test does with it."""

    def __init__(self, running: Running) -> None:
        self.running = running
        self.relay = running.context.relay
        self._peers: list[Peer] = []
        self.http = httpx.AsyncClient(base_url=f"http://127.0.0.1:{running.players.port}")

    async def open(
        self, role: str, path: str = "/", *, subprotocols: tuple[str, ...] = (), **more: Any
    ) -> Peer:
        """Open a socket of a role and hear nothing yet."""
        port = {
            "player": self.running.players.port,
            "streamer": self.running.streamers.port,
            "sfu": self.running.sfus.port if self.running.sfus else 0,
        }[role]
        offered = [Subprotocol(name) for name in subprotocols]
        connection = await connect(
            f"ws://127.0.0.1:{port}{path}",
            subprotocols=offered or None,
            compression=None,
            ping_interval=None,
            max_size=None,
            max_queue=None,
            **more,
        )
        peer = Peer(connection)
        self._peers.append(peer)
        return peer

    async def streamer(self, name: str = "A", path: str = "/", **fields: Any) -> Peer:
        """A streamer of 5.5 that streams."""
        peer = await self.open("streamer", path)
        assert [(await peer.hears())["type"] for _ in range(2)] == ["identify", "config"]
        await peer.says("endpointId", id=name, **{**FRESH, **fields})
        assert await peer.hears() == {"type": "endpointIdConfirm", "committedId": name}
        return peer

    async def player(self, path: str = "/", *, to: str | None = None) -> Peer:
        """A player that has its config, subscribed `to` a streamer or to none."""
        peer = await self.open("player", path)
        assert (await peer.hears())["type"] == "config"
        if to is not None:
            await peer.says("subscribe", streamerId=to)
        return peer

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until `condition` holds of the server's own state."""
        async with asyncio.timeout(DEADLINE):
            while not condition():  # noqa: ASYNC110 - the server's state has no event for every test's wish
                await asyncio.sleep(0.005)

    async def metric(self, name: str, **labels: str) -> float:
        """One sample of /metrics, of those that are named after the signalserver."""
        return await self.sample(f"signalserver_{name}", **labels)

    async def sample(self, name: str, **labels: str) -> float:
        """One sample of /metrics."""
        text = (await self.http.get("/metrics")).text
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                if sample.name == name and sample.labels == labels:
                    return float(sample.value)
        raise AssertionError(f"there is no {name} with {labels}")

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.http.aclose()
        for peer in self._peers:
            with suppress(ConnectionClosed, OSError):
                await peer.breaks()


@asynccontextmanager
async def signalserver(settings: str = "", *, streamers: str = "") -> AsyncIterator[Server]:
    """Serve with `settings` (YAML) beside the free ports while the block runs."""
    text = LOCAL % (f", {streamers}" if streamers else "") + (settings or "stream: {seats: 10}")
    async with AsyncExitStack() as stack, serving(parse(SignalserverSettings, text)) as running:
        yield await stack.enter_async_context(Server(running))


HANDSHAKE = (
    b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)


@asynccontextmanager
async def upgraded(port: int) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A websocket whose frames a test writes byte by byte, and which answers no ping."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(HANDSHAKE)
    await reader.readuntil(b"\r\n\r\n")
    try:
        yield reader, writer
    finally:
        writer.close()
