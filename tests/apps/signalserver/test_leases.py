"""A lease is a right to a seat; each way in which it is none has words of its own and code 1008."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator, Iterator
from time import time
from typing import Any

import pytest
import structlog

from pixelstream import logs
from pixelstream.auth.keys import LeaseKeys
from pixelstream.auth.lease import Lease, sign
from pixelstream.protocol.control import SeatState
from pixelstream.settings.base import LEASE_KEYS_ENV
from tests.support.signalling import Server, signalserver

KEYS = '{"keys":[{"kid":"a","k":"%s"}]}' % ("A" * 43)
OTHER = '{"keys":[{"kid":"%s","k":"%s"}]}'
SETTINGS = "stream: {id: s1, fleet: f1, seats: 2}\nauth: {lease: required}"


def token(keys: str = KEYS, **changes: Any) -> str:
    now = int(time())
    claims = {
        "session": "one",
        "fleet": "f1",
        "stream": "s1",
        "fence": 1,
        "issued": now,
        "expires": now + 3600,
    }
    return sign(Lease(**{**claims, **changes}), LeaseKeys.parse(keys))


@pytest.fixture(autouse=True)
def _keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(LEASE_KEYS_ENV, KEYS)


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    async with signalserver(SETTINGS) as server:
        await server.streamer()
        yield server


@pytest.mark.parametrize("path", ["/s/%s/ws", "/s/%s", "/?lease=%s", "/ws?x=1&lease=%s&y=2"])
async def test_a_lease_is_taken_from_path_or_query(server: Server, path: str) -> None:
    await server.player(path % token(), to="A")
    (seat,) = server.relay.snapshot().sessions
    assert (seat.session, seat.state, seat.fence) == ("one", SeatState.CONNECTED, 1)


@pytest.mark.parametrize(
    ("lease", "code", "words"),
    [
        (token(OTHER % ("a", "B" * 43)), "forged", "lease forged: the signature does not fit"),
        (
            token(OTHER % ("z", "A" * 43)),
            "unknown_key",
            "lease unknown_key: it names a key that is not known",
        ),
        (token(expires=int(time()) - 5), "expired", "lease expired: "),
        (token(stream="s2"), "foreign", "lease foreign: it is for another stream"),
        (token(fleet="f2"), "foreign", "lease foreign: it is for another stream"),
        ("no.lease", "malformed", "lease malformed: not three parts"),
    ],
)
async def test_a_bad_lease_is_closed_with_words(server: Server, lease: str, code: str, words: str) -> None:
    player = await server.open("player", f"/s/{lease}/ws")
    closing = await player.closed()
    assert closing[0] == 1008
    assert closing[1].startswith(words)
    assert await server.metric("lease_faults_total", code=code) == 1
    assert server.relay.snapshot().taken == 0


async def test_a_lease_that_is_outrun_says_so(server: Server) -> None:
    await server.player(f"/s/{token(fence=5)}/ws")
    late = await server.open("player", f"/s/{token(fence=4)}/ws")
    code, words = await late.closed()
    assert (code, words.partition(":")[0]) == (1008, "lease outrun")
    assert await server.metric("refusals_total", reason="outrun") == 1


async def test_without_a_lease_nobody_comes_in_where_one_is_required(server: Server) -> None:
    player = await server.open("player", "/?session=one")
    assert await player.closed() == (1008, "a lease is needed")


async def test_without_keys_no_lease_is_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(LEASE_KEYS_ENV)
    async with signalserver("stream: {id: s1, fleet: f1}") as server:
        player = await server.open("player", f"/s/{token()}/ws")
        assert (await player.closed())[1].startswith("lease unknown_key")


async def test_a_player_that_comes_back_is_the_same_to_its_streamer(server: Server) -> None:
    streamer = await server.streamer("B")
    player = await server.player(f"/s/{token()}/ws", to="B")
    player_id = (await streamer.hears("playerConnected"))["playerId"]
    await player.breaks()
    await server.until(lambda: [s.state for s in server.relay.snapshot().sessions] == [SeatState.AWAY])
    again = await server.player(f"/s/{token()}/ws")
    await again.says("offer", sdp="again")
    offer = await streamer.hears()
    assert (offer["type"], offer["playerId"]) == ("offer", player_id)


async def test_a_second_socket_of_a_session_replaces_the_first(server: Server) -> None:
    first = await server.player(f"/s/{token()}/ws")
    second = await server.player(f"/s/{token()}/ws")
    assert await first.closed() == (1008, "this session goes on in another connection")
    await second.quiet()
    assert server.relay.snapshot().taken == 1


@pytest.fixture
def written() -> Iterator[io.BytesIO]:
    out = io.BytesIO()
    logs.setup("signalserver", "debug", stream=out, final=False)
    yield out
    structlog.reset_defaults()


async def test_no_lease_stands_in_a_log(written: io.BytesIO) -> None:
    leases = [token(), token(stream="s2"), token(OTHER % ("a", "B" * 43))]
    async with signalserver("stream: {id: s1, fleet: f1}") as server:
        for lease in leases:
            for path in (f"/s/{lease}/ws", f"/?lease={lease}"):
                peer = await server.open("player", path)
                await peer.breaks()
            await server.http.get(f"/s/{lease}/ws")
    text = written.getvalue().decode()
    assert "lease refused" in text
    for lease in leases:
        assert lease.rpartition(".")[2] not in text
