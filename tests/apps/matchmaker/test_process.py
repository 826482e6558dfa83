"""The end of a real process: those who wait come again, those who are joined play on, and the exit is 0."""

from __future__ import annotations

from pathlib import Path

from websockets.asyncio.client import connect

from pixelstream.net.dial import dial
from tests.support.processes import process
from tests.support.signalling import Peer
from tests.support.streams import FakeStream, fake_streams


async def test_with_nobody_joined_it_ends_at_once_and_sends_those_who_wait_away(tmp_path: Path) -> None:
    async with process(tmp_path, [], "60s") as matchmaker:
        player = await matchmaker.visit()
        await player.hears("matchmaker")
        matchmaker.stop()
        assert await player.closed() == (1012, "please connect again")
        assert await matchmaker.ends() == 0


async def test_a_joined_player_plays_on_until_it_leaves(tmp_path: Path) -> None:
    stream = FakeStream("s")
    async with fake_streams(stream), process(tmp_path, [stream], "60s") as matchmaker:
        await stream.connect(matchmaker.url)
        player, waiting = await matchmaker.visit(), None
        await player.hears("config")
        waiting = await matchmaker.visit()
        await waiting.hears("matchmaker")
        matchmaker.stop()
        assert (await waiting.closed())[0] == 1012
        await player.says("still")
        await stream.players.until(lambda seat: b'{"type":"still"}' in seat.messages)
        assert matchmaker.process.returncode is None
        await player.leaves()
        assert await matchmaker.ends() == 0


async def test_at_the_deadline_it_ends_all_the_same_and_not_with_1001(tmp_path: Path) -> None:
    stream = FakeStream("s")
    async with fake_streams(stream), process(tmp_path, [stream], "200ms") as matchmaker:
        await stream.connect(matchmaker.url)
        player = await matchmaker.visit()
        await player.hears("config")
        matchmaker.stop()
        assert (await player.closed())[0] == 1006
        assert await matchmaker.ends() == 0


async def test_a_seat_that_was_handed_off_does_not_notice(tmp_path: Path) -> None:
    stream = FakeStream("s")
    async with fake_streams(stream), process(tmp_path, [stream], "60s") as matchmaker:
        await stream.connect(matchmaker.url)
        room = Peer(await connect(f"{matchmaker.url}/ws?handoff=1", compression=None))
        while not (notice := await room.hears("matchmaker"))["matched"]:
            pass
        seat = await dial(f"{stream.url}/{notice['url']}", stream.players)
        await room.leaves()
        matchmaker.process.kill()
        await matchmaker.ends()
        seat.send('{"type":"still"}')
        await stream.players.until(lambda players: b'{"type":"still"}' in players.messages)
        seat.abort()
