"""The silent are pinged, the dead are reaped, and visits end when their time is over."""

from __future__ import annotations

import asyncio

import pytest

from pixelstream.apps.signalserver import context
from tests.support.signalling import signalserver, upgraded


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(context, "TICK", 0.02)


async def test_a_dead_player_frees_its_seat() -> None:
    async with signalserver(
        "stream: {seats: 1}\nkeepalive: {interval: 0.1, timeout: 0.3}\nlimits: {slowStreamer: 0.2}"
    ) as server:
        async with upgraded(server.running.players.port) as (reader, _):
            async with asyncio.timeout(10):
                while await reader.read(1000):
                    pass
        await server.until(lambda: server.relay.snapshot().taken == 0)


async def test_a_dead_streamer_is_noticed() -> None:
    async with (
        signalserver("keepalive: {interval: 0.1, timeout: 0.3}\nlimits: {slowStreamer: 0.2}") as server,
        upgraded(server.running.streamers.port) as (reader, _),
    ):
        async with asyncio.timeout(10):
            while await reader.read(1000):
                pass
        await server.until(lambda: not server.relay.registry.streamers)


async def test_one_that_answers_pings_stays() -> None:
    async with signalserver(
        "stream: {seats: 2}\nkeepalive: {interval: 0.1, timeout: 0.3}\nlimits: {slowStreamer: 0.2}"
    ) as server:
        alive = await server.player()
        async with upgraded(server.running.players.port):
            await server.until(lambda: server.relay.snapshot().taken == 2)
            await server.until(lambda: server.relay.snapshot().taken == 1)
        await alive.quiet()


async def test_a_visit_ends_at_its_maximum() -> None:
    async with signalserver("sessions: {maximum: 0.1}") as server:
        player = await server.player()
        assert await player.closed() == (1008, "this session's time is over")
        await server.until(lambda: server.relay.snapshot().taken == 0)
        assert await server.metric("visit_seconds_count", reason="expired") == 1


async def test_one_without_a_stream_idles() -> None:
    async with signalserver("sessions: {idle: 0.1}") as server:
        player = await server.player()
        assert await player.closed() == (1008, "idle for too long")
