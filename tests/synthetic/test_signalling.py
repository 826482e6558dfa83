"""Streamers without media: many sockets, the same protocol."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiortc.sdp import SessionDescription
from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection, serve

from pixelstream.settings.streamer import StreamerSettings
from pixelstream.synthetic.signalling import fake_sdp, run_silent
from tests.synthetic.conftest import eventually
from tests.synthetic.stub import Stub


@contextlib.asynccontextmanager
async def silent(url: str, **settings: Any) -> AsyncIterator[None]:
    made = StreamerSettings(signalserver_url=url, mode="signalling", **settings)
    task = asyncio.create_task(run_silent(made))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task], timeout=20)
        assert task.cancelled()


async def test_hundreds_of_streamers_identify_themselves_by_number() -> None:
    seen: set[str] = set()

    async def identify(socket: ServerConnection) -> None:
        await socket.send('{"type": "identify"}')
        seen.add(json.loads(await socket.recv())["id"])
        await socket.wait_closed()

    async with serve(identify, "127.0.0.1", 0) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        async with silent(f"ws://127.0.0.1:{port}", count=300):
            await eventually(lambda: len(seen) == 300, 30)
    assert min(seen) == "synthetic-00001"
    assert max(seen) == "synthetic-00300"


@pytest.mark.parametrize("profile", ["4.27", "5.5"])
async def test_a_visit_is_negotiated_in_form(profile: str) -> None:
    legacy = profile == "4.27"
    async with Stub(confirm=not legacy).running() as stub, silent(stub.streamer_url, profile=profile):
        await stub.until(lambda: stub.streamer_id)
        assert stub.streamer_id == "synthetic"
        async with connect(stub.player_url) as player:
            offer, subscribe = {"type": "offer", "sdp": "x"}, {"type": "subscribe", "streamerId": "synthetic"}
            await player.send(json.dumps(offer if legacy else subscribe))
            received = [json.loads(await player.recv()) for _ in range(4)]
        kinds = [message["type"] for message in received]
        assert kinds == ["config", "answer" if legacy else "offer", "iceCandidate", "iceCandidate"]
        assert received[1]["playerId"] == (101 if legacy else "101")


def test_the_description_is_one_that_a_peer_can_parse() -> None:
    parsed = SessionDescription.parse(fake_sdp("offer", "abcd"))
    assert [media.kind for media in parsed.media] == ["video", "audio", "application"]
    ice = parsed.media[0].ice
    assert ice is not None
    assert ice.usernameFragment == "abcd"
