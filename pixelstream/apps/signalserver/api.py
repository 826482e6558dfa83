"""The HTTP surface on the players' port: health, metrics, and a read-only view of who is here.

The view has the paths and fields of Epic's server, but neither its configuration nor any address, and
it needs the control key where one is set. The trap: a parameter in a route's signature makes FastAPI
import pydantic's version 1, 2 MB for every sidecar; so routes read theirs from the request.
"""

from __future__ import annotations

from time import monotonic
from typing import Any

import orjson
from fastapi import APIRouter, Depends, FastAPI, HTTPException, Request, Response

from pixelstream import __version__
from pixelstream.apps.service import JSON, create_app
from pixelstream.apps.signalserver import neighbour, rest
from pixelstream.apps.signalserver.context import Context
from pixelstream.relay import Player, Sfu, Streamer


def build(context: Context) -> FastAPI:
    """Make the app of one signalserver."""
    app = create_app("signalserver", registry=context.registry, not_ready=context.not_ready)
    begun = monotonic()
    peers = context.relay.registry

    def authorised(request: Request) -> None:
        key = context.control_key
        if key is not None and not key.value.admits(request.headers.get("authorization")):
            raise HTTPException(401, "the control key is missing or wrong", {"WWW-Authenticate": "Bearer"})

    api = APIRouter(prefix="/api", dependencies=[Depends(authorised)], default_response_class=Response)

    @api.get("/status")
    async def status() -> Response:
        return _json(
            {
                "uptime": int((monotonic() - begun) * 1000),
                "streamer_count": len(peers.streamers),
                "player_count": len(peers.players),
                "version": __version__,
            }
        )

    @api.get("/streamers")
    async def streamers() -> Response:
        return _json([_streamer(one) for one in peers.streamers.values()])

    @api.get("/streamers/{streamer_id:path}")  # noqa: FAST003 - see above
    async def streamer(request: Request) -> Response:
        streamer_id = request.path_params["streamer_id"]
        found = peers.streamers.get(streamer_id)
        if found is None:
            return _json({"message": f"No streamer id matches {streamer_id}."}, 404)
        return _json(_streamer(found))

    @api.get("/players")
    async def players() -> Response:
        return _json([_player(one) for one in peers.players.values()])

    @api.get("/players/{player_id}")  # noqa: FAST003 - see above
    async def player(request: Request) -> Response:
        player_id = request.path_params["player_id"]
        found = peers.players.get(player_id)
        if found is None:
            return _json({"message": f"No player ID matches {player_id}."}, 404)
        return _json(_player(found))

    app.include_router(api)
    app.include_router(neighbour.routes(context))
    rest.add(app, context)
    return app


def _json(value: Any, status: int = 200) -> Response:
    return Response(orjson.dumps(value), status, media_type=JSON)


def _streamer(streamer: Streamer) -> dict[str, Any]:
    return {
        "streamerId": streamer.id,
        "type": "SFU" if isinstance(streamer, Sfu) else "Streamer",
        "streaming": streamer.streaming,
        "subscribers": list(streamer.subscribers),
    }


def _player(player: Player) -> dict[str, Any]:
    subscribed = {"subscribedTo": player.streamer.id} if player.streamer else {}
    return {"playerId": player.player_id, "type": "Player", **subscribed}
