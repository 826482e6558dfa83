"""An edge between a built page and recorded services inside, for tests over real sockets."""

from __future__ import annotations

import asyncio
import base64
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import orjson
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse
from websockets.asyncio.client import ClientConnection

from pixelstream.apps.edge.app import Edge, serving
from pixelstream.auth.keys import LeaseKeys
from pixelstream.auth.lease import Lease, sign
from pixelstream.net.listener import listen
from pixelstream.net.websocket import WebSocket
from pixelstream.protocol import quality
from pixelstream.settings.edge import EdgeListen, EdgeSettings, EdgeStream
from tests.support.sockets import Recorder

DEADLINE = 10.0
LIFETIME = 3600
"""Seconds of a lease: those of parameters are made when tests are collected, long before they run."""


def key_text(kid: str = "a") -> str:
    k = base64.urlsafe_b64encode(secrets.token_bytes(32)).rstrip(b"=").decode()
    return orjson.dumps({"keys": [{"kid": kid, "k": k}]}).decode()


KEYS = key_text()


def lease(stream: str = "s-1", keys: str = KEYS, age: int = 0) -> str:
    now = int(time.time()) - age
    return sign(Lease("v-1", "default", stream, 1, now, now + LIFETIME), LeaseKeys.parse(keys))


class Inside:
    """A matchmaker and a stream: recorders that greet and echo, and some routes."""

    def __init__(self) -> None:
        self.matchmaker = _Greeter("waiting")
        self.stream = _Greeter("config")
        self.seen: list[Request] = []
        self.more = asyncio.Event()
        self.app = FastAPI()
        self.app.add_api_route("/api/v1/sessions", self._create, methods=["POST"], response_model=None)
        self.app.add_api_route("/api/v1/sessions/{session}/events", self._events, response_model=None)
        self.app.add_api_route(quality.PATH, self._report, methods=["POST"], response_model=None)
        self.app.add_api_route("/api/v1/fleets", self._admin, response_model=None)
        self.app.add_route("/s/{lease}/api/{path:path}", self._api, methods=["GET", "POST"])

    async def _create(self, request: Request) -> JSONResponse:
        self.seen.append(request)
        return JSONResponse(
            {"session": "v-1", "got": (await request.body()).decode()},
            201,
            headers={"Location": "/api/v1/sessions/v-1", "X-Inner": "10.0.0.1"},
        )

    async def _report(self, request: Request) -> Response:
        self.seen.append(request)
        return Response(status_code=204)

    async def _events(self, session: str) -> StreamingResponse:
        async def events() -> AsyncIterator[str]:
            yield f"data: {session}\n\n"
            await self.more.wait()
            yield "data: second\n\n"

        return StreamingResponse(events(), media_type="text/event-stream")

    async def _api(self, request: Request) -> JSONResponse:
        self.seen.append(request)
        return JSONResponse({"got": (await request.body()).decode()}, 418)

    async def _admin(self, request: Request) -> JSONResponse:
        self.seen.append(request)
        return JSONResponse([])


class _Greeter(Recorder):
    """Speaks at once, as a signalserver does, then echoes."""

    def __init__(self, greeting: str) -> None:
        super().__init__(lambda ws, data: ws.send(data))
        self._greeting = greeting
        self.paths: list[tuple[str, str]] = []
        self.forwarded: list[str | None] = []

    def opened(self, ws: WebSocket) -> None:
        self.paths.append((ws.request.path, ws.request.query))
        self.forwarded.append(ws.request.headers.get("x-forwarded-for"))
        ws.send(self._greeting)
        super().opened(ws)


@asynccontextmanager
async def stack(page: Path, inside: Inside) -> AsyncIterator[Edge]:
    matchmaker = await listen("127.0.0.1", 0, route=lambda _: inside.matchmaker, http=inside.app)
    stream = await listen("127.0.0.1", 0, route=lambda _: inside.stream, http=inside.app)
    keys = page / "keys"
    keys.write_text(KEYS)
    settings = EdgeSettings(
        listen=EdgeListen(host="127.0.0.1", port=0),
        page_dir=page,
        matchmaker_url=f"http://127.0.0.1:{matchmaker.port}",
        lease_keys_file=keys,
        streams=(
            EdgeStream(id="s-1", url=f"ws://127.0.0.1:{stream.port}"),
            nobody("s-2", await closed_port()),
        ),
    )
    try:
        async with serving(settings) as edge:
            yield edge
    finally:
        await matchmaker.close()
        await stream.close()


def nobody(name: str, port: int) -> EdgeStream:
    return EdgeStream(id=name, url=f"ws://127.0.0.1:{port}")


async def closed_port() -> int:
    probe = await listen("127.0.0.1", 0, route=lambda _: Recorder())
    port = probe.port
    await probe.close()
    return port


def ws_url(edge: Edge, path: str) -> str:
    return f"ws://127.0.0.1:{edge.listener.port}{path}"


def http_url(edge: Edge, path: str) -> str:
    return f"http://127.0.0.1:{edge.listener.port}{path}"


async def receive(ws: ClientConnection) -> str | bytes:
    async with asyncio.timeout(DEADLINE):
        return await ws.recv()


async def metric(edge: Edge, series: str) -> float:
    async with httpx.AsyncClient() as client:
        text = (await client.get(http_url(edge, "/metrics"))).text
    return float(next(line.rpartition(" ")[2] for line in text.splitlines() if line.startswith(f"{series} ")))
