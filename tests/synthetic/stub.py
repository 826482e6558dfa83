"""A signalling server of the tests' own: it relays and writes down, and can be told to misbehave."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.frames import CloseCode

Json = dict[str, Any]


class Stub:
    """Path `/streamer` is the streamer's socket, any other a player's."""

    def __init__(
        self,
        *,
        identify: bool = True,
        confirm: bool = True,
        auto_subscribe: bool = False,
        send_offer: bool = True,
    ) -> None:
        self.identify = identify
        self.confirm = confirm
        self.auto_subscribe = auto_subscribe  # as for pages of 5.0, or that make the offer
        self.send_offer = send_offer
        self.options: Json = {"iceServers": []}
        self.offered_subprotocols: str | None = None
        self.streamer: ServerConnection | None = None
        self.streamer_id = ""
        self.players: dict[str, ServerConnection] = {}
        self.from_streamer: list[Json] = []
        self.from_players: list[Json] = []
        self.streamer_closes: list[int | None] = []
        self.next_player = 101
        self.held: list[str] = []  # seats of players who went away, if `holds`
        self.holds = False
        self._news = asyncio.Event()
        self._server: Server | None = None

    @contextlib.asynccontextmanager
    async def running(self, port: int = 0) -> AsyncIterator["Stub"]:
        async with serve(self._serve, "127.0.0.1", port, compression=None, close_timeout=1) as self._server:
            yield self

    async def stop(self) -> None:
        assert self._server is not None
        self._server.close()
        await self.until(lambda: self.streamer is None)

    @property
    def port(self) -> int:
        assert self._server is not None
        return int(next(iter(self._server.sockets)).getsockname()[1])

    @property
    def streamer_url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/streamer"

    @property
    def player_url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/"

    def types(self) -> list[str]:
        return [message["type"] for message in self.from_streamer]

    async def until(self, true: Callable[[], object], within: float = 10.0) -> None:
        async with asyncio.timeout(within):
            while not true():
                self._news.clear()
                await self._news.wait()

    async def to_streamer(self, **message: Any) -> None:
        await self.until(lambda: self.streamer)
        assert self.streamer is not None
        await self.streamer.send(json.dumps(message))

    async def _serve(self, socket: ServerConnection) -> None:
        assert socket.request is not None
        serve = self._serve_streamer if socket.request.path == "/streamer" else self._serve_player
        with contextlib.suppress(ConnectionClosed):
            await serve(socket)

    async def _serve_streamer(self, socket: ServerConnection) -> None:
        self.streamer = socket
        assert socket.request is not None
        self.offered_subprotocols = socket.request.headers.get("Sec-WebSocket-Protocol")
        if self.identify:
            await self.to_streamer(type="identify")
        await self.to_streamer(type="config", peerConnectionOptions=self.options)
        self._news.set()
        try:
            async for data in socket:
                await self._from_streamer(json.loads(data))
        finally:
            self.streamer = None
            self.streamer_closes.append(socket.close_code)
            self._news.set()

    async def _from_streamer(self, message: Json) -> None:
        self.from_streamer.append(message)
        self._news.set()
        if message["type"] == "endpointId":
            self.streamer_id = message["id"]
            if self.confirm:
                await self.to_streamer(type="endpointIdConfirm", committedId=self.streamer_id)
        elif message["type"] == "ping":
            await self.to_streamer(type="pong", time=message["time"])
        else:
            player = self.players.get(str(message.get("playerId", "")))
            if player is not None:
                with contextlib.suppress(ConnectionClosed):
                    await player.send(json.dumps(message))

    async def _serve_player(self, socket: ServerConnection) -> None:
        name = self._seat()
        self.players[name] = socket
        await socket.send(json.dumps({"type": "config", "peerConnectionOptions": self.options}))
        if self.auto_subscribe:
            await self._connect(name)
        try:
            async for data in socket:
                await self._from_player(name, json.loads(data))
        finally:
            await self._player_left(name, socket)

    def _seat(self) -> str:
        if self.held:
            return self.held.pop()
        self.next_player += 1
        return str(self.next_player - 1)

    async def _from_player(self, name: str, message: Json) -> None:
        self.from_players.append(message)
        if message["type"] == "listStreamers":
            ids = [self.streamer_id] if self.streamer and self.streamer_id else []
            await self.players[name].send(json.dumps({"type": "streamerList", "ids": ids}))
        elif message["type"] == "subscribe":
            if not self.auto_subscribe:
                await self._connect(name)
        else:
            await self.to_streamer(**(message | {"playerId": name}))

    async def _connect(self, name: str) -> None:
        more = {} if self.send_offer else {"sendOffer": False}
        await self.to_streamer(type="playerConnected", playerId=name, dataChannel=True, sfu=False, **more)

    async def _player_left(self, name: str, socket: ServerConnection) -> None:
        del self.players[name]
        if self.holds and socket.close_code != CloseCode.NORMAL_CLOSURE:
            self.held.append(name)
        elif self.streamer is not None:
            with contextlib.suppress(ConnectionClosed):
                await self.to_streamer(type="playerDisconnected", playerId=name)
        self._news.set()
