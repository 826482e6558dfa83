"""The matchmaker with a real signalserver: from the waiting room to the streamer, and through a restart."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from websockets.asyncio.client import connect

from pixelstream.apps.matchmaker.app import Matchmaker, serving
from pixelstream.apps.matchmaker.directory import Address
from pixelstream.settings.base import parse
from pixelstream.settings.matchmaker import MatchmakerSettings
from tests.support.matchmaking import ADMIN
from tests.support.signalling import DEADLINE, Peer, Server, signalserver


@asynccontextmanager
async def matchmaking(port: int = 0) -> AsyncIterator[Matchmaker]:
    settings = f"listen: {{host: 127.0.0.1, port: {port}}}\ndrain: {{deadline: 1s}}"
    async with serving(parse(MatchmakerSettings, settings)) as matchmaker:
        yield matchmaker


@asynccontextmanager
async def pair(matchmaker: Matchmaker, more: str = "") -> AsyncIterator[Server]:
    """A signalserver that demands leases, known to the matchmaker."""
    url = f"ws://127.0.0.1:{matchmaker.listener.port}"
    settings = (
        f"stream: {{id: s1, seats: 1}}\nauth: {{lease: required}}\nmatchmaker: {{url: '{url}'}}\n{more}"
    )
    async with signalserver(settings) as server:
        know(matchmaker, server)
        yield server


def know(matchmaker: Matchmaker, server: Server) -> None:
    address = Address("default", f"ws://127.0.0.1:{server.running.players.port}")
    matchmaker.context.directory.tell("static", {"s1": address})


async def visit(matchmaker: Matchmaker, query: str = "") -> Peer:
    url = f"ws://127.0.0.1:{matchmaker.listener.port}/ws{query}"
    return Peer(await connect(url, compression=None, ping_interval=None))


async def state_of(matchmaker: Matchmaker, *wanted: str) -> dict[str, object]:
    """Wait until the stream is in one of these states, and return it."""
    base = f"http://127.0.0.1:{matchmaker.listener.port}"
    async with asyncio.timeout(DEADLINE), httpx.AsyncClient(base_url=base, headers=ADMIN) as http:
        while True:
            streams = (await http.get("/api/v1/streams")).json()["streams"]
            if streams and streams[0]["state"] in wanted:
                found: dict[str, object] = streams[0]
                return found
            await asyncio.sleep(0.01)


async def plays(player: Peer, streamer: Peer) -> str:
    """Bring a player from its config to the streamer's offer; return its player id."""
    await player.hears("config")
    await player.says("subscribe", streamerId="A")
    player_id = (await streamer.hears("playerConnected"))["playerId"]
    await streamer.says("offer", sdp="v=0", playerId=player_id)
    assert (await player.hears("offer"))["sdp"] == "v=0"
    return str(player_id)


async def test_a_player_waits_for_the_streamer_and_is_joined_to_it() -> None:
    async with matchmaking() as matchmaker, pair(matchmaker) as server:
        player = await visit(matchmaker)
        assert (await player.hears("matchmaker"))["position"] == 1
        streamer = await server.streamer()
        await plays(player, streamer)
        await player.says("answer", sdp="v=1")
        assert (await streamer.hears("answer"))["sdp"] == "v=1"
        second = await visit(matchmaker)
        assert (await second.hears("matchmaker"))["queued"] is True
        await player.leaves()
        await streamer.hears("playerDisconnected")
        await plays(second, streamer)
        await second.leaves()


async def test_a_hand_off_goes_to_the_stream_by_itself_and_survives_a_restart_of_the_matchmaker() -> None:
    async with matchmaking() as first:
        port = first.listener.port
        async with pair(first) as server:
            streamer = await server.streamer()
            room = await visit(first, "?handoff=1")
            while not (notice := await room.hears("matchmaker"))["matched"]:
                pass
            await room.leaves()
            seat = await server.open("player", f"/{notice['url']}")
            player_id = await plays(seat, streamer)
            await state_of(first, "taken")
            await first.context.close()
            await first.listener.close()
            async with matchmaking(port) as second:
                know(second, server)
                stream = await state_of(second, "taken")
                assert [s["session"] for s in stream["sessions"]] == [notice["session"]]  # type: ignore[attr-defined]
                await streamer.says("iceCandidate", playerId=player_id, candidate={"candidate": "x"})
                await seat.hears("iceCandidate")
                await seat.leaves()
                await state_of(second, "free")


async def test_ending_a_session_by_rest_closes_its_player() -> None:
    async with matchmaking() as matchmaker, pair(matchmaker) as server:
        streamer = await server.streamer()
        player = await visit(matchmaker)
        session = (await player.hears("matchmaker"))["session"]
        await plays(player, streamer)
        await state_of(matchmaker, "taken")
        base = f"http://127.0.0.1:{matchmaker.listener.port}"
        async with httpx.AsyncClient(base_url=base) as http:
            assert (await http.delete(f"/api/v1/sessions/{session}")).status_code == 204
        await player.closed()
        await state_of(matchmaker, "free")


async def test_who_does_not_come_with_the_lease_in_time_loses_the_seat() -> None:
    settings = "listen: {host: 127.0.0.1, port: 0}\nclaims: {arrival: 200ms}"
    async with serving(parse(MatchmakerSettings, settings)) as matchmaker, pair(matchmaker) as server:
        await server.streamer()
        room = await visit(matchmaker, "?handoff=1")
        while not (notice := await room.hears("matchmaker"))["matched"]:
            pass
        await state_of(matchmaker, "free")
        late = await server.open("player", f"/{notice['url']}")
        code, _ = await late.closed()
        assert code in {1008, 1013}


@pytest.mark.parametrize("handoff", ["", "?handoff=1"])
async def test_twenty_players_share_one_seat_one_after_another(handoff: str) -> None:
    async with matchmaking() as matchmaker, pair(matchmaker) as server:
        streamer = await server.streamer()
        seated: set[Peer] = set()

        async def play() -> None:
            room = await visit(matchmaker, handoff)
            while not (notice := await room.hears("matchmaker"))["matched"]:
                pass
            seat = await server.open("player", f"/{notice['url']}") if handoff else room
            await seat.hears("config")
            seated.add(seat)
            assert seated == {seat}
            seated.remove(seat)
            await seat.leaves()

        async with asyncio.timeout(3 * DEADLINE):
            await asyncio.gather(*(play() for _ in range(20)))
        await streamer.quiet()
