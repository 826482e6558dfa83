"""A player's signalling, as Epic's front ends from 5.2 on speak it, or as pages of UE 4 do (`offers`).

The websocket is opened again when it is lost; while the picture still runs, the player then asks for
nothing, since a server that kept his seat would take a second `subscribe` for a new visit.
"""

import asyncio
import contextlib
import random
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urljoin

import orjson
from aiortc.exceptions import InvalidStateError, OperationError
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from pixelstream.synthetic import ice
from pixelstream.synthetic.playerpeer import PlayerPeer

KNOCK_SECONDS: Final = (0.0, 0.5, 1.0, 2.0, 4.0, 8.0, 10.0)
REJOIN_SECONDS: Final = (0.0, 0.25, 0.5, 1.0, 2.0)
"""Pause before each attempt in a row, at the waiting room and at a seat, as our page makes it."""

STEADY_SECONDS: Final = 2.0
"""A socket that stood so long was no attempt in a row."""

LIST_SECONDS: Final = 1.0
"""Pause before asking again for streamers when the wanted one was not there; front ends take 3 s."""

KEEPALIVE_SECONDS: Final = 30.0
OPEN_PATIENCE: Final = 8.0
MAX_MESSAGE: Final = 1 << 20


@dataclass(slots=True)
class Log:
    """What happened to a player so far: seconds since his start by phase, notices, closes, refusal.

    `heard` counts messages; `faults` are those that could not be used: like a page, the player goes on.
    """

    times: dict[str, float] = field(default_factory=dict)
    notices: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=64))
    closes: deque[tuple[int | None, str]] = field(default_factory=lambda: deque(maxlen=64))
    faults: deque[str] = field(default_factory=lambda: deque(maxlen=64))
    connections: int = 0
    heard: int = 0
    refused: str = ""
    began: float = field(default_factory=time.perf_counter)

    def reached(self, phase: str) -> None:
        """Note when a phase was first reached."""
        self.times.setdefault(phase, time.perf_counter() - self.began)


