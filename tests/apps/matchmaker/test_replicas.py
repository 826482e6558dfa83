"""Two matchmakers in processes of their own, one store: any of them serves any player and any stream."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.support.replicas import PRESENCE, position, seated, told_that_seats_are_held, two
from tests.support.signalling import DEADLINE
from tests.support.streams import FakeStream


async def test_a_player_here_gets_a_seat_whose_link_is_there(tmp_path: Path) -> None:
    stream = FakeStream("s")
    async with two(tmp_path, stream) as (a, b, _):
        await stream.connect(b.url)
        player = await a.visit()
        await seated(player)
        await player.says("hello")
        await stream.players.until(lambda seat: b'{"type":"hello"}' in seat.messages)


async def test_seats_go_to_those_who_came_first_wherever_they_came(tmp_path: Path) -> None:
    stream = FakeStream("s")
    async with two(tmp_path, stream) as (a, b, _):
        players = []
        for n in range(6):
            players.append(await (a, b)[n % 2].visit())
            await position(players[-1], n + 1)
        await stream.connect(b.url)
        for n, player in enumerate(players):
            await seated(player)
            for place, other in enumerate(players[n + 1 :], 1):
                async with asyncio.timeout(1.5):
                    await position(other, place)
            (session,) = stream.held
            stream.free(session)


async def test_players_of_a_killed_replica_leave_the_line_and_nobody_is_stuck(tmp_path: Path) -> None:
    stream = FakeStream("s")
    async with two(tmp_path, stream) as (a, b, _):
        ghosts = [await a.visit() for _ in range(3)]
        await position(ghosts[-1], 3)
        player = await b.visit()
        await position(player, 4)
        await stream.connect(a.url)
        await stream.until(lambda s: bool(s.held))
        a.process.kill()
        async with asyncio.timeout(PRESENCE + 1.5):
            await position(player, 1)
        stream.held.clear()
        await stream.connect(b.url)
        await seated(player)


async def test_a_claim_that_was_under_way_when_its_replica_died_is_made_again(tmp_path: Path) -> None:
    stream = FakeStream("s", silent=True)
    async with two(tmp_path, stream) as (a, b, _):
        await stream.connect(a.url)
        player = await b.visit()
        await stream.until(lambda s: bool(s.orders))
        a.process.kill()
        stream.silent = False
        await stream.connect(b.url)
        await seated(player)


async def test_the_store_goes_and_comes_back_and_sessions_do_not_notice(tmp_path: Path) -> None:
    stream = FakeStream("s")
    async with two(tmp_path, stream) as (a, b, server):
        await stream.connect(b.url)
        playing = await a.visit()
        await seated(playing)
        waiting = []
        for n, matchmaker in enumerate((a, b), 1):
            waiting.append(await matchmaker.visit())
            await position(waiting[-1], n)
        server.kill()
        for n, player in enumerate(waiting, 1):
            await told_that_seats_are_held(player, n)
        await playing.says("still")
        await stream.players.until(lambda seat: b'{"type":"still"}' in seat.messages)
        late = await b.visit()
        await told_that_seats_are_held(late, None)
        server.start()
        await position(late, 3)
        for player in waiting:
            while not (await player.hears("matchmaker"))["seating"]:
                pass
        await playing.says("again")
        await stream.players.until(lambda seat: b'{"type":"again"}' in seat.messages)
        for player in [*waiting, late]:
            (session,) = stream.held
            stream.free(session)
            await seated(player)


@pytest.mark.parametrize("again", range(3))
async def test_the_name_of_nobody_is_on_two_seats(tmp_path: Path, again: int) -> None:  # noqa: ARG001
    streams = [FakeStream(f"s{n}", seats=2) for n in range(3)]
    async with two(tmp_path, *streams) as (a, b, _):
        players = []
        for n in range(9):
            players.append(await (a, b)[n % 2].visit())
            await position(players[-1], n + 1)
        await asyncio.gather(*(s.connect((a, b)[n % 2].url) for n, s in enumerate(streams)))
        async with asyncio.timeout(DEADLINE):
            for stream in streams:
                await stream.until(lambda s: len(s.held) == s.seats)
        held = [session for stream in streams for session in stream.held]
        assert len(held) == len(set(held)) == 6
        for player in players[:6]:
            await seated(player)
