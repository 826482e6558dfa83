"""Matchmakers in processes of their own, which can be stopped and killed."""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import orjson
from websockets.asyncio.client import connect

from tests.support.matchmaking import KEYS
from tests.support.signalling import DEADLINE, Peer
from tests.support.streams import FakeStream

RUN = """
import sys, time
ahead, clock = float(sys.argv[2]), time.time
time.time = lambda: clock() + ahead  # before anybody reads it
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

    async def visit(self, query: str = "") -> Peer:
        return Peer(await connect(f"{self.url}/ws{query}", compression=None, ping_interval=None))

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)

    async def ends(self) -> int:
        async with asyncio.timeout(DEADLINE):
            return await self.process.wait()


@asynccontextmanager
async def process(
    folder: Path, streams: list[FakeStream], drain: str = "60s", settings: str = "", ahead: float = 0.0
) -> AsyncIterator[Process]:
    """Run a matchmaker that knows `streams` and has these further settings; its clock is `ahead`."""
    file = folder / f"matchmaker-{secrets.token_hex(4)}.yaml"
    known = [{"id": stream.name, "url": stream.url} for stream in streams]
    listed = f"streams: {orjson.dumps(known).decode()}" if known else ""
    file.write_text(
        f"listen: {{host: 127.0.0.1, port: 0}}\ndrain: {{deadline: {drain}}}\n{listed}\n{settings}"
    )
    started = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        RUN,
        str(file),
        str(ahead),
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, **KEYS},
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
        _, said = await started.communicate()
        print(said.decode())  # noqa: T201 - shown with a test that fails
