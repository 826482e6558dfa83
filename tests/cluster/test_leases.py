"""A lease leads through router and proxy to its stream, and nothing else does."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import orjson
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus

from tests.cluster.release import Release

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(600)]

DEADLINE = 60.0


async def seat(http: httpx.AsyncClient) -> str:
    """Ask for a seat by REST; the path of its socket."""
    made = await http.post("/api/v1/sessions", json={})
    assert made.status_code == 201, made.text
    session = made.json()
    async with asyncio.timeout(DEADLINE):
        while not session.get("url"):
            await asyncio.sleep(0.1)
            session = (await http.get(f"/api/v1/sessions/{session['session']}")).json()
    return str(session["url"])


async def hears(ws: ClientConnection, kind: str) -> dict[str, Any]:
    async with asyncio.timeout(DEADLINE):
        while True:
            message: dict[str, Any] = orjson.loads(await ws.recv())
            if message["type"] == kind:
                return message


async def test_a_seat_and_the_streamers_rest_api_are_reached_by_lease(stack: Release) -> None:
    async with (
        stack.way("service/px-router", 80) as address,
        httpx.AsyncClient(base_url=f"http://{address}", timeout=DEADLINE) as http,
    ):
        path = await seat(http)
        async with connect(f"ws://{address}/{path}") as ws:
            await hears(ws, "config")
            await ws.send('{"type":"listStreamers"}')
            (name,) = (await hears(ws, "streamerList"))["ids"]
            await ws.send(orjson.dumps({"type": "subscribe", "streamerId": name}).decode())
            await hears(ws, "offer")
            answer = await http.get(f"/{path.removesuffix('ws')}api/level")
            # It came to the stream's own allow-list, which is empty.
            assert (answer.status_code, answer.json()["detail"]) == (403, "this action is not allowed here")
        gone = await http.get(f"/{path.removesuffix('ws')}api/level")
        assert (gone.status_code, gone.json()["detail"].split(":", 1)[0]) == (403, "lease outrun")


@pytest.mark.parametrize(
    ("spoil", "status", "reason"),
    [(lambda _: "nonsense", 401, "malformed"), (lambda lease: lease[:-8] + "AAAAAAAA", 403, "forged")],
)
async def test_a_spoiled_lease_is_refused_at_the_proxy_and_says_why(
    stack: Release, spoil: Any, status: int, reason: str
) -> None:
    async with (
        stack.way("service/px-router", 80) as address,
        httpx.AsyncClient(base_url=f"http://{address}", timeout=DEADLINE) as http,
    ):
        lease = (await seat(http)).split("/")[1]
        with pytest.raises(InvalidStatus) as refused:
            await connect(f"ws://{address}/s/{spoil(lease)}/ws")
        assert refused.value.response.status_code == status
        assert refused.value.response.headers["X-Pixelstream-Reason"] == reason
        answer = await http.get(f"/s/{spoil(lease)}/api/level")
        assert (answer.status_code, answer.headers["X-Pixelstream-Reason"]) == (status, reason)
