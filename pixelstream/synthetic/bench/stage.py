"""One streamer and its players, set up as every server knows it, before any load begins.

The trap: a signalling server tells its streamer of a player only after the player has subscribed, so
what the streamer has heard, and not what was sent, says that the stage is set.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import orjson

from pixelstream.errors import PixelstreamError
from pixelstream.net.dial import dial
from pixelstream.net.websocket import WebSocket
from pixelstream.synthetic.bench.traffic import STREAMER

DEADLINE = 30.0
"""Seconds that anything on the stage may take."""
AT_ONCE = 32
"""Sockets that are being opened at the same time."""

_SUBSCRIBE = orjson.dumps({"type": "subscribe", "streamerId": STREAMER})
_ENDPOINT = orjson.dumps({"type": "endpointId", "id": STREAMER, "protocolVersion": "1.3.0"})


class BenchError(PixelstreamError):
    """A server under test that did not do what every one of its kind must."""


@dataclass(frozen=True)
class Address:
    """Where a signalling server takes players and streamers, as websocket URLs."""

    players: str
    streamers: str


class Quiet:
    """A handler of sockets that does nothing at all; the load's are made of it."""

    def opened(self, ws: WebSocket) -> None:
        """Nothing."""

    def received(self, ws: WebSocket, data: bytes) -> None:
        """Nothing."""

    def closed(self, ws: WebSocket, code: int, reason: str) -> None:
        """Nothing."""

    def paused(self, ws: WebSocket) -> None:
        """Nothing: the load is bounded by what is outstanding."""

    def resumed(self, ws: WebSocket) -> None:
        """Nothing."""


class Streamer(Quiet):
    """The streamer: names itself, and notes the ids of those who subscribe.

    Attributes:
        ids: of the players, in the order in which they came.
        came: called with the socket and the id of each.
    """

    def __init__(self, came: Callable[[WebSocket, str], None] | None = None) -> None:
        self.ids: list[str] = []
        self.came = came
        self.named = asyncio.Event()
        self._changed = asyncio.Event()

    def received(self, ws: WebSocket, data: bytes) -> None:
        """Do what a streamer does."""
        message = orjson.loads(data)
        kind = message["type"]
        if kind == "identify":
            ws.send(_ENDPOINT)
        elif kind == "endpointIdConfirm":
            self.named.set()
        elif kind == "playerConnected":
            self.ids.append(message["playerId"])
            self._changed.set()
            if self.came is not None:
                self.came(ws, message["playerId"])

    async def heard_of(self, count: int) -> None:
        """Wait until so many players have subscribed."""
        while len(self.ids) < count:
            self._changed.clear()
            await self._changed.wait()


class Player(Quiet):
    """Handler of all players: each subscribes as soon as it has its `config`."""

    def received(self, ws: WebSocket, data: bytes) -> None:
        """Answer `config`."""
        if ws.user is None and orjson.loads(data)["type"] == "config":
            ws.user = True
            ws.send(_SUBSCRIBE)


@dataclass
class Stage:
    """A streamer with its players.

    Attributes:
        streamer: its socket.
        players: theirs.
        ids: the players' ids, in no order that `players` has.
    """

    address: Address
    streamer: WebSocket
    cast: Streamer
    players: list[WebSocket] = field(default_factory=list)

    @property
    def ids(self) -> list[str]:
        """The players' ids, in the order in which the streamer heard of them."""
        return self.cast.ids

    async def admit(self, count: int) -> None:
        """Let so many more players in, and wait until all have subscribed.

        Raises:
            BenchError: they didn't all come in time.
        """
        handler, gate = Player(), asyncio.Semaphore(AT_ONCE)

        async def one() -> None:
            async with gate:
                self.players.append(await dial(self.address.players, handler, timeout=DEADLINE))

        wanted = len(self.players) + count
        try:
            async with asyncio.timeout(DEADLINE), asyncio.TaskGroup() as group:
                for _ in range(count):
                    group.create_task(one())
                group.create_task(self.cast.heard_of(wanted))
        except TimeoutError:
            got = f"{len(self.ids)} of {wanted} players subscribed at {self.address.players}"
            raise BenchError(f"{got} within {DEADLINE:.0f} s") from None


@asynccontextmanager
async def staged(
    address: Address, came: Callable[[WebSocket, str], None] | None = None
) -> AsyncIterator[Stage]:
    """A stage without players, until the block ends; all its sockets are closed then.

    Raises:
        BenchError: the streamer wasn't given its name in time.
        DialError: the server takes no streamer.
    """
    cast = Streamer(came)
    socket = await dial(address.streamers, cast, timeout=DEADLINE)
    stage = Stage(address, socket, cast)
    try:
        try:
            async with asyncio.timeout(DEADLINE):
                await cast.named.wait()
        except TimeoutError:
            raise BenchError(f"the streamer got no name at {address.streamers}") from None
        yield stage
    finally:
        for one in (*stage.players, socket):
            one.abort()
