"""A relay for the load to speak to, faithful unless a test bends it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import orjson

from pixelstream.net.listener import Listener, listen
from pixelstream.net.websocket import WebSocket
from pixelstream.synthetic.bench.stage import Address, Quiet


class Relay:
    """Attributes: `lose` drops what players send, `bend` changes it, `mute` names nobody."""

    def __init__(self) -> None:
        self.players: dict[str, WebSocket] = {}
        self.streamer: WebSocket | None = None
        self.lose = self.bend = self.mute = False
        self.last = 0

    def streamers_door(self) -> Quiet:
        return _Streamers(self)

    def players_door(self) -> Quiet:
        return _Players(self)


class _Streamers(Quiet):
    def __init__(self, relay: Relay) -> None:
        self._relay = relay

    def opened(self, ws: WebSocket) -> None:
        self._relay.streamer = ws
        ws.send(b'{"type":"identify"}')

    def received(self, ws: WebSocket, data: bytes) -> None:
        message = orjson.loads(data)
        if message["type"] == "endpointId":
            if not self._relay.mute:
                ws.send(b'{"type":"endpointIdConfirm","committedId":"bench"}')
        elif (player := self._relay.players.get(message["playerId"])) is not None:
            player.send(data)


class _Players(Quiet):
    def __init__(self, relay: Relay) -> None:
        self._relay = relay

    def opened(self, ws: WebSocket) -> None:
        self._relay.last += 1
        ws.user = str(self._relay.last)
        self._relay.players[ws.user] = ws
        ws.send(b'{"type":"config","peerConnectionOptions":{}}')

    def received(self, ws: WebSocket, data: bytes) -> None:
        message: dict[str, Any] = orjson.loads(data)
        if message["type"] == "listStreamers":
            ws.send(b'{"type":"streamerList","ids":["bench"]}')
        elif message["type"] == "subscribe":
            self._say({"type": "playerConnected", "playerId": ws.user})
        elif not self._relay.lose:
            bent = {"bent": True} if self._relay.bend else {}
            self._say({**message, **bent, "playerId": ws.user})

    def closed(self, ws: WebSocket, code: int, reason: str) -> None:
        del self._relay.players[ws.user]

    def _say(self, message: dict[str, Any]) -> None:
        if self._relay.streamer is not None:
            self._relay.streamer.send(orjson.dumps(message))


@asynccontextmanager
async def served(relay: Relay) -> AsyncIterator[Address]:
    async def door(handler: Quiet) -> Listener:
        return await listen("127.0.0.1", 0, route=lambda _: handler)

    players, streamers = await door(relay.players_door()), await door(relay.streamers_door())
    try:
        yield Address(f"ws://127.0.0.1:{players.port}", f"ws://127.0.0.1:{streamers.port}")
    finally:
        await players.close()
        await streamers.close()
