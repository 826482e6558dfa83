"""Looks at unmodified servers, whatever they answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import orjson
import pytest

from pixelstream.matchmaking.wilbur import UNREACHABLE, Occupancy
from pixelstream.net.wilbur import WilburRest, ask
from tests.support.signalling import signalserver

PLAYER = {"playerId": "Player0", "type": "Player"}
SFU = {"playerId": "Player1", "type": "SFU"}


@asynccontextmanager
async def answering(body: bytes, status: int = 200) -> AsyncIterator[WilburRest]:
    asked: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 %d X\r\nContent-Length: %d\r\n\r\n" % (status, len(body)) + body)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    rest = WilburRest(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
    try:
        yield rest
        assert asked[0].startswith(b"GET /api/streamers ")
    finally:
        rest.close()
        server.close()
        await server.wait_closed()


@pytest.mark.parametrize(
    ("streamers", "ready", "players"),
    [
        ([], False, 0),
        ([{"streamerId": "a", "type": "Streamer", "streaming": True, "subscribers": [PLAYER, SFU]}], True, 1),
        ([{"streamerId": "a", "type": "Streamer", "streaming": False}], False, 0),
        ([{"streamerId": "a", "streaming": True, "subscribers": ["Player0"]}], True, 1),
        ([{"streamerId": "s", "type": "SFU", "streaming": True, "subscribers": [PLAYER, PLAYER]}], False, 2),
    ],
)
async def test_streamers_and_their_players_are_counted(
    streamers: list[object], *, ready: bool, players: int
) -> None:
    async with answering(orjson.dumps(streamers)) as rest:
        assert await rest.look(5.0) == Occupancy(ready=ready, players=players)


@pytest.mark.parametrize(
    ("body", "status"), [(b"[]", 404), (b"<html>", 200), (b'["a"]', 200), (b"7", 200), (b"", 200)]
)
async def test_an_answer_that_is_none_means_unreachable(body: bytes, status: int) -> None:
    async with answering(body, status) as rest:
        assert await rest.look(5.0) == UNREACHABLE


async def test_nobody_there_means_unreachable() -> None:
    assert await WilburRest("http://127.0.0.1:1").look(5.0) == UNREACHABLE
    assert await ask("ws://127.0.0.1:1/", 5.0) == UNREACHABLE


async def test_asking_as_a_player_tells_whether_a_streamer_is_there() -> None:
    async with signalserver() as server:
        url = f"ws://127.0.0.1:{server.running.players.port}/"
        assert await ask(url, 5.0) == Occupancy(ready=False)
        await server.streamer()
        assert await ask(url, 5.0) == Occupancy(ready=True)
        await server.until(lambda: not server.running.players.sockets)
