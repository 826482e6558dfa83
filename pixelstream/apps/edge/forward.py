"""HTTP on its way to the matchmaker or a stream, in pieces as they come: server-sent events flow at once.

The trap: nothing of the caller's that opens doors inside may pass, so headers go by a list of what
is let through, in both directions, and `Authorization` isn't on it; a route that needs it names it.
"""

from collections.abc import AsyncIterator

import httpx
import structlog
from fastapi import Request, Response
from fastapi.responses import StreamingResponse

from pixelstream.apps.edge.page import SECURITY
from pixelstream.apps.service import problem
from pixelstream.auth.lease import redact
from pixelstream.metrics.edge import Answer, EdgeMetrics

MAX_BODY = 64 << 10
"""Bytes of a request's body; a session's request has a few hundred."""
TIMEOUT = httpx.Timeout(connect=5.0, read=60.0, write=10.0, pool=5.0)
"""Seconds; an event stream says something every 10 s."""
LIMITS = httpx.Limits(max_connections=2000, max_keepalive_connections=50)

REQUEST_HEADERS = ("accept", "content-type", "last-event-id", "origin", "traceparent", "user-agent")
REQUEST_HEADERS_PREFLIGHT = ("access-control-request-headers", "access-control-request-method")
RESPONSE_HEADERS = (
    "access-control-allow-headers",
    "access-control-allow-methods",
    "access-control-allow-origin",
    "allow",
    "cache-control",
    "content-length",
    "content-type",
    "location",
    "retry-after",
    "x-accel-buffering",
)

log = structlog.get_logger(__name__)


class Forwarder:
    """Sends requests on to services inside; `await close()` at the end."""

    def __init__(self, metrics: EdgeMetrics) -> None:
        self._metrics = metrics
        # The environment's proxies are for the world outside, not for the service next door.
        self._client = httpx.AsyncClient(timeout=TIMEOUT, limits=LIMITS, trust_env=False)

    async def close(self) -> None:
        """Let go of the connections."""
        await self._client.aclose()

    async def forward(self, request: Request, base: str, name: str, more: tuple[str, ...] = ()) -> Response:
        """Answer `request` with what the service `name` at `base` answers to the same path and query.

        `more` names headers that may pass, beside the usual ones.
        413 for a body that is too large, 502 and 504 in words when the service doesn't answer.
        """
        body = await _body(request)
        if body is None:
            self._metrics.answers.counts[Answer.REFUSED] += 1
            return problem(413, f"a body may have {MAX_BODY} bytes", SECURITY)
        onward = self._client.build_request(
            request.method, _url(request, httpx.URL(base)), headers=_onward(request, more), content=body
        )
        try:
            answer = await self._client.send(onward, stream=True)
        except httpx.TimeoutException:
            return self._failed(504, f"the {name} does not answer")
        except httpx.HTTPError as error:
            log.warning("unreachable", target=name, error=redact(str(error)))
            return self._failed(502, f"the {name} cannot be reached")
        self._metrics.answers.counts[Answer.FORWARDED] += 1
        headers = {name: answer.headers[name] for name in RESPONSE_HEADERS if name in answer.headers}
        return StreamingResponse(_pieces(answer), answer.status_code, {**headers, **SECURITY})

    def _failed(self, status: int, words: str) -> Response:
        self._metrics.answers.counts[Answer.UNREACHABLE] += 1
        return problem(status, words, {**SECURITY, "Retry-After": "2"})


def _url(request: Request, base: httpx.URL) -> httpx.URL:
    path: bytes = request.scope["raw_path"].partition(b"?")[0]
    query: bytes = request.scope["query_string"]
    prefix = base.raw_path.rstrip(b"/")
    return base.copy_with(raw_path=prefix + path + (b"?" + query if query else b""))


async def _body(request: Request) -> bytes | None:
    """Return the request's body, or None when it is larger than `MAX_BODY`."""
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > MAX_BODY:
            return None
    return bytes(body)


def _onward(request: Request, more: tuple[str, ...]) -> dict[str, str]:
    names = (*REQUEST_HEADERS, *more, *(REQUEST_HEADERS_PREFLIGHT if request.method == "OPTIONS" else ()))
    headers = {name: request.headers[name] for name in names if name in request.headers}
    headers["accept-encoding"] = "identity"  # pieces pass as they are, and compression would hold them back
    if request.client:
        headers["x-forwarded-for"] = request.client.host
    headers["x-forwarded-host"] = request.headers.get("host", "")
    return headers


async def _pieces(answer: httpx.Response) -> AsyncIterator[bytes]:
    try:
        async for piece in answer.aiter_raw():
            yield piece
    except httpx.HTTPError as error:  # the head is out: all that is left is to end here
        log.warning("answer broke off", error=redact(str(error)))
    finally:
        await answer.aclose()
