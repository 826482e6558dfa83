"""What the checks and the last hook of the streamer's container ask, which can answer none itself.

The trap: a check can only say "failed", so a restart that is wanted looks like a dead streamer. A check
that must notice it soon bears with a missing streamer for as long as it says: `/streamerz?missing=120`.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress

import orjson
from fastapi import APIRouter, Request, Response

from pixelstream.apps.service import JSON, problem
from pixelstream.apps.signalserver.context import Context

NOTICE = 5.0
"""Seconds within which a pod that ends has told us so: its hooks all run at the same time."""


class Patience:
    """How long the streamer has been missing, as one check sees it."""

    def __init__(self) -> None:
        self._since: float | None = None

    def missing(self, *, attached: bool, now: float) -> float:
        """Seconds since a look first found no streamer; 0 while there is one."""
        if attached:
            self._since = None
            return 0.0
        if self._since is None:
            self._since = now
        return now - self._since


def routes(context: Context) -> APIRouter:
    """Make the routes of one signalserver."""
    found = APIRouter(default_response_class=Response)
    relay, patience = context.relay, Patience()

    def attached() -> bool:
        return relay.registry.first() is not None

    @found.get("/attachedz")
    async def attachedz() -> Response:
        return _json({"status": "attached"}) if attached() else problem(503, "no streamer is attached")

    @found.get("/startedz")
    async def startedz() -> Response:
        relay.streamer_started(context.clock())
        return await attachedz()

    @found.get("/streamerz")
    async def streamerz(request: Request) -> Response:
        if relay.restart_wanted:
            return problem(503, "to be started again, for its next player")
        if patience.missing(attached=attached(), now=context.clock()) > _number(request, "missing"):
            return problem(503, "no streamer is attached")
        return _json({"status": "attached" if attached() else "missing"})

    @found.get("/drained")
    async def drained() -> Response:
        await _noticed(context)
        if context.draining.is_set():
            await _within(context.drained, context.settings.drain.deadline)
        return _json({"drained": context.drained.is_set()})

    return found


async def _noticed(context: Context) -> None:
    """Wait for word on a drain: while somebody plays, even one that is late must not end that."""
    relay = context.relay
    while not (context.draining.is_set() or relay.restart_wanted):
        await _within(context.draining, NOTICE)
        if relay.registry.first() is None or not relay.snapshot().taken:
            return


async def _within(event: asyncio.Event, seconds: float) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()


def _number(request: Request, name: str) -> float:
    """A parameter in seconds, 0 if it is no number; read by hand, see `api`."""
    text = request.query_params.get(name, "")
    return float(text) if text.isascii() and text.isdigit() else 0.0


def _json(value: object) -> Response:
    return Response(orjson.dumps(value), media_type=JSON)
