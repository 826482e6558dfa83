"""Everybody gets ICE servers, in time and in their own name, whatever turn-api does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from time import monotonic, time

import orjson
import pytest

from pixelstream.apps.signalserver import ice
from pixelstream.net.turnapi import IceConfig
from pixelstream.settings.base import CONTROL_KEY_ENV
from tests.support.http import FakeServer, fake_server
from tests.support.signalling import Server, signalserver

STUN = {"iceTransportPolicy": "all", "iceServers": [{"urls": ["stun:192.0.2.9:3478"]}]}


def relays(host: str = "192.0.2.1", lifetime: float = 3600) -> bytes:
    server = {"urls": [f"turn:{host}:3478"], "username": f"{int(time() + lifetime)}:x", "credential": "c"}
    return orjson.dumps({"iceTransportPolicy": "all", "iceServers": [server]})


def settings(turn_api: FakeServer, more: str = "") -> str:
    return (
        "stream: {id: s1, seats: 10}\n"
        f"ice: {{turnApi: '{turn_api.url}', stun: ['stun:192.0.2.9:3478'], deadline: 0.2{more}}}"
    )


@pytest.fixture
async def turn_api() -> AsyncIterator[FakeServer]:
    async with fake_server(relays()) as fake:
        yield fake


async def silence(_: bytes, __: asyncio.StreamWriter) -> None: ...


async def config(server: Server, role: str = "player") -> dict[str, object]:
    options: dict[str, object] = (await (await server.open(role)).hears("config"))["peerConnectionOptions"]
    return options


async def test_each_peer_asks_in_its_own_name(turn_api: FakeServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(CONTROL_KEY_ENV, "key")
    async with signalserver(settings(turn_api)) as server:
        for role in ("streamer", "player", "player", "sfu"):
            assert await config(server, role) == orjson.loads(turn_api.body)
    asked = [request.split(b" ")[1] for request in turn_api.requests]
    assert asked == [b"/?session=s1-streamer", b"/?session=s1-1", b"/?session=s1-2", b"/?session=s1-sfu"]
    assert all(b"Authorization: Bearer key\r\n" in request for request in turn_api.requests)


async def test_with_turn_api_silent_a_player_has_config_within_the_deadline(turn_api: FakeServer) -> None:
    turn_api.reply = silence
    async with signalserver(settings(turn_api)) as server:
        begun = monotonic()
        assert await config(server) == STUN
        assert monotonic() - begun < 1.0
        assert await server.metric("ice_configs_total", source="stun_only") == 1


async def test_a_silent_turn_api_holds_nobody_else_up(turn_api: FakeServer) -> None:
    async with signalserver(settings(turn_api)) as server:
        streamer, player = await server.streamer(), await server.player(to="A")
        turn_api.reply = silence
        newcomer = await server.open("player")
        await player.says("offer", sdp="meanwhile")
        await streamer.hears("offer")
        await player.quiet()
        assert (await newcomer.hears())["type"] == "config"


async def test_the_last_good_answer_is_given_while_turn_api_is_down(turn_api: FakeServer) -> None:
    async with signalserver(settings(turn_api)) as server:
        good = await config(server)
        turn_api.reply = silence
        assert await config(server) == good
        assert await server.metric("ice_configs_total", source="last_good") == 1


async def test_what_a_player_says_before_its_config_is_not_lost(turn_api: FakeServer) -> None:
    async with signalserver(settings(turn_api)) as server:
        streamer = await server.streamer()
        turn_api.reply = silence
        player = await server.open("player")
        await player.says("subscribe", streamerId="A")
        await player.says("offer", sdp="early")
        assert (await player.hears())["type"] == "config"
        await streamer.hears("playerConnected")
        assert (await streamer.hears())["sdp"] == "early"


async def test_a_running_streamer_has_new_credentials_before_the_old_ones_end(turn_api: FakeServer) -> None:
    turn_api.body = relays(lifetime=60)
    async with signalserver(settings(turn_api, ", refresh: 0.05, renewBefore: 90")) as server:
        streamer, player = await server.streamer(), await server.player()
        turn_api.body = relays(lifetime=3600)
        fresh = await streamer.hears()
        while fresh["peerConnectionOptions"] != orjson.loads(turn_api.body):
            fresh = await streamer.hears()
        assert fresh["type"] == "config"
        await player.quiet()


async def test_a_running_streamer_learns_of_new_relays(turn_api: FakeServer) -> None:
    async with signalserver(settings(turn_api, ", refresh: 0.05")) as server:
        streamer = await server.streamer()
        turn_api.body = relays("192.0.2.2")
        assert (await streamer.hears())["peerConnectionOptions"] == orjson.loads(turn_api.body)


async def test_a_streamer_that_came_before_turn_api_has_a_relay_soon(
    turn_api: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ice, "RETRY", 0.05)
    answer, turn_api.reply = turn_api.reply, silence
    async with signalserver(settings(turn_api, ", refresh: 3600")) as server:
        streamer = await server.streamer()
        turn_api.reply = answer
        assert (await streamer.hears())["peerConnectionOptions"] == orjson.loads(turn_api.body)


async def test_a_streamer_without_a_relay_has_one_before_any_player_does(
    turn_api: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ice, "RETRY", 3600.0)
    answer, turn_api.reply = turn_api.reply, silence
    async with signalserver(settings(turn_api)) as server:
        streamer = await server.streamer()
        turn_api.reply = answer
        assert await config(server) == orjson.loads(turn_api.body)
        assert (await streamer.hears())["peerConnectionOptions"] == orjson.loads(turn_api.body)


async def test_a_streamer_is_not_disturbed_without_need(turn_api: FakeServer) -> None:
    async with signalserver(settings(turn_api, ", refresh: 0.05")) as server:
        streamer = await server.streamer()
        await server.until(lambda: len(turn_api.requests) > 3)
        turn_api.reply = silence
        seen = len(turn_api.requests)
        await server.until(lambda: len(turn_api.requests) > seen)
        await streamer.quiet()


async def test_a_relay_only_policy_reaches_turn_api_and_the_fallback(turn_api: FakeServer) -> None:
    async with signalserver(settings(turn_api, ", transportPolicy: relay")) as server:
        await config(server)
        assert b"&policy=relay" in turn_api.requests[0]
    async with signalserver("ice: {transportPolicy: relay}") as server:
        assert await config(server) == {"iceTransportPolicy": "relay", "iceServers": []}


async def test_an_answer_that_comes_after_the_fallback_is_not_sent_to_a_player(
    turn_api: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page builds its connection anew upon each `config`: a stalled server must not cut its stream."""
    async with signalserver(settings(turn_api)) as server:
        context, late = server.running.context, asyncio.Event()
        fetch = context.turn_api.fetch

        async def stalled(session: str) -> IceConfig:
            await late.wait()
            return await fetch(session)

        monkeypatch.setattr(context.turn_api, "fetch", stalled)
        player = await server.open("player")
        await server.until(lambda: bool(server.relay.registry.players))
        server.relay.tick(context.clock() + 5)
        assert (await player.hears("config"))["peerConnectionOptions"] == STUN
        late.set()
        await server.until(lambda: bool(turn_api.requests))
        await player.quiet()
