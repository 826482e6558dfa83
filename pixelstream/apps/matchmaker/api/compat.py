"""Routes of the original matchmaker, for what was built around it: `/list` and `/signallingserver`.

The trap: `/signallingserver` reserves nothing, so two callers may be told the same stream; it is
therefore not told again for a while, and a stream that demands leases should have no public address.
"""

from __future__ import annotations

import time
from typing import Any

from fastapi import APIRouter, Depends, Response

from pixelstream.apps.matchmaker.api.lists import operators_only
from pixelstream.apps.matchmaker.context import Context
from pixelstream.apps.service import JSON
from pixelstream.matchmaking.views import StreamView

CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "GET, OPTIONS",
    "Access-Control-Allow-Headers": "Content-Type",
}
NONE_FREE = {"signallingServer": "", "error": "No signalling servers available"}


def router(context: Context) -> APIRouter:
    """Make the routes around one context."""
    routes = APIRouter(tags=["compatibility"])
    held = _Held(context.settings.compat.hold)

    @routes.get(
        "/list",
        summary="All streams, as the original lists them",
        dependencies=[Depends(operators_only(context))],
        responses={401: {}},
    )
    async def list_streams() -> list[dict[str, Any]]:
        return [_entry(context, stream) for stream in await context.store.streams()]

    @routes.get("/signallingserver", summary="A free stream's public address")
    async def signalling_server(response: Response) -> dict[str, str]:
        response.headers.update({**CORS, "Cache-Control": "no-store"})
        for stream in await context.store.streams():
            address = context.directory.find(stream.id)
            if stream.state == "free" and address and address.public and held.take(stream.id):
                return {"signallingServer": address.public}
        return NONE_FREE

    @routes.options("/signallingserver", include_in_schema=False)
    async def preflight() -> Response:
        return Response(status_code=204, headers=CORS, media_type=JSON)

    return routes


class _Held:
    """Streams that were told of late."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._until: dict[str, float] = {}

    def take(self, stream: str) -> bool:
        """Hold a stream; false if it is held already."""
        now = time.monotonic()
        self._until = {name: until for name, until in self._until.items() if until > now}
        if stream in self._until:
            return False
        self._until[stream] = now + self._seconds
        return True


def _entry(context: Context, stream: StreamView) -> dict[str, Any]:
    address = context.directory.find(stream.id)
    host, port = address.host_port if address else ("", 0)
    server = context.legacy.find(stream.id) if context.legacy is not None else None
    return {
        "address": host,
        "port": port,
        "numConnectedClients": stream.taken,
        "lastPingReceived": 0 if stream.silent is None else int((time.time() - stream.silent) * 1000),
        "ready": stream.ready,
        "id": stream.id,
        "restPort": server.seat.rest_port if server else None,
        "offered": stream.pending > 0,
    }
