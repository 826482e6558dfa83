"""Streamers and a stub server for the tests of this folder."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from pixelstream.settings.streamer import StreamerSettings
from pixelstream.synthetic.streamer import Streamer
from tests.synthetic.stub import Stub


@pytest.fixture(scope="session")
def clip_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("clips")


@contextlib.asynccontextmanager
async def streaming(stub: Stub, **settings: Any) -> AsyncIterator[Streamer]:
    small = {"width": 320, "height": 180, "session_linger": 1.0} | settings
    streamer = Streamer(StreamerSettings(signalserver_url=stub.streamer_url, **small))
    task = asyncio.create_task(streamer.run(), name="streamer under test")
    try:
        await stub.until(lambda: stub.streamer_id or not stub.identify, 30)
        yield streamer
    finally:
        task.cancel()
        await asyncio.wait([task], timeout=20)
        assert task.cancelled(), "a streamer ends by being cancelled and leaves no exception"


@pytest.fixture
async def stub() -> AsyncIterator[Stub]:
    async with Stub().running() as server:
        yield server


async def eventually(true: Callable[[], bool], within: float = 10.0) -> None:
    async with asyncio.timeout(within):
        while not true():  # noqa: ASYNC110 - what is asked for has no event of its own
            await asyncio.sleep(0.01)
