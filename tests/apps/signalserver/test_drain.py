"""The end of a real process: nobody is cut off before the deadline, nobody is told to stay away."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import orjson
import pytest
from websockets.asyncio.client import connect

from tests.support.signalling import DEADLINE, Peer

MODULE = "pixelstream.apps.signalserver"


class Process:
    """A signalserver in a process of its own."""

    def __init__(self, process: asyncio.subprocess.Process, players: int, streamers: int) -> None:
        self.process = process
        self.players, self.streamers = players, streamers

    async def open(self, port: int) -> Peer:
        return Peer(await connect(f"ws://127.0.0.1:{port}/ws", compression=None, ping_interval=None))

    async def streamer(self) -> Peer:
        peer = await self.open(self.streamers)
        await peer.says("endpointId", id="A", protocolVersion="1.3.0")
        await peer.hears("endpointIdConfirm")
        return peer

    async def player(self) -> Peer:
        peer = await self.open(self.players)
        await peer.hears("config")
        await peer.says("subscribe", streamerId="A")
        return peer

    async def ends(self) -> int:
        async with asyncio.timeout(DEADLINE):
            return await self.process.wait()

    async def drains(self) -> None:
        """Send SIGTERM and wait until it shows."""
        self.process.send_signal(signal.SIGTERM)
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{self.players}") as http:
            async with asyncio.timeout(DEADLINE):
                while (await http.get("/readyz")).json()["detail"] != "draining":
                    pass


@asynccontextmanager
async def signalserver(folder: Path, settings: str) -> AsyncIterator[Process]:
    file = folder / "signalserver.yaml"
    file.write_text(
        f"listen: {{host: 127.0.0.1, port: 0}}\nstreamers: {{port: 0}}\nsfu: {{port: 0}}\n{settings}"
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", MODULE, "--config", str(file), stderr=asyncio.subprocess.PIPE
    )
    assert process.stderr is not None
    try:
        async with asyncio.timeout(DEADLINE):
            line = orjson.loads(await process.stderr.readline())
        yield Process(process, line["players"], line["streamers"])
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def test_it_stays_until_the_last_player_leaves_then_exits_0(tmp_path: Path) -> None:
    async with signalserver(tmp_path, "stream: {seats: 3}\ndrain: {deadline: 1h}") as running:
        streamer = await running.streamer()
        first, last = await running.player(), await running.player()
        await streamer.hears("playerConnected")
        await running.drains()
        late = await running.open(running.players)
        assert await late.closed() == (1013, "draining: no new players here")
        await first.leaves()
        await streamer.hears("playerDisconnected")
        await last.says("offer", sdp="goes on")
        assert (await streamer.hears("offer"))["sdp"] == "goes on"
        assert running.process.returncode is None
        await last.leaves()
        assert await streamer.closed() == (1012, "the server ends")
        assert await running.ends() == 0


async def test_at_the_deadline_players_are_sent_elsewhere_and_it_exits_0(tmp_path: Path) -> None:
    async with signalserver(tmp_path, "drain: {deadline: 0.3}") as running:
        await running.streamer()
        player = await running.player()
        running.process.send_signal(signal.SIGTERM)
        assert await player.closed() == (1012, "the server ends")
        assert await running.ends() == 0


async def test_without_players_it_ends_at_once(tmp_path: Path) -> None:
    async with signalserver(tmp_path, "drain: {deadline: 1h}") as running:
        running.process.send_signal(signal.SIGTERM)
        assert await running.ends() == 0


@pytest.mark.parametrize(
    ("text", "words"),
    [("stream: {seats: -1}", b"stream.seats = -1: must be at least 1"), ("listen: {host: 203.0.113.1}", b"")],
)
async def test_what_cannot_work_is_told_and_exits_1(tmp_path: Path, text: str, words: bytes) -> None:
    file = tmp_path / "bad.yaml"
    file.write_text(text)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", MODULE, "--config", str(file), stderr=asyncio.subprocess.PIPE
    )
    async with asyncio.timeout(DEADLINE):
        _, told = await process.communicate()
    assert process.returncode == 1
    assert words in told
    assert b"Traceback" not in told
