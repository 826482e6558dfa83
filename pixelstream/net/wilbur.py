"""A look at an unmodified Epic signalling server: by its REST API, else by asking as a player would.

Source: `--rest_api` of Epic's SignallingWebServer, GET /api/streamers, which names each streamer, whether it
streams, and its subscribers. The traps: an SFU stands there twice, as a subscriber and as a streamer with
subscribers of its own, and is no player; and asking as a player opens a socket that the server logs.
"""

from __future__ import annotations

import asyncio
from typing import Any

import orjson

from pixelstream.errors import DialError
from pixelstream.matchmaking.wilbur import UNREACHABLE, Occupancy
from pixelstream.net.dial import dial
from pixelstream.net.http import CallError, HttpClient
from pixelstream.net.websocket import WebSocket

STREAMERS = "/api/streamers"
MAX_ANSWER = 1 << 20
OK = 200
_ASK = '{"type":"listStreamers"}'


class WilburRest:
    """The REST API of one server.

    Args:
        base: its URL, without `/api`.
    """

    def __init__(self, base: str) -> None:
        self._http = HttpClient(base, max_body=MAX_ANSWER)

    async def look(self, deadline: float) -> Occupancy:
        """Return what it shows; `UNREACHABLE` if nothing comes that can be understood."""
        try:
            answer = await self._http.get(STREAMERS, timeout=deadline)
            return _read(orjson.loads(answer.body)) if answer.status == OK else UNREACHABLE
        except (CallError, orjson.JSONDecodeError, AttributeError, TypeError):
            return UNREACHABLE

    def close(self) -> None:
        """Close what is kept open."""
        self._http.close()


def _read(streamers: Any) -> Occupancy:
    ready = any(one.get("type", "Streamer") == "Streamer" and one.get("streaming") for one in streamers)
    players = [
        player
        for one in streamers
        for player in one.get("subscribers") or ()
        if not isinstance(player, dict) or player.get("type", "Player") == "Player"
    ]
    return Occupancy(ready=ready, players=len(players))


async def ask(url: str, deadline: float) -> Occupancy:
    """Ask as a player would whether a streamer is there; nobody tells then how many players are.

    A server that takes the socket and doesn't know the question counts as ready.
    """
    asker = _Asker()
    try:
        async with asyncio.timeout(deadline):
            ws = await dial(url, asker, timeout=deadline)
    except (DialError, TimeoutError):
        return UNREACHABLE
    try:
        async with asyncio.timeout(deadline):
            return Occupancy(ready=await asker.answer)
    except TimeoutError:
        return Occupancy(ready=True)
    finally:
        ws.close()


class _Asker:
    """Handler of the socket that asks."""

    def __init__(self) -> None:
        self.answer: asyncio.Future[bool] = asyncio.get_running_loop().create_future()

    def opened(self, ws: WebSocket) -> None:
        ws.send(_ASK)

    def received(self, ws: WebSocket, data: bytes) -> None:
        try:
            message = orjson.loads(data)
        except orjson.JSONDecodeError:
            return
        if isinstance(message, dict) and message.get("type") == "streamerList":
            self._tell(ready=bool(message.get("ids")))

    def closed(self, ws: WebSocket, code: int, reason: str) -> None:
        self._tell(ready=False)

    def paused(self, ws: WebSocket) -> None:
        """One small message is all that is sent."""

    def resumed(self, ws: WebSocket) -> None:
        """See `paused`."""

    def _tell(self, *, ready: bool) -> None:
        if not self.answer.done():
            self.answer.set_result(ready)
