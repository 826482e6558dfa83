"""The edge's ways inside: to the matchmaker, to a stream by lease, and nowhere else."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from structlog.testing import CapturingLogger
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from pixelstream.apps.edge.app import serving
from pixelstream.protocol import quality
from pixelstream.settings.edge import EdgeListen, EdgeSettings
from tests.support.edge import (
    DEADLINE,
    LIFETIME,
    Inside,
    closed_port,
    http_url,
    key_text,
    lease,
    metric,
    receive,
    stack,
    ws_url,
)


@pytest.fixture
def page(tmp_path: Path) -> Path:
    (tmp_path / "index.html").write_text("page")
    return tmp_path


async def test_a_player_reaches_the_waiting_room_with_its_query_and_subprotocol(page: Path) -> None:
    inside = Inside()
    async with stack(page, inside) as edge:
        async with connect(ws_url(edge, "/ws?fleet=a&handoff=1"), subprotocols=["ws"]) as ws:  # type: ignore[list-item]
            assert ws.subprotocol == "ws"
            assert await receive(ws) == "waiting"
            await ws.send("hello")
            assert await receive(ws) == "hello"
            assert await metric(edge, 'edge_sockets{target="matchmaker"}') == 1
        await inside.matchmaker.until(lambda seen: len(seen.endings) == 1)
        assert inside.matchmaker.paths == [("/ws", "fleet=a&handoff=1")]
        assert inside.matchmaker.forwarded == ["127.0.0.1"]
        assert inside.matchmaker.endings[0][0] == 1000
        assert await metric(edge, 'edge_sockets{target="matchmaker"}') == 0
        assert await metric(edge, 'edge_joins_total{result="joined"}') == 1


async def test_a_lease_leads_to_its_stream_and_arrives_there(page: Path) -> None:
    inside = Inside()
    token = lease()
    async with stack(page, inside) as edge:
        async with connect(ws_url(edge, f"/s/{token}/ws?q=1")) as ws:
            assert await receive(ws) == "config"
            await ws.send("x" * 100_000)
            assert await receive(ws) == "x" * 100_000
        assert inside.stream.paths == [(f"/s/{token}/ws", "q=1")]
        assert inside.matchmaker.sockets == []


async def test_the_streams_close_code_reaches_the_player(page: Path) -> None:
    inside = Inside()
    async with stack(page, inside) as edge, connect(ws_url(edge, f"/s/{lease()}/ws")) as ws:
        await receive(ws)
        inside.stream.sockets[0].close(4000, "kicked")
        with pytest.raises(ConnectionClosed) as closed:
            await receive(ws)
        assert closed.value.rcvd is not None
        assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (4000, "kicked")


def altered(token: str) -> str:
    head, claims, mac = token.split(".")
    return f"{head}.{claims}.{mac[:-4]}{'AAAA' if not mac.endswith('AAAA') else 'BBBB'}"


@pytest.mark.parametrize(
    ("make", "status", "words", "result"),
    [
        (lambda: "nonsense", 401, "malformed", "lease_malformed"),
        (lambda: altered(lease()), 403, "signature does not fit", "lease_forged"),
        (lambda: lease(keys=key_text("b")), 403, "not known here", "lease_unknown_key"),
        (lambda: lease(age=2 * LIFETIME), 401, "expired", "lease_expired"),
        (lambda: lease("s-9"), 403, "stream that is not known here", "lease_unknown_stream"),
    ],
)
async def test_a_lease_that_admits_nobody_is_refused_with_its_own_status_and_words(
    page: Path, make: Callable[[], str], status: int, words: str, result: str
) -> None:
    inside = Inside()
    async with stack(page, inside) as edge:
        with pytest.raises(InvalidStatus) as refused:
            await connect(ws_url(edge, f"/s/{make()}/ws"))
        assert refused.value.response.status_code == status
        assert words in refused.value.response.body.decode()
        assert await metric(edge, f'edge_joins_total{{result="{result}"}}') == 1
    assert inside.stream.sockets == []


@pytest.mark.parametrize(
    "path", ["/", "/ws/", "/control", "/s//ws", "/s/a/b/ws", "/api/v1/sessions", "/ws%2f"]
)
async def test_no_other_websocket_path_leads_anywhere(page: Path, path: str) -> None:
    inside = Inside()
    async with stack(page, inside) as edge:
        with pytest.raises(InvalidStatus) as refused:
            await connect(ws_url(edge, path))
        assert refused.value.response.status_code == 404
    assert inside.matchmaker.sockets == []


async def test_a_stream_that_cannot_be_reached_is_said_in_words_and_no_lease_is_logged(
    page: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = CapturingLogger()
    monkeypatch.setattr("pixelstream.apps.edge.sockets.log", told)
    token = lease("s-2")
    async with stack(page, Inside()) as edge, connect(ws_url(edge, f"/s/{token}/ws")) as ws:
        with pytest.raises(ConnectionClosed) as closed:
            await receive(ws)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1013
        assert closed.value.rcvd.reason == "the stream cannot be reached now"
        assert await metric(edge, 'edge_joins_total{result="unreachable"}') == 1
    assert told.calls
    assert token not in repr(told.calls)
    assert "s-2" in repr(told.calls)


async def test_a_session_is_created_through_the_edge_without_the_callers_keys(page: Path) -> None:
    inside = Inside()
    async with stack(page, inside) as edge, httpx.AsyncClient() as client:
        response = await client.post(
            http_url(edge, "/api/v1/sessions?a=%2F"),
            json={"fleet": "a"},
            headers={"Authorization": "Bearer k", "Cookie": "a=b", "X-Forwarded-For": "1.2.3.4"},
        )
        assert response.status_code == 201
        assert response.json()["got"] == '{"fleet":"a"}'
        assert response.headers["location"] == "/api/v1/sessions/v-1"
        assert "x-inner" not in response.headers
        assert response.headers["x-content-type-options"] == "nosniff"
        assert await metric(edge, 'edge_requests_total{result="forwarded"}') == 1
    [seen] = inside.seen
    assert seen.url.query == "a=%2F"
    assert "authorization" not in seen.headers
    assert "cookie" not in seen.headers
    assert seen.headers["x-forwarded-for"] == "127.0.0.1"


async def test_a_streams_rest_api_is_reached_by_lease(page: Path) -> None:
    inside, token = Inside(), lease()
    async with stack(page, inside) as edge, httpx.AsyncClient() as client:
        response = await client.post(
            http_url(edge, f"/s/{token}/api/say/all?x=1"),
            json={"a": 1},
            headers={"Authorization": "Bearer k"},
        )
        assert (response.status_code, response.json()) == (418, {"got": '{"a":1}'})
        assert response.headers["x-content-type-options"] == "nosniff"
        [seen] = inside.seen
        assert (seen.url.path, seen.url.query) == (f"/s/{token}/api/say/all", "x=1")
        assert "authorization" not in seen.headers


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/s/nonsense/api/x", 401),
        (f"/s/{lease(keys=key_text('b'))}/api/x", 403),
        (f"/s/{lease('s-9')}/api/x", 403),
        (f"/s/{lease('s-2')}/api/x", 502),
        (f"/s/{lease()}/api/x%2f..%2fy", 404),
        (f"/s/{lease()}/api/", 404),
    ],
)
async def test_a_lease_that_leads_nowhere_opens_no_rest_api(page: Path, path: str, status: int) -> None:
    inside = Inside()
    async with stack(page, inside) as edge, httpx.AsyncClient() as client:
        assert (await client.get(http_url(edge, path))).status_code == status
    assert inside.seen == []


async def test_events_flow_as_they_come(page: Path) -> None:
    inside = Inside()
    async with (
        stack(page, inside) as edge,
        httpx.AsyncClient() as client,
        client.stream("GET", http_url(edge, "/api/v1/sessions/v-1/events")) as response,
    ):
        assert response.headers["content-type"].startswith("text/event-stream")
        lines = response.aiter_lines()
        async with asyncio.timeout(DEADLINE):
            assert await anext(lines) == "data: v-1"
            inside.more.set()
            assert await anext(lines) == ""
            assert await anext(lines) == "data: second"


async def test_admin_routes_are_not_open_but_the_compatible_ones_are(page: Path) -> None:
    inside = Inside()
    async with stack(page, inside) as edge, httpx.AsyncClient() as client:
        for path in ("/api/v1/fleets", "/api/v1/queue", "/api/v1/sessions/a/b", "/api/", "/api/v1//sessions"):
            response = await client.get(http_url(edge, path))
            assert (path, response.status_code) == (path, 404)
            assert inside.seen == []
        # It needs a key that the edge never passes on.
        assert (await client.get(http_url(edge, "/list"))).status_code == 404
        assert inside.seen == []
        assert (await client.get(http_url(edge, "/ws"))).status_code == 426
        assert (await client.get(http_url(edge, "/healthz"))).status_code == 200
        assert (await client.get(http_url(edge, "/readyz"))).status_code == 200


async def test_a_body_that_is_too_large_and_a_matchmaker_that_is_gone_are_said_in_words(page: Path) -> None:
    settings = EdgeSettings(
        listen=EdgeListen(host="127.0.0.1", port=0),
        page_dir=page,
        matchmaker_url=f"http://127.0.0.1:{await closed_port()}",
    )
    async with serving(settings) as edge, httpx.AsyncClient() as client:
        response = await client.post(http_url(edge, "/api/v1/sessions"), content=b"x" * 70_000)
        assert (response.status_code, response.json()["detail"]) == (413, "a body may have 65536 bytes")
        response = await client.post(http_url(edge, "/api/v1/sessions"), json={})
        assert (response.status_code, response.json()["detail"]) == (502, "the matchmaker cannot be reached")
        assert await metric(edge, 'edge_requests_total{result="unreachable"}') == 1
        async with connect(ws_url(edge, "/ws")) as ws:
            with pytest.raises(ConnectionClosed) as closed:
                await receive(ws)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.reason == "the waiting room cannot be reached now"
        with pytest.raises(InvalidStatus) as refused:
            await connect(ws_url(edge, f"/s/{lease()}/ws"))
        assert refused.value.response.status_code == 403


class Silent(asyncio.Protocol):
    """Accepts a connection, answers nothing, and says when it is gone."""

    def __init__(self) -> None:
        self.reached, self.gone = asyncio.Event(), asyncio.Event()

    def data_received(self, data: bytes) -> None:
        self.reached.set()

    def connection_lost(self, exc: Exception | None) -> None:
        self.gone.set()


async def test_a_player_that_leaves_while_the_far_side_is_dialled_leaves_nothing_open(page: Path) -> None:
    far = Silent()
    server = await asyncio.get_running_loop().create_server(lambda: far, "127.0.0.1", 0)
    settings = EdgeSettings(
        listen=EdgeListen(host="127.0.0.1", port=0),
        page_dir=page,
        matchmaker_url=f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}",
    )
    async with serving(settings) as edge, asyncio.timeout(DEADLINE):
        ws = await connect(ws_url(edge, "/ws"))
        await far.reached.wait()
        [near] = edge.listener.sockets
        near.abort()
        await far.gone.wait()
        await ws.wait_closed()
        assert not edge.listener.sockets
        assert await metric(edge, 'edge_sockets{target="matchmaker"}') == 0
    server.close()


RUN = """
import sys
from pixelstream.apps.edge.app import run
from pixelstream.settings.base import load
from pixelstream.settings.edge import EdgeSettings
run(load(EdgeSettings, sys.argv[1]))
"""


async def test_sigterm_ends_the_process_with_0(page: Path) -> None:
    settings = page / "edge.yaml"
    settings.write_text(f"listen: {{host: 127.0.0.1, port: 0}}\npageDir: {page}\n")
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", RUN, str(settings), stderr=asyncio.subprocess.PIPE, env={**os.environ}
    )
    async with asyncio.timeout(30):
        assert process.stderr is not None
        while b"listening" not in await process.stderr.readline():
            assert process.returncode is None
        process.send_signal(signal.SIGTERM)
        assert await process.wait() == 0


async def test_a_report_of_a_page_goes_through_with_its_lease_and_nothing_else_does(page: Path) -> None:
    inside = Inside()
    token = lease()
    bearer = {"Authorization": f"Bearer {token}", "Cookie": "a=b"}
    async with stack(page, inside) as edge, httpx.AsyncClient() as client:
        answer = await client.post(http_url(edge, quality.PATH), content=b"{}", headers=bearer)
        assert answer.status_code == 204
        await client.post(http_url(edge, "/api/v1/sessions"), json={}, headers=bearer)
        assert (await client.get(http_url(edge, quality.PATH), headers=bearer)).status_code in {404, 405}
    reported, created = inside.seen
    assert reported.headers["authorization"] == f"Bearer {token}"
    assert "cookie" not in reported.headers
    assert "authorization" not in created.headers


async def test_a_seats_socket_is_logged_by_its_session_and_not_by_its_lease(
    page: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    logger = CapturingLogger()
    monkeypatch.setattr("pixelstream.apps.edge.sockets.log", logger)
    token = lease()
    async with stack(page, Inside()) as edge, connect(ws_url(edge, f"/s/{token}/ws")) as player:
        assert await receive(player)
    [said] = [call for call in logger.calls if call.args == ("seat socket",)]
    assert said.kwargs == {"session": "v-1", "stream": "s-1"}
    assert token not in str(logger.calls)


@pytest.mark.parametrize(
    ("token", "status", "reason"),
    [
        ("nonsense", 401, "malformed"),
        (lease(age=2 * LIFETIME), 401, "expired"),
        (altered(lease()), 403, "forged"),
        (lease(keys=key_text("b")), 403, "unknown_key"),
        (lease("s-9"), 403, "unknown_stream"),
        (lease(), 426, None),
    ],
)
async def test_a_page_may_ask_why_its_handshake_was_refused(
    page: Path, token: str, status: int, reason: str | None
) -> None:
    async with stack(page, Inside()) as edge, httpx.AsyncClient() as client:
        response = await client.get(http_url(edge, f"/s/{token}/ws"))
    assert (response.status_code, response.headers.get("x-pixelstream-reason")) == (status, reason)
    assert token not in response.text
