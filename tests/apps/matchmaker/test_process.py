"""The end of a real process: those who wait come again, those who are joined play on, and the exit is 0."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import orjson
from websockets.asyncio.client import connect

from pixelstream.net.dial import dial
from tests.support.matchmaking import KEYS
from tests.support.signalling import DEADLINE, Peer
from tests.support.streams import FakeStream, fake_streams

RUN = """
import sys
from pixelstream.apps.matchmaker.app import run
from pixelstream.settings.base import load
from pixelstream.settings.matchmaker import MatchmakerSettings
run(load(MatchmakerSettings, sys.argv[1]))
"""


class Process:
    """A matchmaker in a process of its own."""

    def __init__(self, process: asyncio.subprocess.Process, port: int) -> None:
        self.process = process
        self.url = f"ws://127.0.0.1:{port}"

    async def visit(self) -> Peer:
        return Peer(await connect(f"{self.url}/ws", compression=None, ping_interval=None))

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)

    async def ends(self) -> int:
        async with asyncio.timeout(DEADLINE):
            return await self.process.wait()


@asynccontextmanager
async def process(folder: Path, streams: list[FakeStream], drain: str) -> AsyncIterator[Process]:
    file = folder / "matchmaker.yaml"
    listed = orjson.dumps([{"id": stream.name, "url": stream.url} for stream in streams]).decode()
    file.write_text(
        f"listen: {{host: 127.0.0.1, port: 0}}\ndrain: {{deadline: {drain}}}\nstreams: {listed}\n"
    )
    started = await asyncio.create_subprocess_exec(
        sys.executable, "-c", RUN, str(file), stderr=asyncio.subprocess.PIPE, env={**os.environ, **KEYS}
    )
    assert started.stderr
    try:
        async with asyncio.timeout(DEADLINE):
            while (line := orjson.loads(await started.stderr.readline()))["event"] != "listening":
                pass
        yield Process(started, line["port"])
    finally:
        if started.returncode is None:
            started.kill()
        await started.communicate()


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
