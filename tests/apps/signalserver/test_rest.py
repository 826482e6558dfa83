"""The streamer's REST API over HTTP: open to whoever has the lease's seat, as far as the allow-list goes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from time import time
from typing import Any

import pytest

from pixelstream.settings.base import LEASE_KEYS_ENV
from tests.apps.signalserver.test_leases import KEYS, OTHER, token
from tests.support.http import FakeServer, answer, fake_server
from tests.support.signalling import Peer, Server, signalserver

CONTROL = "control: {url: '%s/base', paths: [GET level, say/*], timeout: 0.3, maxBody: 1024}"
STREAM = "stream: {id: s1, fleet: f1, seats: 2}\nauth: {lease: required}\n"


@pytest.fixture(autouse=True)
def _keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(LEASE_KEYS_ENV, KEYS)


@pytest.fixture
async def rest() -> AsyncIterator[FakeServer]:
    async with fake_server(b'{"level":"Arena"}') as fake:
        yield fake


@pytest.fixture
async def server(rest: FakeServer) -> AsyncIterator[Server]:
    async with signalserver(STREAM + CONTROL % rest.url) as server:
        await server.streamer()
        yield server


@pytest.fixture
async def player(server: Server) -> Peer:
    peer = await server.player(f"/s/{token()}/ws", to="A")
    await peer.quiet()
    return peer


async def get(server: Server, path: str, lease: str = "") -> tuple[int, Any]:
    response = await server.http.get(f"/s/{lease or token()}/api/{path}")
    return response.status_code, response.json()


async def test_a_get_is_answered_with_status_and_body_as_json(
    server: Server, rest: FakeServer, player: Peer
) -> None:
    response = await server.http.get(f"/s/{token()}/api/level?full=1")
    assert (response.status_code, response.json()) == (200, {"level": "Arena"})
    assert response.headers["content-type"] == "application/json"
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["cache-control"] == "no-store"
    assert rest.requests[0].startswith(b"GET /base/level?full=1 HTTP/1.1\r\n")
    assert await server.metric("control_calls_total", result="ok") == 1
    await player.quiet()


@pytest.mark.parametrize("body", [b'{"text":"Gr\xc3\xbc\xc3\x9fe"}', b"null", b""])
@pytest.mark.usefixtures("player")
async def test_a_post_passes_its_json_on(server: Server, rest: FakeServer, body: bytes) -> None:
    response = await server.http.post(f"/s/{token()}/api/say/all", content=body)
    assert response.status_code == 200
    assert rest.requests[0].startswith(b"POST /base/say/all HTTP/1.1\r\n")
    assert f"Content-Length: {len(body)}\r\n".encode() in rest.requests[0]
    assert rest.requests[0].endswith(b"\r\n\r\n" + body)


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [(b"{", 400, "the body must be JSON"), (b'"' + b"x" * 70_000 + b'"', 413, "a body may have 65536 bytes")],
)
@pytest.mark.usefixtures("player")
async def test_a_body_that_is_no_json_or_too_large_goes_nowhere(
    server: Server, rest: FakeServer, body: bytes, status: int, words: str
) -> None:
    response = await server.http.post(f"/s/{token()}/api/say/all", content=body)
    assert (response.status_code, response.json()["detail"]) == (status, words)
    assert rest.requests == []


@pytest.mark.parametrize(
    ("lease", "status", "words"),
    [
        (token(OTHER % ("a", "B" * 43)), 403, "lease forged"),
        (token(OTHER % ("z", "A" * 43)), 403, "lease unknown_key"),
        (token(expires=int(time()) - 5), 401, "lease expired"),
        (token(stream="s2"), 403, "lease foreign"),
        (token(session="two"), 403, "lease outrun: its session has no seat here"),
        (token(fence=0), 403, "lease outrun"),
        (token(fence=2), 403, "lease outrun"),
        ("no.lease", 401, "lease malformed"),
    ],
)
@pytest.mark.usefixtures("player")
async def test_a_lease_without_a_seat_here_opens_nothing(
    server: Server, rest: FakeServer, lease: str, status: int, words: str
) -> None:
    found, detail = await get(server, "level", lease)
    assert found == status
    assert detail["detail"].startswith(words)
    assert rest.requests == []
    code = words.split(":", 1)[0].removeprefix("lease ")
    assert await server.metric("lease_faults_total", code=code) == 1


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("other", 403),
        ("level/", 404),
        ("level/%2e%2e/secret", 404),
        ("http://127.0.0.1/", 404),
        ("//127.0.0.1/x", 404),
        ("", 404),
        ("level?x=%0d%0a", 403),
    ],
)
@pytest.mark.usefixtures("player")
async def test_nothing_else_is_asked(server: Server, rest: FakeServer, path: str, status: int) -> None:
    assert (await get(server, path))[0] == status
    assert rest.requests == []


@pytest.mark.usefixtures("player")
async def test_a_method_that_is_not_allowed_is_refused(server: Server, rest: FakeServer) -> None:
    assert (await server.http.post(f"/s/{token()}/api/level", json={})).status_code == 403
    assert (await server.http.put(f"/s/{token()}/api/level", json={})).status_code == 405
    assert rest.requests == []


@pytest.mark.usefixtures("player")
async def test_the_streamers_failures_keep_their_status_and_others_are_502(
    server: Server, rest: FakeServer
) -> None:
    async def silent(_: bytes, __: asyncio.StreamWriter) -> None: ...

    def status(number: int) -> None:
        async def reply(_: bytes, writer: asyncio.StreamWriter) -> None:
            writer.write(answer(b'{"why":1}', number))

        rest.reply = reply

    status(404)
    assert await get(server, "level") == (404, {"why": 1})
    status(302)
    assert await get(server, "level") == (502, {"detail": "status 302"})
    rest.reply = silent
    assert await get(server, "level") == (502, {"detail": "no answer within 0.3 s"})
    assert await server.metric("control_calls_total", result="failed") == 1
    assert await server.metric("control_calls_total", result="status") == 2


@pytest.mark.usefixtures("player")
async def test_a_session_may_have_only_so_many_unanswered_requests(server: Server, rest: FakeServer) -> None:
    async def silent(_: bytes, __: asyncio.StreamWriter) -> None: ...

    rest.reply = silent
    found = await asyncio.gather(*(get(server, "level") for _ in range(6)))
    assert sorted(status for status, _ in found) == [403, 403, 502, 502, 502, 502]
    rest.reply = rest.usual
    assert (await get(server, "level"))[0] == 200


async def test_a_player_who_is_away_may_ask_and_one_who_has_left_may_not(
    server: Server, player: Peer
) -> None:
    await player.breaks()
    await server.until(lambda: server.relay.snapshot().sessions[0].state == "away")
    assert (await get(server, "level"))[0] == 200
    again = await server.player(f"/s/{token()}/ws", to="A")
    await again.leaves()
    await server.until(lambda: server.relay.snapshot().taken == 0)
    assert (await get(server, "level"))[0] == 403


async def test_it_is_off_by_default() -> None:
    async with signalserver(STREAM) as server:
        await server.streamer()
        await (await server.player(f"/s/{token()}/ws", to="A")).quiet()
        assert await get(server, "level") == (403, {"detail": "this action is not allowed here"})
