"""SIGTERM: nobody new, those who wait come again elsewhere, those who are joined play on."""

from __future__ import annotations

import asyncio

import pytest

from pixelstream.errors import DialError
from tests.support.matchmaking import house
from tests.support.sockets import DEADLINE
from tests.support.streams import FakeStream


async def test_waiting_players_are_told_to_connect_again_and_never_with_1001() -> None:
    async with house() as here:
        player = await here.visit()
        await player.waiting()
        await asyncio.wait_for(here.matchmaker.drain(), DEADLINE)
        assert await player.ended() == (1012, "please connect again")


async def test_nobody_new_is_taken_while_it_drains() -> None:
    stream = FakeStream("s")
    async with house(stream) as here:
        player = await here.visit()
        await player.seated()
        drain = asyncio.create_task(here.matchmaker.drain())
        await here.until_drain()
        with pytest.raises(DialError):
            await here.visit()
        assert here.matchmaker.context.not_ready() == "draining"
        player.ws.close(1000)
        await asyncio.wait_for(drain, DEADLINE)


async def test_joined_players_play_on_until_they_leave() -> None:
    stream = FakeStream("s")
    async with house(stream) as here:
        player = await here.visit()
        await player.seated()
        drain = asyncio.create_task(here.matchmaker.drain())
        await here.until_drain()
        player.ws.send('{"type":"still"}')
        await stream.players.until(lambda seat: b'{"type":"still"}' in seat.messages)
        assert not drain.done()
        player.ws.close(1000)
        await asyncio.wait_for(drain, DEADLINE)


async def test_event_streams_end() -> None:
    async with house() as here:
        session = (await here.http.post("/api/v1/sessions", json={})).json()["session"]
        async with here.http.stream("GET", f"/api/v1/sessions/{session}/events") as events:
            lines = events.aiter_lines()
            await anext(lines)
            await asyncio.wait_for(here.matchmaker.drain(), DEADLINE)
            async with asyncio.timeout(DEADLINE):
                async for _ in lines:
                    pass
