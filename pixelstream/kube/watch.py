"""One kind of objects, listed and then followed: whole snapshots, as few as show every lasting change.

The traps: a watch that breaks goes on from the last resource version, but the server forgets old ones
(410) and then all must be listed anew; until that list is whole the last one stays. And a server that
answers each watch by ending it must not be asked without a pause.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Mapping
from contextlib import aclosing
from typing import Generic, TypeVar

from pixelstream.kube.client import GONE, ApiError, Client, Object, Resource

PAGE = 500
"""Objects in one page of a list."""
PACE = 0.05
"""Seconds between two snapshots: what changes within them is told at once."""
LIFETIME = (240.0, 420.0)
"""Seconds after which the server is to end a watch, by chance, so that not all are renewed together."""
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 5.0
"""Seconds between tries, doubled with each failure in a row."""
STEADY = 2.0
"""Seconds after which a watch that ended counts as none that failed."""
TOO_MANY = 429

_T = TypeVar("_T")
Tell = Callable[[Mapping[str, _T]], None]
Fault = Callable[[str], None]


class Watch(Generic[_T]):
    """Objects of one kind, in one namespace or all, that fit a selector.

    Args:
        client: of the API server.
        resource: the kind.
        read: makes what is kept of an object; None for one of no interest. It may raise KeyError,
            TypeError or ValueError for one that it can't read, which is then left out.
        namespace: where; None for everywhere, or for kinds that have none.
        selector: of labels; empty for all objects.

    Attributes:
        current: whether the watch is on, so that the last snapshot is how things are now.
    """

    def __init__(
        self,
        client: Client,
        resource: Resource,
        read: Callable[[Object], _T | None],
        *,
        namespace: str | None = None,
        selector: str = "",
    ) -> None:
        self._client = client
        self._path = resource.path(namespace)
        self._read = read
        self._selector = {"labelSelector": selector} if selector else {}
        self._items: dict[str, _T] = {}
        self._version: str | None = None
        self._changed = asyncio.Event()
        self._failures = 0
        self.current = False

    async def run(self, tell: Tell[_T], fault: Fault) -> None:
        """Follow until cancelled.

        Args:
            tell: takes all objects, by namespace and name, once they are listed and after each change.
            fault: takes words for each failure; the last snapshot stays good.
        """
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._tell(tell))
            tasks.create_task(self._keep_up(fault))

    async def _tell(self, tell: Tell[_T]) -> None:
        while True:
            await self._changed.wait()
            self._changed.clear()
            tell(dict(self._items))
            await asyncio.sleep(PACE)

    async def _keep_up(self, fault: Fault) -> None:
        loop = asyncio.get_running_loop()
        while True:
            began = loop.time()
            try:
                if self._version is None:
                    await self._list(fault)
                await self._follow(fault)
            except ApiError as error:
                # What a server that answers doesn't like is perhaps our version: a new list has a good one.
                if error.status not in {0, TOO_MANY}:
                    self._version = None
                if error.status != GONE:
                    fault(str(error))
            finally:
                self.current = False
            if loop.time() - began >= STEADY:
                self._failures = 0
                continue
            await asyncio.sleep(self._pause())

    def _pause(self) -> float:
        longest = min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** min(self._failures, 16))
        self._failures += 1
        return longest * random.uniform(0.5, 1.0)  # noqa: S311 - spreads load, guards nothing

    async def _list(self, fault: Fault) -> None:
        found: dict[str, _T] = {}
        page = {"limit": str(PAGE)}
        while True:
            answer = await self._client.read(self._path, {**self._selector, **page})
            for one in answer.get("items") or ():
                self._put(found, one, fault)
            meta = answer.get("metadata") or {}
            if not meta.get("continue"):
                break
            page["continue"] = meta["continue"]
        self._items, self._version = found, str(meta.get("resourceVersion", ""))
        self._changed.set()

    async def _follow(self, fault: Fault) -> None:
        params = {
            **self._selector,
            "resourceVersion": self._version or "",
            "allowWatchBookmarks": "true",
            "timeoutSeconds": str(int(random.uniform(*LIFETIME))),  # noqa: S311 - as in _pause
        }
        async with aclosing(self._client.watch(self._path, params)) as watch:
            async for events in watch:
                self.current = True
                for event in events:
                    self._failures = 0
                    self._take(event, fault)

    def _take(self, event: Object, fault: Fault) -> None:
        kind, one = event.get("type"), event.get("object") or {}
        if kind == "ERROR":
            raise ApiError(int(one.get("code") or 0) or 500, str(one.get("message", "the watch failed")))
        before = self._items.get(_key(one))
        if kind in {"ADDED", "MODIFIED"}:
            self._put(self._items, one, fault)
        elif kind == "DELETED":
            self._items.pop(_key(one), None)
        if self._items.get(_key(one)) != before:  # most changes are in fields that nobody here reads
            self._changed.set()
        self._version = (one.get("metadata") or {}).get("resourceVersion") or self._version

    def _put(self, items: dict[str, _T], one: Object, fault: Fault) -> None:
        key = _key(one)
        try:
            read = self._read(one)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            fault(f"{key} is left out, as it cannot be read: {error!r}")
            read = None
        if read is None:
            items.pop(key, None)
        else:
            items[key] = read


def _key(one: Object) -> str:
    meta = one.get("metadata") or {}
    return f"{meta.get('namespace', '')}/{meta.get('name', '')}"
