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
from pixelstream.apps.secrets import Secrets
from pixelstream.auth.keys import LeaseKeys
from pixelstream.auth.paths import Passage
from pixelstream.metrics.common import new_registry, show_lease_keys
from pixelstream.metrics.edge import EdgeMetrics
from pixelstream.net.listener import Listener, listen
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
    secrets = Secrets()
    held = secrets.lease_keys(settings.lease_keys_file)

    def keys() -> LeaseKeys | None:
        return held.value if held is not None else None

    show_lease_keys(registry, lambda: len(held.value.by_kid) if held is not None else 0)
    passage = Passage(keys, {stream.id: stream.url for stream in settings.streams}.get)
    inside = Inside(settings.matchmaker_url, passage, forwarder)
    sockets = Sockets("ws" + settings.matchmaker_url.removeprefix("http"), passage, metrics)
    host, port = settings.listen.host, settings.listen.port
    try:
        app = create_app(page, inside, metrics, registry)
        listener = await listen(host, port, route=sockets.route, http=app)
        log.info("listening", host=host, port=listener.port)
        following = asyncio.create_task(secrets.follow())
        try:
            yield Edge(listener)
        finally:
            following.cancel()
            await listener.close()
    finally:
        await forwarder.close()
