"""Rows of sessions that are over, for whoever wants to count them: in memory, or beside a shared room.

Every replica of a shared room sees every session end, at the same time and in the same order; so each writes
all rows under the ids that follow from that, and the server keeps the first of each. That way none is lost
with a replica, and none is there twice. The trap: nothing waits for a row to be written, so while the server
is away they are kept in bounds, and beyond these the oldest are lost.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import orjson
import structlog

from pixelstream.matchmaking.model import ReleaseReason
from pixelstream.matchmaking.usage import Row, Wanted, order

MAX_WAITING = 10_000
"""Rows that may wait to be written."""
BATCH = 200
RETRY = 1.0
"""Seconds to the next attempt at a server that is away."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Retention:
    """How many rows are kept, and for how many seconds."""

    rows: int = 10_000
    seconds: float = 30 * 86_400.0
    users: bool = False


class UsageLog(Protocol):
    """Where rows are kept."""

    def add(self, row: Row) -> None:
        """Keep a row; it never blocks."""

    async def read(self, wanted: Wanted, now: float) -> list[Row]:
        """Return rows in the order of their ends, at most as many as are wanted.

        Raises:
            OSError: the shared store can't be reached.
        """

    async def close(self) -> None:
        """Let go of what is open."""


class MemoryUsage:
    """`UsageLog` in this process's memory; a restart forgets it."""

    def __init__(self, retention: Retention) -> None:
        self._retention = retention
        self._rows: deque[Row] = deque(maxlen=retention.rows)

    def add(self, row: Row) -> None:
        """See `UsageLog.add`."""
        self._rows.append(row)
        while self._rows[0].end < row.end - self._retention.seconds:
            self._rows.popleft()

    async def read(self, wanted: Wanted, now: float) -> list[Row]:
        """See `UsageLog.read`."""
        since = max(wanted.since, now - self._retention.seconds)
        until = wanted.until if wanted.until is not None else float("inf")
        after = order(wanted.after) if wanted.after else (-1, -1)
        found = (row for row in self._rows if since <= row.end < until and order(row.id) > after)
        return [row for row, _ in zip(found, range(wanted.limit), strict=False)]

    async def close(self) -> None:
        """See `UsageLog.close`."""


_ADD = """
for n = 3, #ARGV, 2 do
  local said = redis.pcall('XADD', KEYS[1], 'MAXLEN', '~', ARGV[1], ARGV[n], 'r', ARGV[n + 1])
  -- another replica was first: ids only grow
  if type(said) == 'table' and said.err and not string.find(said.err, 'equal or smaller') then return said end
end
redis.call('XTRIM', KEYS[1], 'MINID', '~', ARGV[2])
return 1
"""


class SharedUsage:
    """`UsageLog` in a capped stream of the server that the room is on.

    Args:
        clients: of the server, as `pixelstream.store.clients.connect` makes them; they are closed with this.
        prefix: of all keys.
        retention: the last replica to write decides.
        faults: what the client raises when the server is away.
        clock: the room's, in seconds since 1970.
    """

    def __init__(
        self,
        clients: Sequence[Any],
        prefix: str,
        retention: Retention,
        faults: tuple[type[Exception], ...],
        clock: Callable[[], float],
    ) -> None:
        self._clients, self._client = clients, clients[0]
        self._retention, self._clock = retention, clock
        self._faults: tuple[type[Exception], ...] = (TimeoutError, *faults)
        self._key = f"{{{prefix}}}:usage:1"
        self._waiting: deque[Row] = deque(maxlen=MAX_WAITING)
        self._lock = asyncio.Lock()
        self._more = asyncio.Event()
        self._told = self._closing = False
        self._task = asyncio.create_task(self._write())

    def add(self, row: Row) -> None:
        """See `UsageLog.add`."""
        self._waiting.append(row)
        self._more.set()

    async def read(self, wanted: Wanted, now: float) -> list[Row]:
        """See `UsageLog.read`; what this replica has seen end is among them."""
        first = f"{int(max(wanted.since, now - self._retention.seconds, 0.0) * 1000)}-0"
        if wanted.after and order(wanted.after) >= order(first):
            milliseconds, number = order(wanted.after)
            first = f"{milliseconds}-{number + 1}"
        last = "+" if wanted.until is None else str(int(wanted.until * 1000) - 1)
        try:
            await self._flush()
            found = await self._client.xrange(self._key, first, last, count=wanted.limit)
        except self._faults as error:
            raise OSError("the shared store can't be reached") from error
        return [_row(name, fields) for name, fields in found]

    async def close(self) -> None:
        """See `UsageLog.close`; rows that could not be written are lost here, and written by the others."""
        self._closing = True  # the client has been seen to swallow a cancellation
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        try:
            async with asyncio.timeout(RETRY):
                await self._flush()
        except self._faults:
            log.warning("rows of usage not written", rows=len(self._waiting))
        for client in self._clients:
            pooled = getattr(client, "connection_pool", None) is not None  # a cluster's client has none
            await (client.aclose(close_connection_pool=True) if pooled else client.aclose())

    async def _write(self) -> None:
        while not self._closing:
            await self._more.wait()
            self._more.clear()
            try:
                await self._flush()
                self._told = False
            except self._faults as error:
                if not self._told:
                    self._told = True
                    log.warning("rows of usage wait", cause=str(error) or type(error).__name__)
                self._more.set()
                await asyncio.sleep(RETRY)

    async def _flush(self) -> None:
        async with self._lock:
            while self._waiting:
                batch = [self._waiting[n] for n in range(min(BATCH, len(self._waiting)))]
                oldest = f"{int(max(0.0, self._clock() - self._retention.seconds) * 1000)}-0"
                args = [word for row in batch for word in (row.id, orjson.dumps(list(row[1:])))]
                await self._client.eval(_ADD, 1, self._key, str(self._retention.rows), oldest, *args)
                written = {row.id for row in batch}
                while self._waiting and self._waiting[0].id in written:
                    self._waiting.popleft()


def _row(name: bytes | str, fields: Any) -> Row:
    text = name.decode() if isinstance(name, bytes) else name
    session, fleet, start, end, waited, seconds, reason, user, *_ = orjson.loads(fields[b"r"])
    return Row(text, session, fleet, start, end, waited, seconds, ReleaseReason(reason), user)
