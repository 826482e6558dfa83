"""Following the log of a shared room: entering, writing, reading, and beginning again after a loss.

Two tasks on two connections: one writes what was posted, in batches, the other reads what happened,
this replica's own events among it. Any fault ends both; then the replica opens the room again and
enters with all that it holds. The trap: what was posted before it entered is dropped, never kept,
because entering says everything; so there is nothing that could pile up while the server is away.
"""

from __future__ import annotations

import asyncio
import random
import secrets
import time
from collections.abc import Callable
from typing import Any

import structlog
from valkey.exceptions import ValkeyError

from pixelstream.errors import SettingsError
from pixelstream.matchmaking.model import Session
from pixelstream.store.base import StoreWatcher
from pixelstream.store.clients import Address
from pixelstream.store.holding import Holding, write_holding, write_rules
from pixelstream.store.looks import Looks
from pixelstream.store.machine import Machine, Told
from pixelstream.store.server import Entry, LostError, Server

BATCH = 256
"""Events of one entry."""
MAX_POSTED = 50_000
"""Events that may wait to be written; beyond it the replica enters anew."""
BEAT = 1.0
MARGIN = 0.003
"""Seconds after a deadline; the log's times are whole milliseconds."""
FIRST_PAUSE, LONGEST_PAUSE = 0.05, 1.0
"""Seconds between two attempts to reach the server."""
SETTLE = 2.0
"""Seconds that a look waits for the moves before it."""

log = structlog.get_logger(__name__)


