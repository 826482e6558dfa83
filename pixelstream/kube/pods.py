"""Writes marks to pods: as few writes as show every lasting state, the newest one always.

The traps: a pod is written only if it is known to carry something else, so neither a restart of ours nor a
stream that is no pod costs a write; what others change is counted but not fought over, since two who both
insist would write for ever; and a stream that falls free is marked so a moment later, because the next
player may be on the way.
"""

from __future__ import annotations

import asyncio
import random
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress

from pixelstream.kube.client import GONE, PODS, ApiError, Client
from pixelstream.kube.marked import Pod, overwriter, patch_of, read_pod
from pixelstream.kube.podwatch import Pods, PodWatch
from pixelstream.kube.watch import Fault
from pixelstream.matchmaking.marks import Marks, PodState, WriteResult

WRITERS = 4
"""Patches that are on their way at once."""
SETTLE = 1.0
"""Seconds that a stream must stay free before its pod says so; meanwhile it is still protected."""
TAKEOVER = 10.0
"""Seconds in which the last write of who had the stream before may still arrive behind ours."""
MAX_WANTED = 20_000
"""Pods whose marks are remembered; beyond that the one that changed longest ago is forgotten."""
FIRST_PAUSE, LONGEST_PAUSE = 0.2, 5.0
"""Seconds between tries, doubled with each failure in a row."""
NOT_FOUND, CONFLICT = 404, 409
"""There is no such pod, or another of its name."""


class PodMarker:
    """Keeps the marks of one namespace's pods.

    Args:
        client: of the API server.
        namespace: of the pods.
        watch: tells them; others are never written. It is run by whoever made it.
        count: is told what became of each write.
        overwritten: is told who wrote or removed a deletion cost, each time.
    """

    def __init__(
        self,
        client: Client,
        namespace: str,
        watch: PodWatch,
        *,
        count: Callable[[WriteResult], None],
        overwritten: Callable[[str], None],
    ) -> None:
        self._client, self._namespace = client, namespace
        self._count, self._overwritten = count, overwritten
        self._pods: dict[str, Pod] = {}
        self._wanted: OrderedDict[str, Marks] = OrderedDict()
        self._due: dict[str, float] = {}
        self._since: dict[str, float] = {}
        self._flying: set[str] = set()
        self._wake = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._failures = 0
        self._hold = 0.0
        watch.listen(self._see)

    @property
    def pending(self) -> int:
        """Pods that are still to be written."""
        return len(self._due) + len(self._flying)

    def want(self, pod: str, marks: Marks) -> None:
        """Have the pod carry `marks`, as soon as it is known and the API server lets us."""
        if self._wanted.get(pod) == marks:
            return
        self._since.setdefault(pod, self._loop.time())
        self._wanted[pod] = marks
        self._wanted.move_to_end(pod)
        if len(self._wanted) > MAX_WANTED:
            self._forget(next(iter(self._wanted)))
        if pod in self._pods:
            self._schedule(pod)

    def leave(self, pod: str) -> None:
        """Leave the pod to whoever has its stream now; what is still to be written is theirs to say."""
        self._forget(pod)

    async def run(self, fault: Fault) -> None:
        """Write until cancelled; `fault` takes words for each failure.

        It may be run again after an end that nobody expected, which may have lost a write on its way.
        """
        for name in self._wanted.keys() & self._pods.keys():
            self._schedule(name)
        async with asyncio.TaskGroup() as tasks:
            for _ in range(WRITERS):
                tasks.create_task(self._write(fault))

    # --- what there is -------------------------------------------------------------------------

    def _see(self, pods: Pods) -> None:
        """Take over all pods; a reading that is older than the answer to our last patch is not taken."""
        for gone in self._pods.keys() - pods.keys():
            del self._pods[gone]
            self._forget(gone)
        for name, pod in pods.items():
            self._know(name, pod)

    def _know(self, name: str, pod: Pod) -> None:
        before = self._pods.get(name)
        same = before is not None and before.uid == pod.uid
        if same and before is not None and before.version >= pod.version:
            return
        if (author := overwriter(before, pod)) is not None:
            self._overwritten(author)
        self._pods[name] = pod
        if name in self._wanted and (not same or (author is None and self._late(name, pod))):
            self._schedule(name)

    def _late(self, name: str, pod: Pod) -> bool:
        """Whether another of us has written what was true before its stream came here."""
        new = self._loop.time() - self._since[name] < TAKEOVER
        return new and name not in self._flying and not pod.carries(self._wanted[name])

    def _forget(self, name: str) -> None:
        self._wanted.pop(name, None)
        self._due.pop(name, None)
        self._since.pop(name, None)

    # --- what is to be done --------------------------------------------------------------------

    def _schedule(self, name: str) -> None:
        settle = SETTLE if self._wanted[name].state is PodState.FREE else 0.0
        self._due[name] = self._loop.time() + settle
        self._wake.set()

    async def _next(self) -> str:
        """Return the next pod whose time has come, and of which no patch is on its way."""
        while True:
            now = self._loop.time()
            times = {name: max(at, self._hold) for name, at in self._due.items() if name not in self._flying}
            if times and times[first := min(times, key=times.__getitem__)] <= now:
                del self._due[first]
                return first
            self._wake.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(min(times.values()) - now if times else None):
                    await self._wake.wait()

    async def _write(self, fault: Fault) -> None:
        while True:
            name = await self._next()
            self._flying.add(name)
            try:
                await self._patch(name, fault)
            finally:
                self._flying.discard(name)
                self._wake.set()

    async def _patch(self, name: str, fault: Fault) -> None:
        pod, marks = self._pods.get(name), self._wanted.get(name)
        if pod is None or marks is None or pod.carries(marks):
            return
        try:
            path = PODS.path(self._namespace, name)
            answer = read_pod(await self._client.patch(path, patch_of(pod.uid, marks)))
        except ApiError as error:
            self._failed(name, error, fault)
            return
        self._count(WriteResult.WRITTEN)
        self._failures = 0
        if name in self._pods:
            self._know(name, answer)

    def _failed(self, name: str, error: ApiError, fault: Fault) -> None:
        if error.status in {NOT_FOUND, CONFLICT, GONE}:
            self._count(WriteResult.GONE)  # if the name has a new pod, the watch will show it
            return
        self._count(WriteResult.FAILED)
        fault(f"pod {name} is not marked yet: {error}")
        longest = min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** min(self._failures, 16))
        self._failures += 1
        self._hold = self._loop.time() + longest * random.uniform(0.5, 1.0)  # noqa: S311 - spreads load
        self._due.setdefault(name, self._hold)
