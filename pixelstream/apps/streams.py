"""Following a cluster's streams, for services that need to know where they are.

The trap: whatever breaks the following, even a fault of our own in taking a list, must not end it: it is
told once and begun again, and the last list stays.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from pixelstream.kube import access
from pixelstream.kube.client import Client
from pixelstream.kube.podwatch import Pods, PodWatch
from pixelstream.kube.presence import Presence
from pixelstream.kube.streams import Streams, StreamWatch
from pixelstream.kube.watch import Fault
from pixelstream.settings.kubernetes import Kubernetes

RETRY = 5.0
"""Seconds until what broke is begun again."""

log = structlog.get_logger(__name__)


class ClusterStreams:
    """The streams of one namespace of a cluster.

    Args:
        wanted: where they are.
        pods: labels of their pods; with them the pods are watched beside the slices.

    Attributes:
        pods: the watch on pods, for others who want to listen; None without `pods`.

    Raises:
        SettingsError: there is no way to the API server.
    """

    def __init__(self, wanted: Kubernetes, pods: str | None = None) -> None:
        self._client = Client(access.find())
        self._watch = StreamWatch(self._client, wanted.namespace, wanted.selector)
        self.pods = PodWatch(self._client, wanted.namespace, pods) if pods else None
        self._presence = Presence()
        self._told: dict[str, str] = {}

    @property
    def current(self) -> bool:
        """Whether the last list is how things are now."""
        return self._watch.current

    def warnings(self) -> list[str]:
        """Say why the streams may not be as they were told last, if they may not."""
        if self.current or "slices" not in self._told:
            return []
        return [f"streams stay as they are, since they can't be watched: {self._told['slices']}"]

    async def run(self, tell: Callable[[Streams], None]) -> None:
        """Tell all streams once they are known and after each change, until cancelled."""

        def show() -> None:
            if (streams := self._presence.streams()) is not None:
                tell(streams)

        def take_slices(streams: Streams) -> None:
            self._told.pop("slices", None)
            self._presence.take_slices(streams)
            show()

        def take_pods(pods: Pods) -> None:
            self._told.pop("pods", None)
            self._presence.take_pods(pods)
            show()

        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._keep("slices", lambda fault: self._watch.run(take_slices, fault)))
                if self.pods is not None:
                    self.pods.listen(take_pods)
                    tasks.create_task(self._keep("pods", self.pods.run))
        finally:
            await self._client.close()

    async def _keep(self, what: str, watch: Callable[[Fault], Awaitable[None]]) -> None:
        def fault(words: str) -> None:
            if words != self._told.get(what):
                self._told[what] = words
                log.warning("streams stay as they are", watch=what, fault=words)

        while True:
            try:
                await watch(fault)
            except Exception as error:  # noqa: BLE001 - told, and begun again
                fault(repr(error))
            await asyncio.sleep(RETRY)
