"""REST: streams, fleets, queue and health. All but health need the control key.

The trap: they show session ids, which are all it takes to end a session, so they are for operators.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, HTTPException, Query

from pixelstream import __version__
from pixelstream.apps.matchmaker.api import models
from pixelstream.apps.matchmaker.context import Context
from pixelstream.apps.matchmaker.storenews import AWAY
from pixelstream.matchmaking.usage import Rate
from pixelstream.matchmaking.views import FleetView

MAX_LISTED = 10_000


def router(context: Context) -> APIRouter:
    """Make the routes around one context."""
    routes = APIRouter(prefix="/api/v1", tags=["lists"])
    store = context.store
    admin: dict[str, Any] = {"dependencies": [Depends(operators_only(context))], "responses": {401: {}}}

    def show(fleet: FleetView) -> models.Fleet:
        telemetry = context.telemetry
        rate = telemetry.rates.get(fleet.name, Rate())
        return models.Fleet.of(fleet, models.Cost.of(fleet, rate, telemetry.account(fleet.name)))

    @routes.get("/streams", summary="All streams", **admin)
    async def streams() -> models.Streams:
        return models.Streams(streams=[models.Stream.of(stream) for stream in await store.streams()])

    @routes.get("/fleets", summary="All fleets", **admin)
    async def fleets() -> models.Fleets:
        return models.Fleets(fleets=[show(fleet) for fleet in await store.fleets()])

    @routes.get(
        "/fleets/{name}",
        summary="One fleet",
        responses={401: {}, 404: {}},
        dependencies=admin["dependencies"],
    )
    async def fleet(name: str) -> models.Fleet:
        """Say how a fleet is; KEDA's `metrics-api` reads `wanted` here."""
        for found in await store.fleets():
            if found.name == name:
                return show(found)
        raise HTTPException(404, "there is no such fleet")

    @routes.get("/queue", summary="Those who wait", **admin)
    async def queue(limit: Annotated[int, Query(ge=1, le=MAX_LISTED)] = 100) -> models.Queue:
        places = await store.queue(limit)
        length = sum(fleet.waiting for fleet in await store.fleets())
        return models.Queue(length=length, waiting=[models.Session.of(place, None) for place in places])

    @routes.get("/health", summary="How the matchmaker is")
    async def health() -> models.Health:
        found, sharing = await store.fleets(), store.sharing
        warnings = context.marking.warnings() if context.marking else []
        warnings += context.cluster.warnings() if context.cluster else []
        warnings += context.fleets.warnings(alone=store.kind == "memory")
        return models.Health(
            status="draining" if context.draining else "ok" if sharing.up else "degraded",
            version=__version__,
            store=store.kind,
            store_up=sharing.up,
            store_lag=round(sharing.lag, 4),
            store_round_trip=context.news.last,
            replicas=sharing.replicas,
            draining=context.draining,
            links=context.open_links(),
            streams=sum(fleet.streams for fleet in found),
            waiting=sum(fleet.waiting for fleet in found),
            sockets=len(context.room.players),
            warnings=warnings if sharing.up else [AWAY, *warnings],
        )

    return routes


def operators_only(context: Context) -> Callable[..., Any]:
    """Make the dependency that lets in whoever shows the control key."""

    async def check(authorization: Annotated[str | None, Header()] = None) -> None:
        if not context.admits(authorization):
            challenge = {"WWW-Authenticate": 'Bearer realm="pixelstream"'}
            raise HTTPException(401, "the control key is missing or wrong", challenge)

    return check
