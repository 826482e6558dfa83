"""Following a cluster's streams, for services that need to know where they are.

The trap: whatever breaks the following, even a fault of our own in taking a list, must not end it: it is
told once and begun again, and the last list stays.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog

from pixelstream.kube import access
from pixelstream.kube.client import Client
from pixelstream.kube.streams import Streams, StreamWatch
from pixelstream.settings.kubernetes import Kubernetes

RETRY = 5.0
"""Seconds until what broke is begun again."""

log = structlog.get_logger(__name__)


class ClusterStreams:
    """The streams of one namespace of a cluster.

    Raises:
        SettingsError: there is no way to the API server.
    """

    def __init__(self, wanted: Kubernetes) -> None:
        self._wanted = wanted
        self._access = access.find()
        self._told = ""
        self._watch: StreamWatch | None = None

    @property
    def current(self) -> bool:
        """Whether the last list is how things are now."""
        return self._watch is not None and self._watch.current

    async def run(self, tell: Callable[[Streams], None]) -> None:
        """Tell all streams once they are known and after each change, until cancelled."""

        def take(streams: Streams) -> None:
            self._told = ""
            tell(streams)

        client = Client(self._access)
        try:
            while True:
                try:
                    self._watch = StreamWatch(client, self._wanted.namespace, self._wanted.selector)
                    await self._watch.run(take, self._fault)
                except Exception as error:  # noqa: BLE001 - told, and begun again
                    self._fault(repr(error))
                await asyncio.sleep(RETRY)
        finally:
            await client.close()

    def _fault(self, words: str) -> None:
        if words != self._told:
            self._told = words
            log.warning("streams stay as they are", fault=words)
