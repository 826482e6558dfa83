"""The size of a fleet is the same at every replica, and what it has cost is not forgotten with the store."""

from __future__ import annotations

import asyncio
from pathlib import Path

from pixelstream.matchmaking.books import Rules
from pixelstream.matchmaking.model import Known
from pixelstream.matchmaking.room import Room
from pixelstream.matchmaking.scaling.policy import Budget, Row, Size, Sizing
from pixelstream.protocol.control import SeatState
from pixelstream.store.base import Store
from pixelstream.store.looks import Looks
from pixelstream.store.valkey import ValkeyStore
from tests.support.script import Script
from tests.support.sockets import DEADLINE
from tests.support.stores import replicas, state
from tests.support.valkeyserver import ValkeyServer, valkey_server

HOURS = 1e6
SIZES = {
    "default": Sizing(
        percent=50,
        schedule=(Row("* * * * *", 2),),
        budget=Budget(gpu_hours=HOURS, schedule=(Row("* * * * *", 4),)),
        gpus=4000.0,  # so that seconds count
        scaled=True,
    )
}


async def size(store: Store) -> Size:
    (fleet,) = await store.fleets()
    return fleet.size


def spent(found: Size) -> float:
    assert found.gpu_hours_left is not None
    return HOURS - found.gpu_hours_left


async def until_spent(store: ValkeyStore, hours: float) -> Size:
    """Wait until the fleet has cost so many GPU-hours."""
    async with asyncio.timeout(DEADLINE):
        while not await store.fleets() or spent(await size(store)) < hours:  # noqa: ASYNC110 - time tells nobody
            await asyncio.sleep(0.01)
    return await size(store)


async def test_every_replica_wants_the_same_number_of_streams(valkey: ValkeyServer) -> None:
    async with replicas(valkey.url, 2, sizes=SIZES) as [(a, _), (b, _)]:
        await a.discover({"s": Known("default")})
        await b.report(7, state(1, ("seated", SeatState.CONNECTED, 1)))
        for n in range(5):
            await (a, b)[n % 2].join(f"p{n}", "default")
        await until_spent(a, 0.5)
        one, other = await size(a), await size(b)
        assert (one.wanted, one.buffer, one.cap, one.capped) == (4, 2, 4, True)
        assert (other.wanted, other.buffer, other.cap, other.capped) == (4, 2, 4, True)
        books = [store._follower.machine.room for store in (a, b)]
        assert all(room is not None for room in books)
        ledgers = [room.books.fleets["default"].ledger for room in books if room]
        assert ledgers[0].quarters == ledgers[1].quarters


async def test_what_a_fleet_has_cost_outlives_the_store(tmp_path: Path) -> None:
    with valkey_server(tmp_path) as server:
        async with replicas(server.url, 2, sizes=SIZES) as [(a, _), (b, _)]:
            await a.discover({"s": Known("default"), "t": Known("default")})
            before = spent(await until_spent(b, 1.0))
            server.kill()
            async with asyncio.timeout(DEADLINE):
                while a.connected or b.connected:  # noqa: ASYNC110 - the store tells nobody
                    await asyncio.sleep(0.01)
            server.start()
            await a.ready()
            await b.ready()
            for store in (a, b):
                assert spent(await size(store)) >= before


def test_looking_changes_nothing_that_replicas_must_agree_on() -> None:
    quiet, watched = (Room(Rules(sizes=SIZES), 0.0) for _ in range(2))
    clock = 0.0
    looks = Looks(watched, lambda: clock)
    for step in range(40):
        clock = step * 100.0
        streams = {str(n): Known("default") for n in range(step % 7)}
        for room in (quiet, watched):
            room.discover(streams, clock)
        clock += 50.0
        looks.fleets()
    assert quiet.books.fleets["default"].ledger == watched.books.fleets["default"].ledger


def test_streams_cost_from_the_moment_that_discovery_sees_them_until_it_does_no_more() -> None:
    script = Script((), sizes=SIZES)
    ledger = script.room.books.fleets["default"].ledger
    script.room.discover({"s": Known("default", offered=False)}, 100.0)
    script.room.discover({"s": Known("default")}, 160.0)
    script.room.discover({}, 200.0)
    assert ledger.since(0.0, 500.0) == 100.0
