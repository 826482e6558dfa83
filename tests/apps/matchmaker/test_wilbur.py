"""Unmodified signalling servers of Epic's: looked at by REST or asked, and seated one by one."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import orjson
import pytest

from tests.support.kubeapi import KUBECONFIG, SLICES, endpoint, kube_api, slice_of
from tests.support.matchmaking import House, Visitor, house
from tests.support.processes import Process, process
from tests.support.signalling import Peer
from tests.support.valkeyserver import valkey_server
from tests.support.wilburserver import WilburServer, wilbur_server

QUICK = "wilbur: {poll: 100ms}"


def listed(server: WilburServer, *, rest: bool = True, seats: int = 1) -> str:
    one = {"id": "w", "url": server.url, "kind": "wilbur", "seats": seats}
    return f"{QUICK}\nstreams: {orjson.dumps([one | ({'rest': server.rest} if rest else {})]).decode()}"


@pytest.fixture(params=[True, False], ids=["rest", "asked"])
async def server(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[WilburServer]:
    async with wilbur_server(tmp_path, rest=request.param) as found:
        yield found


@pytest.fixture
async def here(server: WilburServer, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[House]:
    monkeypatch.setattr("pixelstream.apps.matchmaker.wilbur.ASK_LEAST", 0.1)
    async with house(settings=listed(server, rest=server.has_rest)) as found:
        yield found


async def state(here: House, expected: str) -> None:
    await here.until("/api/v1/streams", lambda a: [one["state"] for one in a["streams"]] == [expected])


async def joined(player: Visitor, streamer: Peer) -> None:
    """Wait until the player and the streamer speak with each other."""
    await player.until(lambda _: any(one.get("type") == "config" for one in player.told))
    player.ws.send('{"type":"listStreamers"}')
    await player.until(lambda _: any(one.get("type") == "streamerList" for one in player.told))
    player.ws.send('{"type":"subscribe","streamerId":"Unreal"}')
    connected = await streamer.hears("playerConnected")
    await streamer.says("offer", sdp="v=0", playerId=connected["playerId"])
    await player.until(lambda _: any(one.get("type") == "offer" for one in player.told))


async def test_a_player_waits_for_a_streamer_and_is_joined_to_it(server: WilburServer, here: House) -> None:
    await state(here, "not_ready")
    player = await here.visit("?handoff=1")
    await player.waiting(1)
    streamer = await server.streamer()
    notice = await player.matched()
    assert notice["detail"]["id"] == "w"
    assert "url" not in notice
    await joined(player, streamer)


async def test_its_seat_is_ours_to_give_once(server: WilburServer, here: House) -> None:
    streamer = await server.streamer()
    first = await here.visit()
    await first.matched()
    second = await here.visit()
    await second.waiting(1)
    await joined(first, streamer)
    await state(here, "taken")
    first.ws.close(1000)
    await second.matched()
    await streamer.hears("playerDisconnected")
    await joined(second, streamer)


async def test_ending_a_session_closes_its_sockets_and_frees_the_seat(
    server: WilburServer, here: House
) -> None:
    await server.streamer()
    player = await here.visit()
    await player.matched()
    await state(here, "taken")
    assert (await here.http.delete(f"/api/v1/sessions/{player.session}")).status_code == 204
    await player.ended()
    await state(here, "free")


async def test_a_server_that_is_gone_is_not_offered_and_comes_back(server: WilburServer, here: House) -> None:
    streamer = await server.streamer()
    await state(here, "free")
    await streamer.breaks()
    await state(here, "not_ready")
    await server.streamer()
    await state(here, "free")
    server.process.kill()
    await state(here, "not_ready")


async def test_a_stranger_takes_a_seat_that_rest_shows(tmp_path: Path) -> None:
    async with wilbur_server(tmp_path) as server, house(settings=listed(server)) as here:
        await server.streamer()
        await state(here, "free")
        stranger = await server.stranger()
        await state(here, "taken")
        player = await here.visit()
        await player.waiting(1)
        await stranger.leaves()
        await player.matched()


async def test_a_claim_looks_first_so_that_a_stranger_who_just_came_keeps_its_seat(tmp_path: Path) -> None:
    slow = "wilbur: {poll: 1h}"
    async with wilbur_server(tmp_path) as server:
        streamer = await server.streamer()
        async with house(settings=listed(server).replace(QUICK, slow)) as here:
            await state(here, "free")
            await server.stranger()
            await streamer.hears("playerConnected")
            player = await here.visit()
            await here.until_figure('matchmaker_match_failures_total{reason="full"}', 1)
            await player.waiting(1)
            await state(here, "taken")


async def test_several_seats_are_given_one_by_one(tmp_path: Path) -> None:
    async with wilbur_server(tmp_path) as server, house(settings=listed(server, seats=2)) as here:
        await server.streamer()
        players = [await here.visit() for _ in range(3)]
        await players[0].matched()
        await players[1].matched()
        await players[2].waiting(1)
        players[0].ws.close(1000)
        await players[2].matched()


async def test_a_cluster_names_them_by_label(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with kube_api() as api, wilbur_server(tmp_path) as server:
        (tmp_path / "config").write_text(KUBECONFIG % api.url)
        monkeypatch.setenv("KUBECONFIG", str(tmp_path / "config"))
        await server.streamer()
        settings = f"{QUICK}\nkubernetes: {{namespace: px, selector: pixelstream.io/discovery=true}}"
        async with house(settings=settings) as here:
            labels = {"pixelstream.io/signalling": "wilbur"}
            port = urlsplit(server.url).port or 0
            found = slice_of(endpoint("epic-1", "127.0.0.1"), fleet="epic", port=port, labels=labels)
            await api.until(lambda: sum(path == SLICES for path, _ in api.watches) == 2)
            api.put(SLICES, "epic-x", **found)
            await state(here, "free")
            player = await here.visit("?fleet=epic")
            assert (await player.matched())["detail"] == {"id": "epic-1", "fleet": "epic"}
            selectors = {params["labelSelector"] for path, params in api.lists if path == SLICES}
            assert "pixelstream.io/signalling=wilbur" in selectors
            api.delete(SLICES, "epic-x")
            await here.until("/api/v1/streams", lambda a: a["streams"] == [])


# --- many matchmakers ------------------------------------------------------------------------------


@asynccontextmanager
async def two(folder: Path) -> AsyncIterator[tuple[Process, Process, WilburServer, Peer]]:
    """Run two matchmakers that share a store and an unmodified server with a streamer."""
    async with AsyncExitStack() as stack:
        valkey = stack.enter_context(valkey_server(folder))
        server = await stack.enter_async_context(wilbur_server(folder / "wilbur"))
        streamer = await server.streamer()
        store = f"store: {{kind: valkey, url: '{valkey.url}', prefix: t-{secrets.token_hex(4)}, presence: 2}}"
        a, b = [
            await stack.enter_async_context(process(folder, [], settings=f"{listed(server)}\n{store}"))
            for _ in "ab"
        ]
        yield a, b, server, streamer


async def plays(player: Peer, streamer: Peer) -> None:
    await player.hears("config")
    await player.says("subscribe", streamerId="Unreal")
    await streamer.hears("playerConnected")


async def test_any_replica_seats_players_at_it_and_never_two(tmp_path: Path) -> None:
    async with two(tmp_path) as (a, b, server, streamer), httpx.AsyncClient(base_url=server.rest) as rest:
        players = []
        for n in range(4):
            players.append(await (a, b)[n % 2].visit())
            await players[-1].hears("matchmaker")
        for player in players:
            await plays(player, streamer)
            assert len((await rest.get("/api/players")).json()) == 1
            await player.leaves()
            await streamer.hears("playerDisconnected")


async def test_the_next_replica_speaks_for_it_and_keeps_who_plays(tmp_path: Path) -> None:
    async with two(tmp_path) as (a, b, _, streamer):
        first = await b.visit()
        await plays(first, streamer)
        waiting = await b.visit()
        while (await waiting.hears("matchmaker"))["position"] != 1:
            pass
        a.process.kill()
        await a.process.wait()
        await first.says("listStreamers")
        await first.hears("streamerList")
        await first.leaves()
        await plays(waiting, streamer)
