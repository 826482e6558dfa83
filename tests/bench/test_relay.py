"""The bare relay does for each message what ours does, or the ratio would mean nothing."""

import asyncio
import shutil
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import orjson
import pytest

import pixelstream
from pixelstream.cli.rig.servers import bare_relay
from pixelstream.cli.stack.ports import free_ports
from pixelstream.cli.stack.processes import Service, Supervisor
from pixelstream.net.dial import dial
from pixelstream.net.websocket import WebSocket
from pixelstream.synthetic.bench import relaying, stage, traffic, visiting
from pixelstream.synthetic.bench.cost import Spent
from pixelstream.synthetic.bench.stage import Address, Quiet


@pytest.fixture
async def address(tmp_path: Path) -> AsyncIterator[Address]:
    script = bare_relay()
    assert script, "python3 -m tests.setup relay"
    players, streamers = free_ports(2)
    supervisor = Supervisor(tmp_path)
    service = Service("bare", (*script, str(players), str(streamers)), f"http://127.0.0.1:{players}/")
    await supervisor.start(service)
    try:
        await supervisor.wait_ready(service)
        yield Address(f"ws://127.0.0.1:{players}", f"ws://127.0.0.1:{streamers}")
    finally:
        await supervisor.stop()


class Inbox(Quiet):
    def __init__(self) -> None:
        self.got: asyncio.Queue[dict[str, object]] = asyncio.Queue()

    def received(self, ws: WebSocket, data: bytes) -> None:
        self.got.put_nowait(orjson.loads(data))


async def test_it_relays_both_ways_whole_and_to_the_right_player(address: Address) -> None:
    async with stage.staged(address) as found:
        await found.admit(3)
        await relaying.check(found, traffic.answer(), "offer")


async def test_it_overwrites_the_player_id_that_a_player_claims(address: Address) -> None:
    async with stage.staged(address) as found:
        await found.admit(1)
        heard = Inbox()
        found.streamer.handler = heard
        found.players[0].send(b'{"type":"answer","playerId":"99","sdp":""}')
        async with asyncio.timeout(5):
            assert (await heard.got.get())["playerId"] == found.ids[0]


async def test_it_lists_streamers_and_carries_a_visit_to_its_end(address: Address) -> None:
    assert (await visiting.measure(address, 5, lambda: Spent(0.0, 0.0))).count == 5


async def test_it_says_when_there_is_no_such_streamer(address: Address) -> None:
    player = Inbox()
    ws = await dial(address.players, player)
    ws.send(b'{"type":"subscribe","streamerId":"nobody"}')
    async with asyncio.timeout(5):
        assert [(await player.got.get())["type"] for _ in range(2)] == ["config", "subscribeFailed"]
    ws.abort()


def test_without_node_or_its_packages_there_is_no_bare_relay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    assert bare_relay() is None
    monkeypatch.undo()
    monkeypatch.setattr(pixelstream, "__file__", str(Path(sys.prefix) / "pixelstream" / "it.py"))
    assert bare_relay() is None
