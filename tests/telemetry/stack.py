"""A small stack of real services in this process, a fake exporter beside it, and visits of players.

The trap: unix sockets have short paths, so the store's folder can't be one of pytest's.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
from websockets.asyncio.client import connect

from pixelstream.apps.matchmaker import app as matchmaker_app
from pixelstream.apps.matchmaker.directory import Address
from pixelstream.apps.turnapi import app as turnapi_app
from pixelstream.settings.base import parse
from pixelstream.settings.matchmaker import MatchmakerSettings
from pixelstream.settings.turnapi import TurnApiSettings
from tests.support.signalling import DEADLINE, Peer, Server, signalserver
from tests.support.valkeyserver import valkey_server
from tests.telemetry import exporter
from tests.telemetry.prometheus import Target

LOCAL = "listen: {host: 127.0.0.1, port: 0}\n"
FLEET = (
    "fleets: [{name: default, buffer: 1, minimum: 1, maximum: 4, pricePerGpuHour: 0.8, "
    "budget: {gpuHoursPerDay: 100}}]\n"
)
LOAD = exporter.Load(
    busy={"gpu-a": (0.6, 0.2)},
    fleets={"default": (1, 2, 1, 4)},
    allocations={"px-turn-1": (2, 1)},
    relayed={"px-turn-1": 5e6},
)
SEEN = {"seat": 0.02, "signalling": 0.15, "ice": 0.3, "frame": 0.4, "queue": 0.1}


class Stack:
    """What runs, and what a player does with it."""

    def __init__(self, matchmaker: int, server: Server, streamer: Peer, targets: list[Target]) -> None:
        self._matchmaker, self._server, self._streamer = matchmaker, server, streamer
        self.targets = targets
        self._http = httpx.AsyncClient(base_url=f"http://127.0.0.1:{matchmaker}", timeout=DEADLINE)

    async def visit(self, *reports: dict[str, Any]) -> None:
        """Come, be matched, take a seat, report, and leave."""
        player, lease = await self.stay()
        for report in reports:
            headers = {"Authorization": f"Bearer {lease}"}
            answer = await self._http.post("/api/v1/quality", json=report, headers=headers)
            assert answer.is_success, answer.text
        await player.leaves()
        await self._streamer.hears("playerDisconnected")

    async def stay(self) -> tuple[Peer, str]:
        """Come, be matched and take a seat; return the player and its lease."""
        lease = await self._matched()
        player = await self._server.open("player", f"/s/{lease}/ws")
        await player.hears("config")
        await player.says("subscribe", streamerId="A")
        player_id = (await self._streamer.hears("playerConnected"))["playerId"]
        await self._streamer.says("offer", sdp="v=0", playerId=player_id)
        await player.hears("offer")
        return player, lease

    async def vanish(self) -> None:
        """Be matched and never take the seat, until that is noticed."""
        await self._matched()
        await self.until("matchmaker_match_failures_total", reason="no_show")

    async def ask_for_nothing(self) -> None:
        """Ask for a fleet that there isn't."""
        (await self._open("&fleet=nowhere")).connection.transport.abort()

    async def _matched(self) -> str:
        player = await self._open()
        while not (notice := await player.hears("matchmaker"))["matched"]:
            pass
        await player.leaves()
        lease: str = notice["lease"]
        return lease

    async def _open(self, more: str = "") -> Peer:
        url = f"ws://127.0.0.1:{self._matchmaker}/ws?handoff=1{more}"
        return Peer(await connect(url, compression=None, ping_interval=None))

    async def until(self, name: str, **labels: str) -> None:
        """Wait until the matchmaker has counted something."""
        wanted = "".join(f'{key}="{value}"' for key, value in labels.items())
        async with asyncio.timeout(DEADLINE):
            while f"{name}{{{wanted}}} 0.0" in (await self._http.get("/metrics")).text:  # noqa: ASYNC110
                await asyncio.sleep(0.05)

    async def close(self) -> None:
        """Let go of its connections."""
        await self._http.aclose()


@asynccontextmanager
async def running() -> AsyncIterator[Stack]:
    """Run matchmaker (with a shared store), signalserver, turn-api and the exporter; a stream is free."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="pixelstream-")))
        store = stack.enter_context(valkey_server(folder))
        (folder / "relays.json").write_text('{"relays": [{"host": "192.0.2.1"}, {"host": "192.0.2.2"}]}')
        relays = f"sources: {{file: {{path: '{folder / 'relays.json'}'}}}}"
        turn_api = await stack.enter_async_context(
            turnapi_app.serving(parse(TurnApiSettings, LOCAL + relays))
        )
        settings = (
            f"{LOCAL}{FLEET}claims: {{arrival: 1s}}\ndrain: {{deadline: 1s}}\n"
            f"store: {{kind: valkey, url: '{store.url}'}}"
        )
        matchmaker = await stack.enter_async_context(
            matchmaker_app.serving(parse(MatchmakerSettings, settings))
        )
        port = matchmaker.listener.port
        server = await stack.enter_async_context(_stream(port, turn_api.listener.port))
        address = Address("default", f"ws://127.0.0.1:{server.running.players.port}")
        matchmaker.context.directory.tell("static", {"s1": address})
        others = stack.enter_context(exporter.serving(_page))
        targets = [
            _target(port, "matchmaker", service="px-matchmaker"),
            _target(server.running.players.port, "signalserver", fleet="default"),
            _target(turn_api.listener.port, "turn-api"),
            Target(others, {}),
        ]
        found = Stack(port, server, await server.streamer(), targets)
        stack.push_async_callback(found.close)
        yield found


@asynccontextmanager
async def _stream(matchmaker: int, turn_api: int) -> AsyncIterator[Server]:
    settings = (
        f"stream: {{id: s1, seats: 2}}\nauth: {{lease: required}}\n"
        f"matchmaker: {{url: 'ws://127.0.0.1:{matchmaker}'}}\nice: {{turnApi: 'http://127.0.0.1:{turn_api}'}}"
    )
    async with signalserver(settings) as server:
        yield server


def _page() -> str:
    return exporter.text(exporter.samples(0.0, LOAD))


def _target(port: int, component: str, **more: str) -> Target:
    labels = {"namespace": "streams", "pod": f"px-{component}-1", "container": component, **more}
    return Target(f"127.0.0.1:{port}", labels)
