"""Rows of usage: bounded, in order, paged; and with a shared store the same at every replica, each once."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest
from valkey.exceptions import ValkeyError

from pixelstream.matchmaking.model import ReleaseReason
from pixelstream.matchmaking.usage import Row, Wanted
from pixelstream.store.clients import Address, connect
from pixelstream.store.usage import MemoryUsage, Retention, SharedUsage, UsageLog
from tests.support.sockets import DEADLINE
from tests.support.valkeyserver import ValkeyServer, valkey_server

START = 1_700_000_000.0
NOW = START + 1000.0

Make = Callable[..., Awaitable[UsageLog]]


def row(n: int) -> Row:
    end = START + n
    return Row(
        f"{int(end * 1000)}-0", f"v-{n}", "default", end - 60, end, 1.5, 50.0, ReleaseReason.LEFT, None
    )


def names(rows: list[Row]) -> list[str]:
    return [row.session for row in rows]


def shared(server: ValkeyServer, prefix: str, retention: Retention) -> SharedUsage:
    clients = connect(Address(url=server.url))
    return SharedUsage(clients, prefix, retention, (ValkeyError, OSError), lambda: NOW)


@pytest.fixture(params=["memory", "shared"])
async def make(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Make]:
    async with AsyncExitStack() as stack:
        server = stack.enter_context(valkey_server(tmp_path)) if request.param == "shared" else None

        async def make(**retention: float) -> UsageLog:
            kept = Retention(**retention)  # type: ignore[arg-type]
            log = shared(server, secrets.token_hex(4), kept) if server else MemoryUsage(kept)
            stack.push_async_callback(log.close)
            return log

        yield make


async def test_rows_come_back_as_they_were_in_the_order_of_their_ends(make: Make) -> None:
    log = await make()
    rows = [row(n) for n in range(10)]
    for one in rows:
        log.add(one)
    assert await log.read(Wanted(0.0), NOW) == rows


async def test_since_and_until_are_bounds_of_ends(make: Make) -> None:
    log = await make()
    for n in range(10):
        log.add(row(n))
    found = await log.read(Wanted(START + 3, START + 6), NOW)
    assert names(found) == ["v-3", "v-4", "v-5"]


async def test_pages_follow_each_other_without_gap_and_double(make: Make) -> None:
    log = await make()
    for n in range(25):
        log.add(row(n))
    seen: list[str] = []
    after = None
    while found := await log.read(Wanted(0.0, None, after, 7), NOW):
        seen += names(found)
        after = found[-1].id
    assert seen == [f"v-{n}" for n in range(25)]


async def test_what_is_too_old_is_not_told(make: Make) -> None:
    log = await make(seconds=500)
    for n in (0, 400, 600, 900):
        log.add(row(n))
    assert names(await log.read(Wanted(0.0), NOW)) == ["v-600", "v-900"]


async def test_no_more_is_kept_than_is_allowed_for(make: Make) -> None:
    log = await make(rows=200)
    for n in range(1000):
        log.add(row(n))
    found = names(await log.read(Wanted(0.0, None, None, 10_000), NOW))
    assert found[-200:] == [f"v-{n}" for n in range(800, 1000)]
    assert len(found) <= 400  # a server trims its stream by whole blocks


async def test_an_empty_log_has_no_rows(make: Make) -> None:
    assert await (await make()).read(Wanted(0.0), NOW) == []


@asynccontextmanager
async def two(folder: Path) -> AsyncIterator[tuple[SharedUsage, SharedUsage, ValkeyServer]]:
    with valkey_server(folder) as server:
        prefix = secrets.token_hex(4)
        one, other = (shared(server, prefix, Retention()) for _ in range(2))
        try:
            yield one, other, server
        finally:
            await one.close()
            await other.close()


async def test_what_all_replicas_write_is_there_once_whoever_was_first(tmp_path: Path) -> None:
    async with two(tmp_path) as (one, other, _):
        for n in range(50):
            (one if n % 3 else other).add(row(n))
        await one.read(Wanted(0.0), NOW)
        for n in range(50):
            other.add(row(n))
        assert names(await other.read(Wanted(0.0), NOW)) == names(await one.read(Wanted(0.0), NOW))
        found = names(await one.read(Wanted(0.0), NOW))
        assert len(found) == len(set(found))


async def test_rows_wait_for_a_server_that_is_away(tmp_path: Path) -> None:
    async with two(tmp_path) as (one, other, server):
        server.kill()
        one.add(row(1))
        with pytest.raises(OSError, match="can't be reached"):
            await one.read(Wanted(0.0), NOW)
        server.start()
        async with asyncio.timeout(DEADLINE):
            while names(await readable(other)) != ["v-1"]:  # noqa: ASYNC110 - another's writing can only be looked at
                await asyncio.sleep(0.05)


async def readable(log: SharedUsage) -> list[Row]:
    try:
        return await log.read(Wanted(0.0), NOW)
    except OSError:
        return []
