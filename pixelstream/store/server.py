"""The Valkey or Redis behind a shared room: three commands on its log.

The log of a room is one stream; what the server appends is what happened, in that order, at that time.
The trap: a server that was restarted, flushed or replaced by its stand-in may have lost the end of the
log without a word, so a room belongs to one run of one server, and every append checks both.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import orjson
from valkey.asyncio.cluster import ValkeyCluster

from pixelstream.store.clients import BLOCK, Address, connect
from pixelstream.store.holding import LAW

MAX_LOG = 20_000
"""Entries kept; a replica that is further behind begins anew."""
MAX_REPLAY = 1000
"""Entries that a newcomer reads to catch up; in an older room all gather again."""
KEPT = 3600
"""Seconds that the log of a room without members stays."""

_RUN = "local run = string.match(redis.call('INFO', 'server'), 'run_id:(%w+)')\n"

_OPEN = (
    _RUN
    + """
local held = redis.call('HMGET', KEYS[1], 'id', 'run', 'n')
local time = redis.call('TIME')
local now = time[1] .. '.' .. string.format('%06d', time[2])
if held[1] and held[2] == run and (held[1] == ARGV[2] or tonumber(held[3]) <= tonumber(ARGV[3])) then
  return {held[1], now}
end
if held[1] then
  local old = KEYS[1] .. ':log:' .. held[1]
  redis.call('XADD', old, '*', 'n', 0, 'o', '', 's', 0, 'e', '[]')  -- wakes those who read it
  redis.call('EXPIRE', old, 60)
end
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'id', ARGV[1], 'run', run, 'n', 0)
return {ARGV[1], now}
"""
)
_APPEND = (
    _RUN
    + """
local held = redis.call('HMGET', KEYS[1], 'id', 'run')
if held[1] ~= ARGV[1] or held[2] ~= run then return 0 end
local n = redis.call('HINCRBY', KEYS[1], 'n', 1)
local log = KEYS[1] .. ':log:' .. ARGV[1]
redis.call('XADD', log, 'MAXLEN', '~', ARGV[2], '*', 'n', n, 'o', ARGV[3], 's', ARGV[4], 'e', ARGV[5])
if n % 100 == 1 then
  redis.call('EXPIRE', log, ARGV[6])
  redis.call('EXPIRE', KEYS[1], ARGV[6])
end
return n
"""
)


class LostError(Exception):
    """The room that was followed is no more, or its log has a gap."""


class Entry(NamedTuple):
    """Events of one replica, which happened together.

    Attributes:
        number: of the entry in its log, from 1.
        first: the origin's own number of the first event.
    """

    id: str
    number: int
    now: float
    origin: str
    first: int
    events: Sequence[Sequence[Any]]


class Server:
    """One connection to write, one to read."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self._clients = connect(address)
        self._client = self._clients[0]
        # One hash tag: in a cluster all keys of a room must be on one node.
        self._room = f"{{{address.prefix}}}:room:{LAW}"

    async def close(self) -> None:
        """Let go of the connections."""
        for client in self._clients:
            if isinstance(client, ValkeyCluster):
                await client.aclose()
            else:
                await client.aclose(close_connection_pool=True)

    async def open(self, candidate: str, followed: str) -> tuple[str, float]:
        """Return the id of the room and the server's time, in seconds.

        The room is the one that is `followed` or young, else a new one, `candidate`.
        """
        room, now = await self._client.eval(_OPEN, 1, self._room, candidate, followed, str(MAX_REPLAY))
        return _text(room), float(now)

    async def append(self, room: str, origin: str, first: int, events: Sequence[Any]) -> None:
        """Write events at the end of the log.

        Raises:
            LostError: the room is no more.
        """
        data = orjson.dumps(list(events))
        if not await self._client.eval(
            _APPEND, 1, self._room, room, str(MAX_LOG), origin, str(first), data, str(KEPT)
        ):
            raise LostError("the room was made anew")

    async def read(self, room: str, after: str) -> list[Entry]:
        """Return what stands in the log behind the entry `after`; waits a moment if there is nothing."""
        log = f"{self._room}:log:{room}"
        found = await self._client.xread({log: after}, count=256, block=BLOCK)
        if not found:
            return []
        entries = next(iter(found.values())) if isinstance(found, dict) else found[0][1]
        if entries and isinstance(entries[0], list) and entries[0] and isinstance(entries[0][0], list):
            entries = entries[0]
        return [_entry(_text(name), fields) for name, fields in entries]


def _entry(name: str, fields: dict[bytes, bytes]) -> Entry:
    milliseconds, _, nth = name.partition("-")
    return Entry(
        name,
        int(fields[b"n"]),
        int(milliseconds) / 1000 + int(nth) * 1e-6,  # no two at the same time: it orders lines made anew
        fields[b"o"].decode(),
        int(fields[b"s"]),
        orjson.loads(fields[b"e"]),
    )


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value
