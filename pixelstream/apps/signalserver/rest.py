"""The streamer's REST API over HTTP, at `/s/<lease>/api/<path>`, for whoever has the lease's seat.

What the `control` message does on the seat's socket: the same allow-list, the same bounds. The traps: the
streamer's answer comes from the page's own origin, so it is JSON for a browser whatever it says of
itself; and the router has decoded the path that it matches, so the lease is read from the raw one.
"""

from __future__ import annotations

from http import HTTPStatus

import orjson
from fastapi import FastAPI, Request, Response

from pixelstream.apps.service import JSON, problem
from pixelstream.apps.signalserver.context import Context
from pixelstream.auth import paths
from pixelstream.errors import LeaseError
from pixelstream.net.http import Answer, CallError
from pixelstream.relay.bridge import BridgeError

MAX_BODY = 64 << 10
"""Bytes of a request; a message on the socket may have no more to say either."""
HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
EMPTY = (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED)


def add(app: FastAPI, context: Context) -> None:
    """Add the route to the signalserver's app."""

    async def ask(request: Request) -> Response:
        try:
            return await _ask(context, request)
        except LeaseError as error:
            context.refused(error)
            return problem(paths.STATUS[error.code], str(error), HEADERS)
        except BridgeError as error:
            return problem(403, str(error), HEADERS)
        except CallError as error:
            return problem(502, error.cause, HEADERS)

    app.add_route("/s/{lease}/api/{path:path}", ask, methods=["GET", "POST"])


async def _ask(context: Context, request: Request) -> Response:
    leased = paths.read(_target(request))
    if leased is None or leased.api is None:
        return problem(404, "a path behind the lease is made of plain characters", HEADERS)
    lease = context.check(leased.token)
    payload = await _payload(request) if request.method == "POST" else None
    if isinstance(payload, Response):
        return payload
    action = f"{leased.api}?{leased.query}" if leased.query else leased.api
    player, wanted = context.relay.ask(lease, action, request.method, payload, context.clock())
    try:
        answer = await context.bridge.call(wanted)
    finally:
        context.relay.asked(player)
    return _pass_on(answer)


def _target(request: Request) -> str:
    raw: bytes = request.scope["raw_path"].partition(b"?")[0]
    query: bytes = request.scope["query_string"]
    return (raw + b"?" + query if query else raw).decode("latin-1")


async def _payload(request: Request) -> bytes | Response:
    """The request's body, empty or JSON; else the answer that says what is wrong with it."""
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > MAX_BODY:
            return problem(413, f"a body may have {MAX_BODY} bytes", HEADERS)
    try:
        if body:
            orjson.loads(body)
    except orjson.JSONDecodeError:
        return problem(400, "the body must be JSON", HEADERS)
    return bytes(body)


def _pass_on(answer: Answer) -> Response:
    if 300 <= answer.status < 400 and answer.status not in EMPTY:  # noqa: PLR2004 - redirects
        return problem(502, f"status {answer.status}", HEADERS)
    if answer.status in EMPTY:
        return Response(status_code=answer.status, headers=HEADERS)
    return Response(answer.body, answer.status, media_type=JSON, headers=HEADERS)
