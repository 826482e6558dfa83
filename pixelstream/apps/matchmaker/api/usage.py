"""REST: what sessions have used, a row each, as JSON or CSV. For operators.

The traps: user names are personal data, so they are there only if the settings keep them *and* the request
asks; and a spreadsheet takes text that begins like a formula for one.
"""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

import orjson
from fastapi import APIRouter, Depends, Header, HTTPException, Query, Request, Response

from pixelstream.apps.matchmaker.api.lists import operators_only
from pixelstream.apps.matchmaker.context import Context
from pixelstream.apps.service import JSON
from pixelstream.matchmaking.usage import Row, Wanted, order
from pixelstream.protocol.trace import trace_of

MAX_ROWS = 10_000
COLUMNS = ("session", "trace", "fleet", "start", "end", "waited", "seconds", "ended")
CSV = "text/csv; charset=utf-8"
NO_STORE = {"Cache-Control": "no-store", "Vary": "Accept"}
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def router(context: Context) -> APIRouter:
    """Make the route around one context."""
    routes = APIRouter(prefix="/api/v1", tags=["usage"])

    @routes.get(
        "/usage",
        summary="Sessions that are over",
        description="By their ends, oldest first. `next`, in CSV the `Link` header, leads on.",
        dependencies=[Depends(operators_only(context))],
        response_class=Response,
        responses={200: {"content": {JSON: {}, "text/csv": {}}}, 400: {}, 401: {}, 403: {}, 503: {}},
    )
    async def usage(
        request: Request,
        *,
        since: Annotated[str | None, Query(description="RFC 3339 or seconds since 1970")] = None,
        until: Annotated[str | None, Query(description="The same; exclusive")] = None,
        after: Annotated[str | None, Query(description="The `next` of the answer before")] = None,
        limit: Annotated[int, Query(ge=1, le=MAX_ROWS)] = 1000,
        users: Annotated[bool, Query(description="With user names, if the settings keep them")] = False,
        format: Annotated[Literal["json", "csv"] | None, Query()] = None,  # noqa: A002 - its name there
        accept: Annotated[str, Header()] = "",
    ) -> Response:
        if users and not context.settings.usage.users:
            raise HTTPException(403, "user names are not kept: usage.users is off")
        wanted = _wanted(since, until, after, limit)
        try:
            rows = await context.telemetry.usage(wanted._replace(limit=limit + 1))
        except OSError as error:
            raise HTTPException(503, str(error), {"Retry-After": "10"}) from None
        more = rows[limit - 1].id if len(rows) > limit else None
        shown = [_shown(row, users=users) for row in rows[:limit]]
        if (format or ("csv" if "text/csv" in accept else "json")) == "csv":
            return _csv(shown, [*COLUMNS, *(["user"] if users else [])], _link(request, more))
        return Response(orjson.dumps({"rows": shown, "next": more}), media_type=JSON, headers=NO_STORE)

    return routes


def _wanted(since: str | None, until: str | None, after: str | None, limit: int) -> Wanted:
    try:
        if after is not None:
            order(after)
        return Wanted(_time(since) if since else 0.0, _time(until) if until else None, after, limit)
    except (ValueError, OverflowError):
        raise HTTPException(
            400, "since and until are RFC 3339 or seconds since 1970; after is a `next`"
        ) from None


def _time(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        found = datetime.fromisoformat(text.replace(" ", "+"))  # a plus that was not escaped
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
    if not 0 <= seconds < 1e11:  # noqa: PLR2004 - the year 5138
        raise ValueError("out of range")
    return seconds


def _shown(row: Row, *, users: bool) -> dict[str, Any]:
    shown = {
        "session": row.session,
        "trace": trace_of(row.session),
        "fleet": row.fleet,
        "start": _written(row.start),
        "end": _written(row.end),
        "waited": None if row.waited is None else round(row.waited, 3),
        "seconds": round(row.seconds, 3),
        "ended": row.reason.value,
    }
    return {**shown, "user": row.user} if users else shown


def _written(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _csv(rows: list[dict[str, Any]], columns: list[str], headers: dict[str, str]) -> Response:
    out = io.StringIO()
    writer = csv.DictWriter(out, columns)
    writer.writeheader()
    writer.writerows({name: _plain(value) for name, value in row.items()} for row in rows)
    return Response(out.getvalue(), media_type=CSV, headers={**NO_STORE, **headers})


def _plain(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def _link(request: Request, more: str | None) -> dict[str, str]:
    if more is None:
        return {}
    url = request.url.include_query_params(after=more)
    return {"Link": f'<{url.path}?{url.query}>; rel="next"'}
