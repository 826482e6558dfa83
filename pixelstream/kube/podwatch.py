"""The pods of streams, followed once for all who want them: discovery and the marks.

The trap: a pod is big and changes often, by our own marks too, so one watch is shared, and only what
`read_pod` keeps of a pod stays in memory.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from pixelstream.kube.client import PODS, Client
from pixelstream.kube.marked import Pod, read_pod
from pixelstream.kube.watch import Fault, Watch

Pods = Mapping[str, Pod]


class PodWatch:
    """Pods of one namespace, by name.

    Args:
        client: of the API server.
        namespace: where they are.
        selector: their labels.
    """

    def __init__(self, client: Client, namespace: str, selector: str) -> None:
        self._watch = Watch(client, PODS, read_pod, namespace=namespace, selector=selector)
        self._takers: list[Callable[[Pods], None]] = []

    @property
    def current(self) -> bool:
        """Whether the last list is how things are now."""
        return self._watch.current

    def listen(self, take: Callable[[Pods], None]) -> None:
        """Have `take` told all pods once they are known and after each change."""
        self._takers.append(take)

    async def run(self, fault: Fault) -> None:
        """Follow until cancelled; see `Watch.run`."""
        await self._watch.run(self._tell, fault)

    def _tell(self, found: Mapping[str, Pod]) -> None:
        pods = {key.rpartition("/")[2]: pod for key, pod in found.items()}
        for take in self._takers:
            take(pods)
