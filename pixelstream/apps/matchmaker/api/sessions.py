"""REST: create, read, follow and end a session.

The trap: a caller without a socket here can vanish unseen, so a session that waits must be read or
followed now and then; each such request shows that somebody is still interested.
"""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Header, HTTPException, Response
from fastapi.responses import StreamingResponse

from pixelstream.apps.matchmaker.api import models
from pixelstream.apps.matchmaker.context import Context
from pixelstream.apps.matchmaker.followers import Follower
from pixelstream.apps.matchmaker.notices import REFUSALS
from pixelstream.matchmaking.model import JoinRefusal, SessionState, Way
from pixelstream.matchmaking.views import Place

ANSWER = 0.5
"""Seconds that a new session may wait for a stream's answer, so that a free seat is there at once."""
KEEPALIVE = 10.0
"""Seconds after which an event stream says something even if nothing has happened."""

STATUS = {
    JoinRefusal.UNKNOWN_FLEET: 404,
    JoinRefusal.QUEUE_FULL: 503,
    JoinRefusal.DRAINING: 503,
    JoinRefusal.UNAVAILABLE: 503,
    JoinRefusal.VOID: 409,
}
NO_STORE = {"Cache-Control": "no-store"}
EVENTS = {**NO_STORE, "X-Accel-Buffering": "no"}

Authorization = Annotated[str | None, Header()]


def router(context: Context) -> APIRouter:
    """Make the routes around one context."""
    routes = APIRouter(prefix="/api/v1/sessions", tags=["sessions"])
    desk = _Desk(context)

    @routes.post("", status_code=201, summary="Ask for a seat", responses={404: {}, 409: {}, 503: {}})
    async def create(
        new: models.NewSession,
        response: Response,
        authorization: Authorization = None,
        traceparent: Authorization = None,
    ) -> models.Session:
        if new.user is not None and not context.admits(authorization):
            raise HTTPException(401, "naming a user needs the control key")
        place = await desk.create(new, traceparent)
        response.headers.update({**NO_STORE, "Location": f"/api/v1/sessions/{place.session}"})
        return desk.show(place)

    @routes.get("/{session}", summary="Read a session", responses={404: {}})
    async def read(session: str, response: Response) -> models.Session:
        response.headers.update(NO_STORE)
        return desk.show(await desk.find(session))

    @routes.get(
        "/{session}/events",
        summary="Follow a session",
        response_class=StreamingResponse,
        responses={
            200: {
                "content": {"text/event-stream": {}},
                "description": "An event for each state and position",
            },
            404: {},
            429: {},
        },
    )
    async def events(session: str) -> StreamingResponse:
        place = await desk.find(session)
        if context.followers.full(session):
            raise HTTPException(429, "too many follow already")
        return StreamingResponse(desk.follow(place), media_type="text/event-stream", headers=EVENTS)

    @routes.delete("/{session}", status_code=204, summary="End a session", responses={404: {}, 409: {}})
    async def end(session: str) -> None:
        place = await desk.find(session)
        if place.state is not SessionState.RELEASED and not await context.store.end(session):
            raise HTTPException(409, "its stream cannot be told now; please try again")

    return routes


class _Desk:
    """What the routes do."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._store = context.store

    async def create(self, new: models.NewSession, traceparent: str | None) -> Place:
        """Let a caller wait; return its place once the stream that is free, if any, has answered."""
        legacy = self._context.settings.legacy
        if legacy.enabled and new.fleet == legacy.fleet:
            raise HTTPException(409, "this fleet has streams that can only be joined by websocket")
        session = secrets.token_urlsafe(16)
        refusal = await self._store.join(session, new.fleet, user=new.user, way=Way.REMOTE)
        if refusal is not None:
            self._context.metrics.refusals.counts[refusal] += 1
            headers = {"Retry-After": "10"} if STATUS[refusal] == 503 else None  # noqa: PLR2004 - busy
            raise HTTPException(STATUS[refusal], REFUSALS[refusal], headers)
        self._context.telemetry.visits.came(session, new.fleet, traceparent)
        place = await self.find(session)
        if place.state is SessionState.CLAIMED:
            with self._context.followers.follow(place) as follower:
                await follower.changed(ANSWER)
            place = await self.find(session)
        return place

    async def find(self, session: str) -> Place:
        """Return a session's place; 404 if it isn't known."""
        await self._store.touch(session)
        place = await self._store.place(session)
        if place is None:
            raise HTTPException(404, "there is no such session, or it ended long ago")
        return place

    def show(self, place: Place) -> models.Session:
        """Make the answer; with the lease, if the seat waits for its player."""
        address = self._context.directory.find(place.stream or "")
        if place.state is not SessionState.RESERVED or address is None or not address.leased:
            return models.Session.of(place, None)
        issuer = self._context.issuer
        lease = issuer.issue(place.session, place.fleet, place.stream or "", place.fence, place.user)
        return models.Session.of(place, lease)

    async def follow(self, place: Place) -> AsyncIterator[str]:
        """Yield an event for each change until the session is released."""
        with self._context.followers.follow(place) as follower:
            while not self._context.followers.closed:
                yield f"event: {place.state.value}\ndata: {self.show(place).model_dump_json()}\n\n"
                if place.state is SessionState.RELEASED:
                    return
                async for word in self._quiet(follower, place.session):
                    yield word
                found = await self._store.place(place.session)
                if found is None:
                    return
                place = found

    async def _quiet(self, follower: Follower, session: str) -> AsyncIterator[str]:
        """Yield comments while nothing changes: they keep proxies, and the session, from giving up."""
        while not await follower.changed(KEEPALIVE):
            await self._store.touch(session)
            yield ": waiting\n\n"
        await self._store.touch(session)
