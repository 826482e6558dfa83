"""The HTTP surface on the players' port."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from pixelstream import __version__
from pixelstream.apps.signalserver import neighbour
from pixelstream.settings.base import CONTROL_KEY_ENV
from pixelstream.settings.signalserver import STREAMER_TOKEN_ENV
from tests.support.signalling import DEADLINE, Server, signalserver


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    async with signalserver("stream: {seats: 2}") as server:
        yield server


async def test_alive_from_the_start_but_ready_with_a_streamer_only(server: Server) -> None:
    assert (await server.http.get("/healthz")).json()["service"] == "signalserver"
    waiting = await server.http.get("/readyz")
    assert (waiting.status_code, waiting.json()) == (503, {"detail": "no streamer is attached"})
    streamer = await server.streamer()
    assert (await server.http.get("/readyz")).status_code == 200
    await streamer.leaves()
    await server.until(lambda: not server.relay.registry.streamers)
    assert (await server.http.get("/readyz")).status_code == 503
    assert (await server.http.get("/healthz")).status_code == 200


async def test_a_draining_one_is_not_ready(server: Server) -> None:
    await server.streamer()
    server.relay.drain()
    answer = await server.http.get("/readyz")
    assert (answer.status_code, answer.json()) == (503, {"detail": "draining"})


async def test_the_streamer_next_door_is_judged_by_being_attached_not_by_draining(server: Server) -> None:
    assert (await server.http.get("/attachedz")).status_code == 503
    await server.streamer()
    server.running.context.drain()
    assert (await server.http.get("/attachedz")).status_code == 200


async def test_the_last_hook_of_the_streamer_waits_for_the_last_player(server: Server) -> None:
    await server.streamer()
    player = await server.player(to="A")
    asked = asyncio.create_task(server.http.get("/drained", timeout=DEADLINE))
    server.running.context.drain()
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(asyncio.shield(asked), 0.2)
    await player.leaves()
    assert (await asked).json() == {"drained": True}


async def test_the_last_hook_waits_for_a_late_word_on_the_drain_while_somebody_plays(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(neighbour, "NOTICE", 0.01)
    await server.streamer()
    player = await server.player(to="A")
    asked = asyncio.create_task(server.http.get("/drained", timeout=DEADLINE))
    answered, _ = await asyncio.wait([asked], timeout=0.2)
    assert not answered
    server.running.context.drain()
    await player.leaves()
    assert (await asked).json() == {"drained": True}


async def test_the_last_hook_does_not_wait_where_nothing_drains(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(neighbour, "NOTICE", 0.01)
    assert (await server.http.get("/drained")).json() == {"drained": False}


async def test_the_last_hook_waits_no_longer_than_the_drain() -> None:
    async with signalserver("drain: {deadline: 0.05}") as server:
        await server.streamer()
        await server.player(to="A")
        server.running.context.drain()
        assert (await server.http.get("/drained")).json() == {"drained": False}


async def test_the_gauges_follow_a_visit(server: Server) -> None:
    names = ("stream_allocated", "player_socket_connections", "free_stream_indicator", "seats_taken")

    async def gauges() -> list[float]:
        return [await server.metric(name) for name in names]

    streamer = await server.streamer()
    assert await server.metric("stream_socket_open_indicator") == 1
    assert await gauges() == [0, 0, 1, 0]
    player = await server.player(to="A")
    assert await gauges() == [1, 1, 0, 1]
    player_id = (await streamer.hears("playerConnected"))["playerId"]
    await streamer.says("offer", playerId=player_id, sdp="x")
    await player.hears("offer")
    await player.says("answer", sdp="x")
    await streamer.hears("answer")
    for phase in ("config", "subscribed", "offer", "answer"):
        assert await server.metric("phase_seconds_count", phase=phase) == 1
    assert await server.metric("messages_total", type="offer") == 1
    await player.sends("null")
    await player.quiet()
    assert await server.metric("drops_total", reason="malformed") == 1
    await player.leaves()
    await server.until(lambda: server.relay.snapshot().taken == 0)
    assert await gauges() == [0, 0, 1, 0]
    assert await server.metric("visit_seconds_count", reason="left") == 1


async def test_one_player_more_than_seats_is_told_so(server: Server) -> None:
    for _ in range(2):
        await server.player()
    third = await server.open("player")
    assert await third.closed() == (1013, "every seat is taken")
    assert await server.metric("refusals_total", reason="full") == 1


async def test_the_view_has_the_fields_of_epics_server_and_no_address(server: Server) -> None:
    await server.streamer("A/1")
    await server.open("sfu")
    player = await server.player(to="A/1")
    await player.quiet()
    status = (await server.http.get("/api/status")).json()
    assert status.pop("uptime") >= 0
    assert status == {"streamer_count": 2, "player_count": 1, "version": __version__}
    first = {"streamerId": "A/1", "type": "Streamer", "streaming": True, "subscribers": ["2"]}
    second = {"streamerId": "UnknownStreamer", "type": "SFU", "streaming": False, "subscribers": []}
    assert (await server.http.get("/api/streamers")).json() == [first, second]
    assert (await server.http.get("/api/streamers/A/1")).json() == first
    assert (await server.http.get("/api/players")).json() == [
        {"playerId": "2", "type": "Player", "subscribedTo": "A/1"}
    ]
    assert (await server.http.get("/api/players/2")).json()["playerId"] == "2"


async def test_what_is_not_there_is_404_with_epics_words(server: Server) -> None:
    streamer = await server.http.get("/api/streamers/X")
    assert (streamer.status_code, streamer.json()) == (404, {"message": "No streamer id matches X."})
    player = await server.http.get("/api/players/9")
    assert (player.status_code, player.json()) == (404, {"message": "No player ID matches 9."})
    assert (await server.http.get("/api/config")).status_code == 404


async def test_with_a_control_key_the_view_needs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(CONTROL_KEY_ENV, "key")
    async with signalserver() as server:
        for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "key"}):
            assert (await server.http.get("/api/status", headers=headers)).status_code == 401
        right = {"Authorization": "Bearer key"}
        assert (await server.http.get("/api/status", headers=right)).status_code == 200
        assert (await server.http.get("/metrics")).status_code == 200


async def test_a_streamer_needs_its_token_where_one_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(STREAMER_TOKEN_ENV, "t0ken")
    async with signalserver() as server:
        for path in ("/", "/?token=", "/?token=wrong"):
            for role in ("streamer", "sfu"):
                with pytest.raises(Exception, match="HTTP 401"):
                    await server.open(role, path)
        await server.streamer("A", "/?token=t0ken")
        bearer = {"Authorization": "Bearer t0ken"}
        peer = await server.open("streamer", additional_headers=bearer)
        assert (await peer.hears())["type"] == "identify"
        await server.player()
