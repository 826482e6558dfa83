"""REST: what players' pages report of their sessions.

The trap: the body is read here and not by FastAPI, whose answer to a wrong one repeats what was sent.
"""

from __future__ import annotations

import math
from typing import Annotated

from fastapi import APIRouter, Header, HTTPException, Request, Response

from pixelstream.apps.matchmaker.context import Context
from pixelstream.apps.matchmaker.quality import OverError, TooManyError
from pixelstream.auth.paths import STATUS
from pixelstream.errors import LeaseError
from pixelstream.protocol.quality import MAX_REPORT, PATH, QualityError, Report

_CHALLENGE = {"WWW-Authenticate": 'Bearer realm="pixelstream"'}
_OPENAPI = {
    "requestBody": {"required": True, "content": {"application/json": {"schema": Report.model_json_schema()}}}
}
_RESPONSES: dict[int | str, dict[str, object]] = {401: {}, 403: {}, 410: {}, 413: {}, 422: {}, 429: {}}


def router(context: Context) -> APIRouter:
    """Make the route around one context."""
    routes = APIRouter(tags=["quality"])

    @routes.post(
        PATH,
        status_code=204,
        summary="Report how a session looks to its player",
        response_class=Response,
        responses=_RESPONSES,
        openapi_extra=_OPENAPI,
    )
    async def report(request: Request, authorization: Annotated[str | None, Header()] = None) -> Response:
        body = await _body(request)
        try:
            context.telemetry.quality.take(_bearer(authorization), body)
        except LeaseError as error:
            status = STATUS[error.code]
            raise HTTPException(status, str(error), _CHALLENGE if status == 401 else None) from None  # noqa: PLR2004 - unauthorized
        except OverError:
            raise HTTPException(410, "this session is over") from None
        except TooManyError as error:
            headers = {"Retry-After": str(math.ceil(error.after))}
            raise HTTPException(429, str(error), headers) from None
        except QualityError as error:
            raise HTTPException(422, str(error)) from None
        return Response(status_code=204)

    return routes


async def _body(request: Request) -> bytes:
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > MAX_REPORT:
            raise HTTPException(413, f"a report has at most {MAX_REPORT} bytes")
    return bytes(body)


def _bearer(authorization: str | None) -> str:
    scheme, _, token = (authorization or "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""