class Follower:
    """One replica's copy of the room.

    Args:
        me: the replica's name; no other may ever have it.
        address: of the server; asked anew for each stay.
        holding: what it enters with; the owner keeps it up to date.
        told: takes each effect of the room.
        entered: called whenever the replica has entered.

    Attributes:
        machine: the copy; as old as the last entry that was read.
        looks: views of it; None until the room was entered once.
        entered: whether the replica is in the room now.
        watchers: are told of entering, of losses and of round trips.
    """

    def __init__(
        self,
        me: str,
        address: Callable[[], Address],
        holding: Holding,
        *,
        told: Callable[[Told], None],
        entered: Callable[[], None],
    ) -> None:
        self.me = me
        self.machine = Machine()
        self.looks: Looks | None = None
        self.entered = False
        self._address, self._holding = address, holding
        self._tell, self._on_entered = told, entered
        self._loop = asyncio.get_running_loop()
        self._room, self._at, self._number = "", "0-0", 0
        self._posted: list[tuple[Any, ...]] = []
        self._more = asyncio.Event()
        self._stay = asyncio.Event()
        self._writing = False
        self._next = self._first = self._entering = 0
        self._answers: dict[int, asyncio.Future[Any]] = {}
        self._changed = asyncio.Event()
        self._clock: tuple[float, float] | None = None
        self._sent: dict[int, float] = {}
        self._lag = 0.0
        self._up = self._departing = False
        self._epoch = time.time() - self._loop.time()
        self.watchers: list[StoreWatcher] = []
        self._timer: asyncio.TimerHandle | None = None
        self._task = asyncio.create_task(self._run())

    async def close(self) -> None:
        """Stop following; what was posted last may be lost."""
        if self.entered:
            self.post("depart")  # so that nobody has to wait for our silence
            self._departing, self.entered = True, False
            await self.settle()
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        self._down()

    def now(self) -> float:
        """Return the time of the room, in seconds; this machine's own as long as nothing was read."""
        if self._clock is None:
            return self._epoch + self._loop.time()
        then, at = self._clock
        return then + self._loop.time() - at

    @property
    def lag(self) -> float:
        """Seconds from writing an event to reading it back, the last time or this time."""
        oldest = next(iter(self._sent.values()), None)
        return self._lag if oldest is None else max(self._lag, self._loop.time() - oldest)

    def session(self, name: str) -> Session | None:
        """Return a session of the copy."""
        return self.machine.room.session(name) if self.machine.room else None

    def post(self, *event: Any) -> int:
        """Write an event behind those that were posted before; return its number, -1 if it was dropped."""
        if not self._writing:
            return -1
        if len(self._posted) >= MAX_POSTED:
            self._choked()
            return -1
        self._posted.append(event)
        self._more.set()
        self._next += 1
        return self._next - 1

    def _choked(self) -> None:
        """Let the stay end: the server takes less than is posted, and entering says it all in one."""
        log.warning("shared store too slow", posted=len(self._posted))
        self._down()
        self._stay.set()

    def ask(self, *event: Any) -> asyncio.Future[Any]:
        """Write an event; what is returned gives what came of it, None if the room was lost first."""
        number, answer = self.post(*event), self._loop.create_future()
        if number < 0:
            answer.set_result(None)
        else:
            self._answers[number] = answer
        return answer

    async def settle(self) -> None:
        """Wait until all that was posted is carried out, or the room is lost, or it takes too long."""
        wanted = self._next
        if not self._writing or self._first >= wanted:
            return
        try:
            async with asyncio.timeout(SETTLE):
                while self._writing and self._first < wanted:
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            return

    async def ready(self) -> None:
        """Wait until the room is entered and has begun."""
        while not (self.entered and self.machine.begins is None):
            self._changed.clear()
            await self._changed.wait()

    # --- one stay in the room ----------------------------------------------------------------

    async def _run(self) -> None:
        pause = FIRST_PAUSE
        while True:
            try:
                await self._follow()
            except (ValkeyError, OSError, TimeoutError, LostError, SettingsError) as error:
                log.warning("shared store lost", cause=str(error) or type(error).__name__)
            except Exception:
                log.exception("shared store not understood")
                self._room = ""
            pause = FIRST_PAUSE if self.entered else min(LONGEST_PAUSE, 2 * pause)
            self._down()
            await asyncio.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311 - spreads the replicas

    async def _follow(self) -> None:
        server = Server(self._address())
        try:
            room, now = await server.open(secrets.token_hex(8), self._room)
            self._learn(now)
            if room != self._room:
                self._room, self._at, self._number = room, "0-0", 0
                self._holding.spent = self.machine.spent() or self._holding.spent
                self.machine = Machine()
            self._enter()
            self._stay.clear()
            jobs = (self._write(server), self._read(server), self._beat(), self._stay.wait())
            tasks = [asyncio.create_task(job) for job in jobs]
            try:
                done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    task.result()
            finally:
                self._stay.set()  # the client has been seen to swallow a cancellation
                for task in tasks:
                    task.cancel()
                await server.close()
                await asyncio.gather(*tasks, return_exceptions=True)
        finally:
            await server.close()

    def _learn(self, now: float) -> None:
        """Go by the server's clock; what was noted by this machine's own is moved to it."""
        if self._clock is None:
            ahead = now - self.now()
            for visit in self._holding.visits.values():
                visit.joined, visit.came = visit.joined + ahead, visit.came + ahead
            since = self._holding.since
            since.update({link: at + ahead for link, at in since.items()})
        self._clock = (now, self._loop.time())

    def _enter(self) -> None:
        self._writing, self.entered = True, False
        self._entering = self.post("enter", write_holding(self._holding))

    def _down(self) -> None:
        self._writing = self.entered = False
        self._posted.clear()
        self._sent.clear()
        self._say(up=False)
        if self._timer is not None:
            self._timer.cancel()
        answers, self._answers = self._answers, {}
        for answer in answers.values():
            if not answer.done():
                answer.set_result(None)
        self._changed.set()

    def _say(self, *, up: bool) -> None:
        told, self._up = self._up, up
        for watcher in self.watchers if up is not told and not self._departing else ():
            watcher.changed(up=up)

    async def _write(self, server: Server) -> None:
        while not self._stay.is_set():
            await self._more.wait()
            self._more.clear()
            while self._posted and not self._stay.is_set():
                batch = self._posted[:BATCH]
                del self._posted[:BATCH]
                first = self._next - len(self._posted) - len(batch)
                began = self._sent[first] = self._loop.time()
                await server.append(self._room, self.me, first, batch)
                for watcher in self.watchers:
                    watcher.round_trip(self._loop.time() - began)

    async def _beat(self) -> None:
        """Show that this replica lives, and what its settings say now."""
        said = write_rules(self._holding.rules)
        while True:
            await asyncio.sleep(BEAT)
            rules = write_rules(self._holding.rules)
            if rules != said:
                self.post("rules", rules)
                said = rules
            self.post("beat")

    async def _read(self, server: Server) -> None:
        heard = self._loop.time()
        while not self._stay.is_set():
            entries = await server.read(self._room, self._at)
            if entries:
                heard = self._loop.time()
            elif self._loop.time() - heard > self._holding.presence:
                raise LostError("the log is silent")
            for entry in entries:
                self._take(entry)
            self._set_timer()
            if len(entries) > 1:
                await asyncio.sleep(0)

    # --- what happened -------------------------------------------------------------------------

    def _take(self, entry: Entry) -> None:
        if entry.number != self._number + 1:
            self._room = ""
            raise LostError("the room was made anew, or its log has a gap")
        self._at, self._number = entry.id, entry.number
        self._clock = (entry.now, self._loop.time())
        results, told = self.machine.apply(entry.now, entry.origin, entry.first, entry.events)
        if self.looks is None or self.looks.room is not self.machine.room:
            self.looks = Looks(self.machine.room, self.now) if self.machine.room else None
        for one in told:
            self._tell(one)
        if entry.origin == self.me:
            self._own(entry, results)
        elif self.entered and self.me not in self.machine.members:
            log.warning("taken for dead")
            self._enter()
        self._changed.set()

    def _own(self, entry: Entry, results: list[Any]) -> None:
        if (sent := self._sent.pop(entry.first, None)) is not None:
            self._lag = self._loop.time() - sent
        for number, result in enumerate(results, entry.first):
            answer = self._answers.pop(number, None)
            if answer is not None and not answer.done():
                answer.set_result(result)
        self._first = max(self._first, entry.first + len(results))
        back = self._first > self._entering and self.me in self.machine.members
        if back and not self.entered and not self._departing:
            self.entered = True
            log.info("in the shared room", members=len(self.machine.members))
            self._on_entered()
            self._say(up=True)

    def _set_timer(self) -> None:
        """Write something when time has something to do."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        due = self.machine.deadline()
        if due is not None and self.entered:
            self._timer = self._loop.call_later(max(0.0, due - self.now()) + MARGIN, self.post, "beat")
