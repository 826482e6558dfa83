"""What a matchmaker says of its store: in health, in metrics, in its readiness, and to those who wait."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Any

from tests.support.matchmaking import house
from tests.support.streams import FakeStream
from tests.support.valkeyserver import ValkeyServer, valkey_server


def shared(server: ValkeyServer) -> str:
    return f"store: {{kind: valkey, url: '{server.url}', prefix: t-{secrets.token_hex(4)}}}"


def is_ok(health: Any) -> bool:
    return bool(health["status"] == "ok")


async def test_one_in_memory_is_always_there() -> None:
    async with house() as here:
        health = await here.get("/api/v1/health")
        assert (health["status"], health["store"], health["store_up"], health["replicas"]) == (
            "ok",
            "memory",
            True,
            1,
        )
        assert (await here.get("/readyz")) == {"status": "ready"}
        await here.until_figure("pixelstream_store_up", 1)
        await here.until_figure("pixelstream_replicas", 1)


async def test_health_and_metrics_show_the_store_and_the_replicas(tmp_path: Path) -> None:
    with valkey_server(tmp_path) as server:
        settings = shared(server)
        async with house(settings=settings) as one, house(settings=settings) as other:
            for here in (one, other):
                health = await here.until("/api/v1/health", lambda found: found["replicas"] == 2)
                assert is_ok(health)
                assert health["store_lag"] < 10
                assert health["store_round_trip"] < 10
                await here.until_figure("pixelstream_replicas", 2)
                assert (await here.figures())["pixelstream_store_round_trip_seconds_count"] > 0
        async with house(settings=settings) as alone:
            await alone.until("/api/v1/health", lambda found: found["replicas"] == 1)


async def test_a_lost_store_degrades_and_keeps_everybody_and_readiness(tmp_path: Path) -> None:
    stream = FakeStream("s")
    with valkey_server(tmp_path) as server:
        async with house(stream, settings=shared(server)) as here:
            await here.until("/api/v1/health", is_ok)
            playing, waiting = await here.visit(), None
            await playing.seated()
            waiting = await here.visit()
            await waiting.waiting(1)
            server.kill()
            health = await here.until("/api/v1/health", lambda found: found["status"] == "degraded")
            assert not health["store_up"]
            assert "nobody is matched" in health["warnings"][0]
            await here.until_figure("pixelstream_store_up", 0)
            assert (await here.get("/readyz")) == {"status": "ready"}
            await waiting.until(lambda _: waiting.notices[-1]["seating"] is False)
            assert "you keep your place" in waiting.notices[-1]["detail"]
            refused = await here.http.post("/api/v1/sessions", json={})
            assert (refused.status_code, refused.headers["retry-after"]) == (503, "10")
            playing.ws.send('{"type":"still"}')
            await stream.players.until(lambda seat: b'{"type":"still"}' in seat.messages)
            server.start()
            await here.until("/api/v1/health", is_ok)
            await waiting.until(lambda _: waiting.notices[-1]["seating"] is True)
            assert not playing.endings
            assert not waiting.endings
            playing.ws.close()
            await waiting.seated()


async def test_one_that_never_reached_its_store_is_not_ready(tmp_path: Path) -> None:
    server = ValkeyServer(tmp_path)
    async with house(settings=shared(server)) as here:
        assert (await here.get("/readyz", status=503))["detail"] == "the shared store was not reached yet"
        waiting = await here.visit()
        notice = await waiting.waiting()
        assert (notice["seating"], "ticket" in notice) == (False, False)
        try:
            server.start()
            await here.until("/api/v1/health", is_ok)
            assert (await here.get("/readyz")) == {"status": "ready"}
            await waiting.waiting(1)
        finally:
            server.kill()
