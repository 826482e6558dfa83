"""Marks the pods of streams by what their signalservers say.

The trap: the word of the signalserver on its link decides, not the store's books, so that whichever
matchmaker holds the link is the only one that writes; and a broken link changes nothing, since its players
may well go on.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable

import structlog

from pixelstream.apps.streams import RETRY
from pixelstream.kube import access
from pixelstream.kube.client import Client
from pixelstream.kube.marked import UNKNOWN
from pixelstream.kube.pods import PodMarker
from pixelstream.kube.podwatch import PodWatch
from pixelstream.matchmaking.marks import WriteResult, marks_of
from pixelstream.protocol.control import State
from pixelstream.settings.kubernetes import Kubernetes

log = structlog.get_logger(__name__)


class Marking:
    """The marks of one namespace's streams.

    Args:
        where: the streams' namespace.
        pods: tells their pods.
        count: is told what became of each write.

    Raises:
        SettingsError: there is no way to the API server.
    """

    def __init__(self, where: Kubernetes, pods: PodWatch, count: Callable[[WriteResult], None]) -> None:
        self._client = Client(access.find())
        self._marker = PodMarker(
            self._client, where.namespace, pods, count=count, overwritten=self._overwritten
        )
        self._authors: Counter[str] = Counter()
        self._told = ""

    @property
    def pending(self) -> int:
        """Pods that are still to be written."""
        return self._marker.pending

    def heard(self, state: State) -> None:
        """Have the stream's pod carry what its signalserver says."""
        self._marker.want(state.stream, marks_of(state.taken, draining=state.draining))

    def left(self, stream: str) -> None:
        """Write no more of a stream whose link is gone; whoever gets the next one does."""
        self._marker.leave(stream)

    def warnings(self) -> list[str]:
        """Say what undoes the marks, if something does."""
        return [_words(author, count) for author, count in sorted(self._authors.items())]

    async def run(self) -> None:
        """Write until cancelled."""
        try:
            while True:
                try:
                    await self._marker.run(self._fault)
                except Exception as error:  # noqa: BLE001 - told, and begun again
                    self._fault(repr(error))
                await asyncio.sleep(RETRY)
        finally:
            await self._client.close()

    def _overwritten(self, author: str) -> None:
        if author not in self._authors:
            log.warning("deletion costs are overwritten", author=author)
        self._authors[author] += 1

    def _fault(self, words: str) -> None:
        if words != self._told:
            self._told = words
            log.warning("marks of pods are behind", fault=words)


def _words(author: str, count: int) -> str:
    who = "somebody" if author == UNKNOWN else author
    times = "once" if count == 1 else f"{count} times"
    return (
        f"pod-deletion-cost of streams was overwritten or removed by {who}, {times} since the start; a fleet "
        "that shrinks may end taken streams. With Karpenter, switch off its gate PodDeletionCostManagement"
    )
