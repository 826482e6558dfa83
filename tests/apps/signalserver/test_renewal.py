"""Who asks for it gets new leases while it is here; a visit outlives any lease; nobody else hears of it."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from time import time
from typing import Any

import orjson
import pytest

from pixelstream.apps.signalserver.renewal import asks
from pixelstream.auth.keys import LeaseKeys
from pixelstream.auth.lease import Lease, verify
from pixelstream.protocol.control import SeatState
from pixelstream.settings.base import LEASE_KEYS_ENV
from tests.apps.signalserver.test_leases import KEYS, SETTINGS, token
from tests.support.signalling import Server, signalserver

SHORT = 4
"""Seconds of a lease that is renewed while a test looks on."""


@pytest.fixture(autouse=True)
def _keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(LEASE_KEYS_ENV, KEYS)


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    async with signalserver(SETTINGS) as server:
        await server.streamer()
        yield server


def short(**changes: Any) -> str:
    now = int(time())
    return token(**{"issued": now, "expires": now + SHORT, "user": "ada", **changes})


def read(text: str) -> Lease:
    return verify(text, LeaseKeys.parse(KEYS), time())


async def test_a_page_that_asks_is_renewed_again_and_again(server: Server) -> None:
    first = short()
    player = await server.player(f"/s/{first}/ws?renew=1", to="A")
    for _ in range(2):
        message = await player.hears("lease")
        lease, former = read(message["lease"]), read(first)
        assert (lease.session, lease.fleet, lease.stream, lease.fence, lease.user) == (
            *("one", "f1", "s1", 1),
            "ada",
        )
        assert lease.expires == message["expires"] > former.expires
        assert lease.expires - lease.issued == SHORT
        first = message["lease"]
    text = (await server.http.get("/metrics")).text.splitlines()
    assert "pixelstream_lease_renewals_total 2.0" in text
    assert "pixelstream_lease_keys 1.0" in text


async def test_a_rejoin_with_the_newest_lease_is_the_same_player_after_the_first_is_over(
    server: Server,
) -> None:
    streamer = await server.streamer("B")
    first = short()
    player = await server.player(f"/s/{first}/ws?renew=1", to="B")
    player_id = (await streamer.hears("playerConnected"))["playerId"]
    newest = ""
    while read_or_over(first):
        newest = (await player.hears("lease"))["lease"]
    await player.breaks()
    await server.until(lambda: [s.state for s in server.relay.snapshot().sessions] == [SeatState.AWAY])
    late = await server.open("player", f"/s/{first}/ws?renew=1")
    assert (await late.closed())[1].startswith("lease expired")
    again = await server.player(f"/s/{newest}/ws?renew=1")
    await again.says("iceCandidate", candidate={})
    heard = await streamer.hears()
    assert (heard["type"], heard["playerId"]) == ("iceCandidate", player_id)


def read_or_over(text: str) -> bool:
    claims = orjson.loads(_decoded(text))
    return bool(time() < claims["exp"])


def _decoded(text: str) -> bytes:
    part = text.split(".")[1]
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


async def test_a_lease_that_ends_while_its_player_is_here_costs_nothing(server: Server) -> None:
    now = int(time())
    player = await server.player(f"/s/{token(issued=now - 60, expires=now + 2)}/ws", to="A")
    await server.until(lambda: time() > now + 2)
    await player.quiet()
    assert server.relay.snapshot().taken == 1


async def test_others_hear_nothing_of_it(server: Server) -> None:
    now = int(time())
    nearly_over = token(issued=now - 60, expires=now + 30)
    asking = await server.player(f"/s/{nearly_over}/ws?renew=1")
    silent = await server.player(f"/s/{token(session='two', issued=now - 60, expires=now + 30)}/ws")
    await asking.hears("lease")
    await silent.quiet()


async def test_a_player_without_a_lease_is_given_none() -> None:
    async with signalserver("stream: {seats: 2}") as server:
        await server.streamer()
        guest = await server.player("/?renew=1", to="A")
        await guest.quiet()
        assert server.running.context.renewals._next == {}


async def test_who_is_gone_is_forgotten(server: Server) -> None:
    player = await server.player(f"/s/{token()}/ws?renew=1")
    waiting = server.running.context.renewals._next
    assert len(waiting) == 1
    await player.leaves()
    await server.until(lambda: not waiting)


async def test_a_page_that_asks_gets_its_config_again(server: Server) -> None:
    player = await server.player(f"/s/{token()}/ws?renew=1", to="A")
    await player.says("refreshConfig")
    assert (await player.hears())["type"] == "config"
    for _ in range(50):
        await player.says("refreshConfig")
    await player.quiet()  # one in a second is enough for anybody


@pytest.mark.parametrize("engine", ["4.27", "5.0"])
async def test_a_page_with_a_live_picture_comes_back_unnoticed_by_old_engines(engine: str) -> None:
    async with signalserver(SETTINGS, streamers=f'engine: "{engine}"') as server:
        streamer = await server.open("streamer")
        await streamer.hears("config")
        player = await server.open("player", f"/s/{token()}/ws?renew=1")
        await player.hears("config")
        if engine == "5.0":
            await streamer.hears("playerConnected")
        await player.says("offer", sdp="x")
        assert (await streamer.hears("offer"))["playerId"] == "1"
        await player.breaks()
        await server.until(lambda: [s.state for s in server.relay.snapshot().sessions] == [SeatState.AWAY])
        again = await server.open("player", f"/s/{token()}/ws?renew=1")
        await again.hears("config")
        await again.says("iceCandidate", candidate={})
        heard = await streamer.hears()
        assert (heard["type"], heard["playerId"]) == ("iceCandidate", "1")


@pytest.mark.parametrize(
    ("query", "wants"),
    [("renew=1", True), ("a=b&renew=1", True), ("renew=0", False), ("prerenew=1", False), ("", False)],
)
def test_the_wish_is_read_from_the_query(query: str, wants: bool) -> None:  # noqa: FBT001
    assert asks(query) is wants
