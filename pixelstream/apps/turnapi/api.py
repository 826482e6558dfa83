"""Routes of turn-api.

The trap: clients of the original parse the answer only when its Content-Type is exactly
`application/json`, so nothing here may add a charset. The answer is made as bytes: models and
serialisers of FastAPI would halve the answers a second.
"""

from http import HTTPStatus
from typing import Any, cast
from urllib.parse import parse_qsl

import structlog
from fastapi import FastAPI, Request, Response

from pixelstream.apps import service
from pixelstream.apps.service import JSON, problem
from pixelstream.apps.turnapi.context import Context
from pixelstream.auth.paths import STATUS
from pixelstream.errors import LeaseError
from pixelstream.metrics.turnapi import Answer
from pixelstream.turn.credentials import is_caller
from pixelstream.turn.iceservers import Policy

NO_STORE = {"Cache-Control": "no-store"}
CHALLENGE = {"WWW-Authenticate": 'Bearer realm="pixelstream"'}
log = structlog.get_logger(__name__)
POLICIES = frozenset({"all", "relay"})

_OPENAPI: dict[str, Any] = {
    "parameters": [
        {
            "name": "session",
            "in": "query",
            "description": "Names the caller in the user name; letters, digits and ._~-",
            "schema": {"type": "string", "maxLength": 128},
        },
        {
            "name": "zone",
            "in": "query",
            "description": "Where the caller is, so that relays of the same zone come first",
            "schema": {"type": "string"},
        },
        {"name": "policy", "in": "query", "schema": {"type": "string", "enum": sorted(POLICIES)}},
    ],
    "responses": {
        "200": {
            "description": "An RTCConfiguration",
            "content": {
                JSON: {"schema": {"type": "object", "required": ["iceTransportPolicy", "iceServers"]}}
            },
        },
        "400": {"description": "A parameter is wrong"},
        "401": {
            "description": "Neither the control key nor a lease, or a lease that is malformed or expired"
        },
        "403": {"description": "A lease that is forged or signed with a key that isn't known"},
    },
}


def create_app(context: Context) -> FastAPI:
    """Make the app around one context."""
    app = service.create_app("turn-api", registry=context.registry, not_ready=context.not_ready, openapi=True)

    @app.get(
        "/", summary="Relays with credentials for the caller", openapi_extra=_OPENAPI, response_class=Response
    )
    async def ice(request: Request) -> Response:
        authorization = request.headers.get("authorization")
        try:
            lease = context.lease(authorization)
        except LeaseError as error:
            return _refused(context, error)
        if lease is None and not context.admits(authorization):
            context.metrics.answers.counts[Answer.UNAUTHORIZED] += 1
            return problem(401, "the control key is missing or wrong", CHALLENGE)
        query = dict(parse_qsl(request.scope["query_string"].decode("latin-1"), keep_blank_values=True))
        # Who comes with a lease is its session, whatever the query says.
        session = lease.session if lease is not None else query.get("session", "")
        policy = query.get("policy", "all")
        if (session and not is_caller(session)) or policy not in POLICIES:
            context.metrics.answers.counts[Answer.BAD_REQUEST] += 1
            return problem(400, "session takes letters, digits and ._~-; policy takes all or relay")
        if session:
            log.info("credentials", session=session)
        return Response(
            context.answer(session, cast("Policy", policy), query.get("zone")),
            headers=NO_STORE,
            media_type=JSON,
        )

    return app


def _refused(context: Context, error: LeaseError) -> Response:
    context.metrics.answers.counts[Answer.UNAUTHORIZED] += 1
    log.info("lease refused", code=error.code, detail=error.detail)
    status = STATUS[error.code]
    headers = {"X-Pixelstream-Reason": error.code, **(CHALLENGE if status == HTTPStatus.UNAUTHORIZED else {})}
    return problem(status, str(error), headers)
