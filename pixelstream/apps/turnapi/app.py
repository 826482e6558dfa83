"""turn-api as a process: listens, keeps its sources running, ends on SIGTERM."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog

from pixelstream.apps import service
from pixelstream.apps.turnapi.api import create_app
from pixelstream.apps.turnapi.context import Context
from pixelstream.apps.turnapi.sources import RelaySource, sources_of
from pixelstream.net.handshake import Refusal
from pixelstream.net.listener import Listener, listen
from pixelstream.net.websocket import Request
from pixelstream.settings.turnapi import TurnApiSettings

FINISH = 5.0
"""Seconds that requests on their way have to end once the service stops."""

RETRY = 5.0
"""Seconds until a source that failed is started again."""

log = structlog.get_logger(__name__)


class TurnApi:
    """A running turn-api.

    Attributes:
        listener: its open port.
    """

    def __init__(self, context: Context, listener: Listener) -> None:
        self._context = context
        self.listener = listener

    async def drain(self) -> None:
        """Take no new connections and finish the requests that are on their way."""
        self._context.draining = True
        self.listener.stop_accepting()
        if self.listener.state.tasks:
            await asyncio.wait(set(self.listener.state.tasks))


def run(settings: TurnApiSettings) -> None:
    """Serve until SIGTERM or SIGINT, then finish what is on its way.

    Raises:
        SettingsError: a secret is missing or unreadable, or there is no way to a cluster that is asked for.
        OSError: the port can't be had.
    """
    service.run("turn-api", lambda: serving(settings), log_settings=settings.log, drain=FINISH)


@asynccontextmanager
async def serving(settings: TurnApiSettings) -> AsyncIterator[TurnApi]:
    """Serve while the block runs.

    Raises:
        SettingsError: a secret is missing or unreadable, or there is no way to a cluster that is asked for.
        OSError: the port can't be had.
    """
    context, sources = Context(settings), sources_of(settings.sources)
    host, port = settings.listen.host, settings.listen.port
    listener = await listen(host, port, route=_no_websockets, http=create_app(context))
    log.info("listening", host=host, port=listener.port)
    tasks = [asyncio.create_task(_supervise(source, context)) for source in sources]
    tasks.append(asyncio.create_task(context.secrets.follow()))
    try:
        yield TurnApi(context, listener)
    finally:
        await listener.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _no_websockets(_: Request) -> Refusal:
    return Refusal(404, "there are no websockets here")


async def _supervise(source: RelaySource, context: Context) -> None:
    """Keep a source running: whatever breaks it must not cost the last good list."""
    while True:
        try:
            await source.run(context)
        except Exception as error:  # noqa: BLE001 - the source's fault is told, and the service lives on
            context.fault(source.name, f"source failed: {error!r}")
            await asyncio.sleep(RETRY)
        else:
            return
