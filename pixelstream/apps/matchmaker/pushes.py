"""Telling those who wait where they stand: on every change of their position, and now and then anyway.

One seat moves a whole line, and 500 seats a second would make 5 million notices of 10,000 players. So
changes gather: a pass tells everybody whose position differs from what was last told, in slices that
leave the loop to others, and rests eight times as long as it took. The trap: nothing here may be
computed per player and change, only per player and pass.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from itertools import islice
from typing import Protocol

from pixelstream.matchmaking.model import SessionState
from pixelstream.matchmaking.views import Place
from pixelstream.store.base import Store

SLICE = 64
"""Players of one step of a pass: well below a millisecond."""
SHORTEST, LONGEST = 0.25, 0.8
"""Seconds between two passes: a short line learns soon, a long one within a second."""
REST = 8.0
HEARTBEAT = 0.5
"""Seconds between two looks for players who haven't been told anything for long."""


class Watcher(Protocol):
    """One who wants to know: a waiting player, or a follower of its session.

    Attributes:
        told: the position that was last told.
        told_at: when; seconds of the event loop.
    """

    session: str
    fleet: str
    told: int | None
    told_at: float

    def tell(self, place: Place) -> None:
        """Send where the session stands."""


class Pushes:
    """Tells watchers; `run` must run.

    Args:
        store: knows the places.
        notice: seconds after which one is told again though nothing has changed.
    """

    def __init__(self, store: Store, notice: float) -> None:
        self._store = store
        self._notice = notice
        self._loop = asyncio.get_running_loop()
        self._fleets: dict[str, dict[Watcher, None]] = {}
        self._by_silence: dict[Watcher, None] = {}
        self._moved: set[str] = set()
        self._retold: set[str] = set()
        self._wake = asyncio.Event()

    def add(self, watcher: Watcher, place: Place) -> None:
        """Tell `watcher` now, and whenever its position changes."""
        self._fleets.setdefault(watcher.fleet, {})[watcher] = None
        self.tell(watcher, place)

    def drop(self, watcher: Watcher) -> None:
        """Tell `watcher` no more."""
        self._by_silence.pop(watcher, None)
        watchers = self._fleets.get(watcher.fleet)
        if watchers is not None:
            watchers.pop(watcher, None)
            if not watchers:
                del self._fleets[watcher.fleet]

    def moved(self, fleet: str) -> None:
        """Note that positions in the line of a fleet have changed."""
        if fleet in self._fleets:
            self._moved.add(fleet)
            self._wake.set()

    def retell(self, *fleets: str) -> None:
        """Tell everybody, or those of some fleets, again soon: something else than a position has changed."""
        self._retold.update(fleets or self._fleets)
        self._moved |= self._retold & self._fleets.keys()
        self._wake.set()

    def tell(self, watcher: Watcher, place: Place) -> None:
        """Send a place and remember that it was sent."""
        watcher.told, watcher.told_at = place.position, self._loop.time()
        self._by_silence.pop(watcher, None)
        self._by_silence[watcher] = None
        watcher.tell(place)

    async def run(self) -> None:
        """Push until cancelled."""
        await asyncio.gather(self._push_changes(), self._push_the_old())

    async def _push_changes(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            fleets, self._moved = self._moved, set()
            retold, self._retold = self._retold, set()
            begun = self._loop.time()
            for fleet in fleets:
                await self._pass(list(self._fleets.get(fleet, ())), changed_only=fleet not in retold)
            took = self._loop.time() - begun
            await asyncio.sleep(min(LONGEST, max(SHORTEST, REST * took)))

    async def _pass(self, watchers: Sequence[Watcher], *, changed_only: bool) -> None:
        for at in range(0, len(watchers), SLICE):
            await self._look(watchers[at : at + SLICE], changed_only=changed_only)
            await asyncio.sleep(0)

    async def _push_the_old(self) -> None:
        while True:
            await asyncio.sleep(min(HEARTBEAT, self._notice / 4))
            before = self._loop.time() - self._notice
            while old := self._told_before(before):
                await self._look(old, changed_only=False)
                await asyncio.sleep(0)

    def _told_before(self, when: float) -> list[Watcher]:
        return [watcher for watcher in islice(self._by_silence, SLICE) if watcher.told_at <= when]

    async def _look(self, watchers: Sequence[Watcher], *, changed_only: bool) -> None:
        places = {
            place.session: place
            for place in await self._store.places([watcher.session for watcher in watchers])
        }
        for watcher in watchers:
            place = places.get(watcher.session)
            if watcher not in self._by_silence:
                continue
            if place is None or place.state is not SessionState.WAITING:
                watcher.told_at = self._loop.time()  # what comes next is told by whatever brings it about
                self._by_silence.pop(watcher)
                self._by_silence[watcher] = None
            elif place.position != watcher.told or not changed_only:
                self.tell(watcher, place)
