"""The gate as a process: follows the cluster, answers the proxy, and ends after it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import structlog
from fastapi import FastAPI, Request, Response

from pixelstream.apps import service
from pixelstream.apps.gate.context import Context
from pixelstream.net import websocket
from pixelstream.net.handshake import Refusal
from pixelstream.net.listener import Listener, listen
from pixelstream.settings.gate import GateSettings

TARGET = "x-original-uri"
"""Header in which the proxy passes path and query as the client sent them."""
FINISH = 2.0
"""Seconds that requests on their way have to end after `linger`."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Gate:
    """A running gate.

    Attributes:
        listener: its open port.
        linger: seconds for which it still answers once it is to end.
    """

    listener: Listener
    linger: float

    async def drain(self) -> None:
        """Answer on until the proxy takes no more requests, then finish those that are on their way."""
        await asyncio.sleep(self.linger)
        self.listener.stop_accepting()
        if self.listener.state.tasks:
            await asyncio.wait(set(self.listener.state.tasks))


def run(settings: GateSettings) -> None:
    """Serve until SIGTERM or SIGINT, and a little longer.

    Raises:
        SettingsError: the keys of leases can't be had, or there is no way to the cluster.
        OSError: the port can't be had.
    """
    service.run("gate", lambda: serving(settings), log_settings=settings.log, drain=settings.linger + FINISH)


@asynccontextmanager
async def serving(settings: GateSettings) -> AsyncIterator[Gate]:
    """Serve while the block runs.

    Raises:
        SettingsError: the keys of leases can't be had, or there is no way to the cluster.
        OSError: the port can't be had.
    """
    context = Context(settings)
    host, port = settings.listen.host, settings.listen.port
    listener = await listen(host, port, route=_no_websockets, http=_app(context))
    log.info("listening", host=host, port=listener.port)
    following = [
        asyncio.create_task(context.source.run(context.take)),
        asyncio.create_task(context.secrets.follow()),
    ]
    try:
        yield Gate(listener, settings.linger)
    finally:
        await listener.close()
        for task in following:
            task.cancel()
        await asyncio.gather(*following, return_exceptions=True)


def _app(context: Context) -> FastAPI:
    app = service.create_app("gate", registry=context.registry, not_ready=context.not_ready)

    async def authorize(request: Request) -> Response:
        verdict = context.judge(request.headers.get(TARGET, ""))
        return Response(status_code=verdict.status, headers=verdict.headers)

    app.add_route("/authorize", authorize, methods=["GET"])
    return app


def _no_websockets(_: websocket.Request) -> Refusal:
    return Refusal(404, "there are no websockets here")
