"""The edge as a process."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog

from pixelstream.apps import service
from pixelstream.apps.edge.api import Inside, create_app
from pixelstream.apps.edge.forward import Forwarder
from pixelstream.apps.edge.page import Page
from pixelstream.apps.edge.sockets import Sockets
from pixelstream.auth.keys import LeaseKeys
from pixelstream.auth.paths import Passage
from pixelstream.metrics.common import new_registry
from pixelstream.metrics.edge import EdgeMetrics
from pixelstream.net.listener import Listener, listen
from pixelstream.settings.base import LEASE_KEYS_ENV, read_secret
from pixelstream.settings.edge import EdgeSettings

FINISH = 2.0
"""Seconds that requests on their way have to end once the edge stops."""

log = structlog.get_logger(__name__)


class Edge:
    """A running edge.

    Attributes:
        listener: its open port.
    """

    def __init__(self, listener: Listener) -> None:
        self.listener = listener

    async def drain(self) -> None:
        """Take no new connections and finish what is short; sockets are cut, as their ends come back."""
        self.listener.stop_accepting()
        if self.listener.state.tasks:
            await asyncio.wait(set(self.listener.state.tasks))


def run(settings: EdgeSettings) -> None:
    """Serve until SIGTERM or SIGINT.

    Raises:
        SettingsError: the page isn't built, or the keys of leases are unreadable.
        OSError: the port can't be had.
    """
    service.run("edge", lambda: serving(settings), log_settings=settings.log, drain=FINISH)


@asynccontextmanager
async def serving(settings: EdgeSettings) -> AsyncIterator[Edge]:
    """Serve while the block runs.

    Raises:
        SettingsError: the page isn't built, or the keys of leases are unreadable.
        OSError: the port can't be had.
    """
    registry = new_registry()
    metrics = EdgeMetrics(registry)
    page = Page.load(settings.page_dir)
    forwarder = Forwarder(metrics)
    passage = Passage(_keys(settings), {stream.id: stream.url for stream in settings.streams}.get)
    inside = Inside(settings.matchmaker_url, passage, forwarder)
    sockets = Sockets("ws" + settings.matchmaker_url.removeprefix("http"), passage, metrics)
    host, port = settings.listen.host, settings.listen.port
    try:
        app = create_app(page, inside, metrics, registry)
        listener = await listen(host, port, route=sockets.route, http=app)
        log.info("listening", host=host, port=listener.port)
        try:
            yield Edge(listener)
        finally:
            await listener.close()
    finally:
        await forwarder.close()


def _keys(settings: EdgeSettings) -> LeaseKeys | None:
    text = read_secret(settings.lease_keys_file, LEASE_KEYS_ENV)
    return LeaseKeys.parse(text, str(settings.lease_keys_file or LEASE_KEYS_ENV)) if text else None