class PlayerLink:
    """The websocket side of one player. `news` is called at each change; `peer` is the present one."""

    def __init__(
        self,
        url: str,
        *,
        streamer: str | None,
        offers: bool,
        make_peer: Callable[[object], PlayerPeer],
        news: Callable[[], None],
    ) -> None:
        self.url = url
        self.log = Log()
        self.peer: PlayerPeer | None = None
        self._page = url
        self._streamer = streamer
        self._offers = offers
        self._make_peer = make_peer
        self._news = news
        self._options: object = None
        self._socket: ClientConnection | None = None
        self._old_peers: list[PlayerPeer] = []
        self._leaving = asyncio.Event()
        self._row = 0

    async def run(self) -> None:
        """Keep the websocket up until cancelled; gives up when the server refuses for good."""
        while not self.log.refused and not self._leaving.is_set():
            began = time.monotonic()
            try:
                await self._once()
            except ConnectionClosed:
                pass  # noted where the socket was held
            except (OSError, TimeoutError, InvalidHandshake) as error:
                self.log.closes.append((None, str(error)))
            self._news()
            if time.monotonic() - began > STEADY_SECONDS:
                self._row = 0
            steps = KNOCK_SECONDS if self.url == self._page else REJOIN_SECONDS
            await self._pause(_spread(steps[max(0, min(self._row, len(steps) - 1))]))
            self._row += 1

    async def send(self, message: dict[str, Any]) -> None:
        """Send a message; dropped if the socket is away."""
        if self._socket is not None:
            with contextlib.suppress(ConnectionClosed):
                await self._socket.send(orjson.dumps(message), text=True)

    def drop(self) -> None:
        """Lose the websocket without a goodbye, as when a network changes."""
        if self._socket is not None:
            self._socket.transport.abort()

    async def leave(self) -> None:
        """Say goodbye (1000); `run` then ends by itself. To cut it short would leak aioice's sockets."""
        self._leaving.set()
        if self._socket is not None:
            await self._socket.close()

    async def close(self) -> None:
        """End all connections; `run` must have ended."""
        self._retire()
        for peer in self._old_peers:
            await peer.close()

    async def _pause(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._leaving.wait(), seconds)

    async def _once(self) -> None:
        async with connect(
            self.url,
            compression=None,
            proxy=None,
            open_timeout=OPEN_PATIENCE,
            close_timeout=2,
            max_size=MAX_MESSAGE,
        ) as socket:
            self._socket = socket
            self.log.connections += 1
            self.log.reached("open")
            keepalive = asyncio.create_task(self._keep_alive(), name="player ping")
            try:
                async for data in socket:
                    try:
                        await self._take(orjson.loads(data))
                    except (ValueError, KeyError, AttributeError, InvalidStateError, OperationError) as error:
                        self.log.faults.append(repr(error))
                    self._news()
            finally:
                keepalive.cancel()
                await asyncio.wait([keepalive], timeout=5)
                self._socket = None
                self.log.closes.append((socket.close_code, socket.close_reason or ""))

    async def _keep_alive(self) -> None:
        while True:
            await asyncio.sleep(KEEPALIVE_SECONDS)
            await self.send({"type": "ping", "time": int(time.time() * 1000)})

    async def _take(self, message: dict[str, Any]) -> None:
        kind = str(message.get("type"))
        self.log.heard += 1
        self.log.reached(kind)
        if kind == "config":
            await self._configure(message)
        elif kind == "streamerList":
            await self._choose(message)
        elif kind == "offer":
            await self._answer(str(message["sdp"]))
        elif kind == "answer" and self.peer is not None:
            await self.peer.take_answer(str(message["sdp"]))
        elif kind == "iceCandidate" and self.peer is not None:
            self._candidate(message)
        elif kind == "ping":
            await self.send({"type": "pong", "time": message.get("time")})
        elif kind == "subscribeFailed":
            self.log.refused = str(message.get("message"))
        elif kind == "matchmaker":
            await self._notice(message)
        elif kind == "lease":
            self.url = self._seat(f"s/{message['lease']}/ws")

    async def _configure(self, message: dict[str, Any]) -> None:
        self._options = message.get("peerConnectionOptions")
        if self.peer is not None and self.peer.state == "connected":
            return
        if not self._offers:
            await self.send({"type": "listStreamers"})
            return
        self._retire()
        self.peer = self._make_peer(self._options)
        await self.send({"type": "offer", "sdp": await self.peer.offer()})

    async def _choose(self, message: dict[str, Any]) -> None:
        ids = message.get("ids") or []
        wanted = self._streamer or (ids[0] if ids else None)
        if wanted in ids:
            await self.send({"type": "subscribe", "streamerId": wanted})
            return
        await self._pause(LIST_SECONDS)
        await self.send({"type": "listStreamers"})

    async def _answer(self, sdp: str) -> None:
        self._retire()
        self.peer = self._make_peer(self._options)
        answer = await self.peer.answer(sdp)
        self.log.reached("answer")
        limits = {"minBitrateBps": 100_000, "maxBitrateBps": 100_000_000}
        await self.send({"type": "answer", "sdp": answer} | limits)

    def _candidate(self, message: dict[str, Any]) -> None:
        candidate = ice.candidate(message.get("candidate"))
        if candidate is not None and self.peer is not None:
            self.peer.add_candidate(candidate)

    async def _notice(self, message: dict[str, Any]) -> None:
        self.log.notices.append(message)
        if message.get("reason") == "draining":
            return  # its successor answers at the same address
        if message.get("reason"):
            self.log.refused = str(message["reason"])
        elif message.get("matched") and message.get("url"):
            # The same address serves again after a loss: the lease in it holds the seat.
            self.url = self._seat(str(message["url"]))
            self._row = -1  # to go there is no attempt at coming back
            if self._socket is not None:
                await self._socket.close()

    def _seat(self, way: str) -> str:
        """The address of a seat, where new leases are to be sent before the old one ends."""
        return urljoin(self._page, f"{way}?renew=1")

    def _retire(self) -> None:
        if self.peer is not None:
            self._old_peers.append(self.peer)
            self.peer = None


def _spread(seconds: float) -> float:
    """A pause of about so long; players whom one fault hit must not come back in step."""
    return seconds * random.uniform(0.75, 1.25)  # noqa: S311
