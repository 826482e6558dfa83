"""What all services share: health routes, errors as JSON, the event loop, and the end on SIGTERM.

A service is an async context manager that yields something with `drain()`. The trap: while it drains
it still serves, so its sockets close in the manager's exit, never in `drain`. SIGUSR1 begins the drain
and leaves the end to SIGTERM, for a sidecar that must outlive its neighbour.
"""

from __future__ import annotations

import asyncio
import gc
import signal
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol

import orjson
import structlog
import uvloop
from fastapi import FastAPI, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from starlette.exceptions import HTTPException

from pixelstream import __version__, logs
from pixelstream.settings.base import Log

JSON = "application/json"
SIGNALS = (signal.SIGTERM, signal.SIGINT)
EARLY = signal.SIGUSR1

log = structlog.get_logger(__name__)


class Drainable(Protocol):
    """What a running service can do before it ends."""

    async def drain(self) -> None:
        """Refuse what is new and return when nothing is left that would be cut off."""


Serving = Callable[[], AbstractAsyncContextManager[Drainable]]


def create_app(
    name: str, *, registry: CollectorRegistry, not_ready: Callable[[], str | None], openapi: bool = False
) -> FastAPI:
    """Make a service's app with `/healthz`, `/readyz` and `/metrics`; a function, so tests get their own.

    Args:
        name: of the service, as in its command.
        registry: what `/metrics` shows.
        not_ready: why the service takes no work at the moment, or None.
        openapi: whether `/openapi.json` describes the routes.
    """
    app = FastAPI(
        title=f"pixelstream {name}",
        version=__version__,
        openapi_url="/openapi.json" if openapi else None,
        docs_url=None,  # its page loads scripts from elsewhere
        redoc_url=None,
        # Its own spans and logs would tell paths, and a path may carry a lease.
        telemetry={"tracing": False, "metrics": False, "logs": False, "auto_configure": False},
    )
    alive = orjson.dumps({"status": "ok", "service": name, "version": __version__})

    @app.get("/healthz", summary="Alive", response_class=Response)
    async def healthz() -> Response:
        return Response(alive, media_type=JSON)

    @app.get("/readyz", summary="Takes work", response_class=Response)
    async def readyz() -> Response:
        reason = not_ready()
        return problem(503, reason) if reason else Response(b'{"status":"ready"}', media_type=JSON)

    @app.get("/metrics", include_in_schema=False)
    async def metrics() -> Response:
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(Exception, _fault)
    return app


def problem(status: int, detail: str, headers: dict[str, str] | None = None) -> Response:
    """An error as every service answers it: `{"detail": ...}`."""
    return Response(orjson.dumps({"detail": detail}), status, media_type=JSON, headers=headers)


async def _http_error(_: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):  # the handler's type is wider than what it is registered for
        raise error
    return problem(error.status_code, str(error.detail), dict(error.headers or {}))


async def _fault(request: Request, error: Exception) -> Response:
    # The server logs the traceback when the error is raised again behind this handler.
    log.error("request failed", method=request.method, path=request.url.path, error=repr(error))
    return problem(500, "internal error")


def run(name: str, serving: Serving, *, log_settings: Log, drain: float) -> None:
    """Serve until SIGTERM or SIGINT, drain, end.

    Args:
        name: of the service, in its logs.
        serving: makes the context manager within which the service runs.
        log_settings: what is logged and how.
        drain: seconds that `drain()` may take; a second signal ends it at once.

    Raises:
        SettingsError: from `serving`, before anything is open.
        OSError: a port can't be had.
    """
    logs.setup(name, log_settings.level, log_settings.format)
    uvloop.run(_until_signal(name, serving, drain))


async def _until_signal(name: str, serving: Serving, drain: float) -> None:
    loop = asyncio.get_running_loop()
    early, asked, again = asyncio.Event(), asyncio.Event(), asyncio.Event()

    def stop() -> None:
        early.set()
        (again if asked.is_set() else asked).set()

    loop.add_signal_handler(EARLY, early.set)
    for number in SIGNALS:
        loop.add_signal_handler(number, stop)
    async with serving() as service:
        settle()
        await early.wait()
        log.info("draining", deadline=drain)
        draining, until = asyncio.create_task(service.drain()), loop.time() + drain
        await asked.wait()
        await _finish(draining, max(0.0, until - loop.time()), again)
    log.info("stopped", version=__version__, name=name)


async def _finish(draining: asyncio.Task[None], left: float, again: asyncio.Event) -> None:
    waits: list[asyncio.Task[Any]] = [draining, asyncio.create_task(again.wait())]
    done, pending = await asyncio.wait(waits, timeout=left, return_when=asyncio.FIRST_COMPLETED)
    if draining not in done:
        log.warning("drain cut short", second_signal=again.is_set())
    for task in pending:
        task.cancel()
    await asyncio.gather(*waits, return_exceptions=True)
    if draining in done and (error := draining.exception()):
        log.error("drain failed", error=repr(error))


def settle() -> None:
    """Take what start-up built out of the collector's sight: later collections are short."""
    gc.collect()
    gc.freeze()
