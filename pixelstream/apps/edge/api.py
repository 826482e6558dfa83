"""HTTP routes of the edge: its page, the matchmaker's routes that are open to browsers, a stream's REST API.

The trap: the matchmaker trusts whoever reaches its admin routes when no key is set, so only those
listed here go through.
"""

import time
from dataclasses import dataclass

from fastapi import FastAPI, Request, Response
from prometheus_client import CollectorRegistry

from pixelstream.apps import service
from pixelstream.apps.edge.forward import Forwarder
from pixelstream.apps.edge.page import SECURITY, Asset, Page
from pixelstream.auth import paths
from pixelstream.auth.paths import Passage
from pixelstream.errors import LeaseError
from pixelstream.metrics.edge import Answer, EdgeMetrics
from pixelstream.protocol import quality

OPEN = (
    ("/api/v1/sessions", ["POST"]),
    ("/api/v1/sessions/{session}", ["GET", "DELETE"]),
    ("/api/v1/sessions/{session}/events", ["GET"]),
    (quality.PATH, ["POST"]),
    ("/signallingserver", ["GET", "OPTIONS"]),
)
"""Paths and methods of the matchmaker that browsers may use."""


@dataclass(frozen=True, slots=True)
class Inside:
    """What lies behind the edge: the matchmaker's URL, where leases lead, and the way of requests."""

    matchmaker: str
    passage: Passage[str]
    forwarder: Forwarder

    async def to_matchmaker(self, request: Request) -> Response:
        """Answer with what the matchmaker answers."""
        # The lease that a report comes with is the player's own, and opens nothing inside.
        more = ("authorization",) if request.url.path == quality.PATH else ()
        return await self.forwarder.forward(request, self.matchmaker, "matchmaker", more)

    async def to_stream(self, token: str, request: Request) -> Response:
        """Answer with what the stream answers that a lease names.

        Raises:
            LeaseError: it leads nowhere.
        """
        _, url = self.passage.stream(token, time.time())
        return await self.forwarder.forward(request, "http" + url.removeprefix("ws"), "stream")


def create_app(page: Page, inside: Inside, metrics: EdgeMetrics, registry: CollectorRegistry) -> FastAPI:
    """Make the app of one edge."""
    app = service.create_app("edge", registry=registry, not_ready=lambda: None)
    routes = _Routes(page, inside, metrics)
    for path, methods in OPEN:
        app.add_route(path, routes.forward, methods=methods)
    every = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
    app.add_route("/api/{path:path}", routes.closed, methods=every)
    app.add_route("/s/{lease}/api/{path:path}", routes.api, methods=["GET", "POST"])
    app.add_route("/s/{lease}/ws", routes.seat, methods=["GET"])
    app.add_route("/ws", routes.upgrade, methods=["GET"])
    app.add_route("/{path:path}", routes.file, methods=["GET", "HEAD"])
    return app


class _Routes:
    """What is answered on each route."""

    def __init__(self, page: Page, inside: Inside, metrics: EdgeMetrics) -> None:
        self._page, self._inside, self._metrics = page, inside, metrics

    async def forward(self, request: Request) -> Response:
        return await self._inside.to_matchmaker(request)

    async def closed(self, _: Request) -> Response:
        return self._refuse(404, "this route is not open here", {})

    async def upgrade(self, _: Request) -> Response:
        return self._refuse(426, "this is a websocket", {"Upgrade": "websocket"})

    async def api(self, request: Request) -> Response:
        raw: bytes = request.scope["raw_path"]
        found = paths.read(raw.decode("latin-1").partition("?")[0])
        try:
            if found is not None and found.api is not None:
                return await self._inside.to_stream(found.token, request)
        except LeaseError as error:
            return self._no_lease(error)
        return await self.closed(request)

    async def seat(self, request: Request) -> Response:
        """Say to a page why its handshake was refused: a browser doesn't tell it."""
        try:
            self._inside.passage.stream(request.path_params["lease"], time.time())
        except LeaseError as error:
            return self._no_lease(error)
        return await self.upgrade(request)

    async def file(self, request: Request) -> Response:
        asset = self._page.find(request.url.path)
        self._metrics.answers.counts[Answer.PAGE if asset else Answer.MISSING] += 1
        return _serve(asset or self._page.not_found, request, 200 if asset else 404)

    def _no_lease(self, error: LeaseError) -> Response:
        return self._refuse(paths.STATUS[error.code], str(error), {"X-Pixelstream-Reason": error.code})

    def _refuse(self, status: int, words: str, headers: dict[str, str]) -> Response:
        self._metrics.answers.counts[Answer.REFUSED] += 1
        return service.problem(status, words, {**SECURITY, **headers})


def _serve(asset: Asset, request: Request, status: int) -> Response:
    gzipped = asset.gzipped if "gzip" in request.headers.get("accept-encoding", "") else None
    tag = f'"{asset.etag}{"-gz" if gzipped else ""}"'
    headers = {**asset.headers, "ETag": tag}
    if status == 200 and tag in request.headers.get("if-none-match", ""):  # noqa: PLR2004 - the status it is
        return Response(status_code=304, headers=headers)
    if gzipped:
        headers["Content-Encoding"] = "gzip"
    return Response(gzipped or asset.body, status, headers=headers)
