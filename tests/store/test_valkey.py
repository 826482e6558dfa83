"""The shared store: one line for all replicas, effects where they belong, and no loss that costs a place."""

from __future__ import annotations

import asyncio
import random
import secrets
from pathlib import Path
from typing import Any

import pytest
from valkey.asyncio import Valkey

from pixelstream.matchmaking.books import Rules
from pixelstream.matchmaking.effects import AskSeat, FreeSeat, Matched, Released, Returned
from pixelstream.matchmaking.model import JoinRefusal, Known, SessionState, Way
from pixelstream.protocol.control import EndedReason, SeatState
from pixelstream.store.base import Store
from pixelstream.store.memory import MemoryStore
from pixelstream.store.valkey import ValkeyStore
from tests.support.sockets import DEADLINE
from tests.support.stores import Sink, replicas, state
from tests.support.valkeyserver import ValkeyServer, valkey_server

STREAM = {"s": Known("default")}


async def names(store: Store) -> list[str]:
    return [place.session for place in await store.queue(1000)]


async def seats(store: Store) -> list[str]:
    return [seat.session for stream in await store.streams() for seat in stream.sessions]


async def until_line(store: ValkeyStore, *wanted: str) -> None:
    """Wait until just these wait, in this order."""
    async with asyncio.timeout(DEADLINE):
        while await names(store) != list(wanted):  # noqa: ASYNC110 - the store tells nobody
            await asyncio.sleep(0.01)


async def gone(store: ValkeyStore) -> None:
    async with asyncio.timeout(DEADLINE):
        while store.connected:  # noqa: ASYNC110 - the store tells nobody
            await asyncio.sleep(0.01)


async def test_players_of_all_replicas_stand_in_one_line(valkey: ValkeyServer) -> None:
    async with replicas(valkey.url, 3) as found:
        stores = [store for store, _ in found]
        for n in range(9):
            assert await stores[n % 3].join(f"p{n}", "default") is None
        for store in stores:
            await until_line(store, *(f"p{n}" for n in range(9)))
        await stores[0].leave("p0")
        async with asyncio.timeout(1.0):
            await until_line(stores[1], *(f"p{n}" for n in range(1, 9)))


async def test_a_claim_goes_to_the_link_and_the_match_to_the_player_wherever_they_are(
    valkey: ValkeyServer,
) -> None:
    async with replicas(valkey.url, 2) as [(a, told_a), (b, told_b)]:
        await b.discover(STREAM)
        await a.join("p", "default")
        await b.report(7, state(1))
        asked = await told_b.of(AskSeat)
        assert (asked.link, asked.session) == (7, "p")
        await b.granted(7, "p", asked.fence)
        matched = await told_a.of(Matched)
        assert (matched.stream, matched.fence) == ("s", asked.fence)
        await a.hand("p")
        await b.report(7, state(2, ("p", SeatState.CONNECTED, asked.fence)))
        await b.ended(7, "p", EndedReason.LEFT, 5.0)
        assert (await told_a.of(Released)).seconds == 5.0
        assert not told_a.all(AskSeat)
        assert not told_b.all(Matched)
        assert not told_b.all(Released)


async def test_a_rest_session_is_served_by_every_replica(valkey: ValkeyServer) -> None:
    async with replicas(valkey.url, 2) as [(a, _), (b, _)]:
        await a.join("p", "default", way=Way.REMOTE)
        await until_line(b, "p")
        assert await b.end("p")
        place = await b.place("p")
        assert place
        assert place.state is SessionState.RELEASED


async def test_a_replica_that_goes_takes_its_players_along_at_once(valkey: ValkeyServer) -> None:
    prefix = secrets.token_hex(4)
    async with replicas(valkey.url, 1, prefix=prefix) as [(a, _)]:
        await a.join("first", "default")
        async with replicas(valkey.url, 1, prefix=prefix) as [(b, _)]:
            await b.join("second", "default")
            await until_line(a, "first", "second")
        await until_line(a, "first")


async def test_a_dead_replicas_players_leave_the_line_when_it_has_been_silent(valkey: ValkeyServer) -> None:
    async with replicas(valkey.url, 2, presence=2.0) as [(a, _), (b, sink)]:
        await a.discover(STREAM)
        await a.report(0, state(1))
        await a.join("ghost", "default")
        await until_line(b)  # it is claimed
        await a.join("ghost-too", "default")
        await b.join("p", "default")
        a._follower._task.cancel()
        await until_line(b, "p")
        await b.discover(STREAM)
        await b.report(3, state(1, epoch="again"))
        assert (await sink.of(AskSeat)).session == "p"


async def test_one_that_was_taken_for_dead_comes_back_with_all_it_has(
    valkey: ValkeyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with replicas(valkey.url, 2, presence=2.0) as [(a, told), (b, _)]:
        await a.join("first", "default")
        await b.join("second", "default")
        say = a._follower.post
        monkeypatch.setattr(a._follower, "post", lambda *event: say(*event) if event[0] == "enter" else -1)
        first = a._follower._entering
        async with asyncio.timeout(DEADLINE):
            while a._follower._entering == first:  # noqa: ASYNC110 - it tells nobody
                await asyncio.sleep(0.01)
        monkeypatch.undo()
        await until_line(b, "first", "second")
        assert told.all(Released) == []
        await a.leave("first")
        await until_line(b, "second")


async def test_after_a_restart_that_lost_all_everybody_is_back_at_the_old_place(tmp_path: Path) -> None:
    with valkey_server(tmp_path) as server:
        async with replicas(server.url, 2) as [(a, told_a), (b, told_b)]:
            for n in range(6):
                await (a, b)[n % 2].join(f"p{n}", "default")
            server.kill()
            await gone(a)
            await gone(b)
            assert await a.join("late", "default") is None
            assert await a.join("rest", "default", way=Way.REMOTE) is JoinRefusal.UNAVAILABLE
            assert not await a.end("p0")
            await b.leave("p3")
            server.start()
            wanted = ["p0", "p1", "p2", "p4", "p5", "late"]
            await until_line(a, *wanted)
            await until_line(b, *wanted)
            assert await told_a.of(Returned) == Returned("late")
            await b.discover(STREAM)
            await b.report(0, state(1))
            assert (await told_b.of(AskSeat)).session == "p0"


async def test_sessions_on_seats_outlive_the_store(tmp_path: Path) -> None:
    with valkey_server(tmp_path) as server:
        async with replicas(server.url, 2) as [(a, told_a), (b, told_b)]:
            await b.discover(STREAM)
            await b.report(0, state(1, seats=2))
            for name in ("played", "reserved"):
                await a.join(name, "default")
            fences = {ask.session: ask.fence for ask in [await told_b.of(AskSeat, n) for n in (0, 1)]}
            for name, fence in fences.items():
                await b.granted(0, name, fence)
            await told_a.of(Matched, 1)
            await a.hand("played")
            held = [
                ("played", SeatState.CONNECTED, fences["played"]),
                ("reserved", SeatState.RESERVED, fences["reserved"]),
            ]
            await b.report(0, state(2, *held, seats=2))
            await a.streams()
            server.kill()
            await gone(a)
            await gone(b)
            server.start()
            async with asyncio.timeout(DEADLINE):
                await a.ready()
                await b.ready()
            assert await seats(a) == await seats(b) == list(fences)
            assert not told_b.all(FreeSeat)
            await a.hand("reserved")
            await a.streams()
            await b.ended(0, "played", EndedReason.LEFT, 3.0)
            await b.ended(0, "reserved", EndedReason.LEFT, 3.0)
            await told_a.until(lambda sink: "reserved" in [gone.session for gone in sink.all(Released)])


async def test_a_log_that_was_flushed_is_made_again_of_what_replicas_and_streams_hold(tmp_path: Path) -> None:
    with valkey_server(tmp_path) as server:
        async with replicas(server.url, 2) as [(a, told_a), (b, told_b)]:
            await b.discover(STREAM)
            await b.report(0, state(1))
            await a.join("playing", "default")
            fence = (await told_b.of(AskSeat)).fence
            await b.granted(0, "playing", fence)
            await told_a.of(Matched)
            await a.hand("playing")
            await b.report(0, state(2, ("playing", SeatState.CONNECTED, fence)))
            for n in range(4):
                await (a, b)[n % 2].join(f"p{n}", "default")
            client: Any = Valkey(unix_socket_path=str(server.socket))
            async with client:
                await client.flushall()
            await gone(a)
            await gone(b)
            for store in (a, b):
                await until_line(store, "p0", "p1", "p2", "p3")
                assert await seats(store) == ["playing"]
            assert not told_a.all(Released)
            assert not told_b.all(FreeSeat)


async def test_a_server_that_hangs_is_left_and_found_again(tmp_path: Path) -> None:
    with valkey_server(tmp_path) as server:
        async with replicas(server.url, 2) as [(a, told), (b, _)]:
            await a.join("first", "default")
            await b.join("second", "default")
            server.freeze()
            await gone(a)
            await gone(b)
            assert (a.sharing.up, a.sharing.met) == (False, True)
            assert await a.join("third", "default") is None
            server.thaw()
            await until_line(b, "first", "second", "third")
            assert a.connected
            assert not told.all(Released)


async def test_each_tells_how_it_stands_to_the_others(valkey: ValkeyServer) -> None:
    async with replicas(valkey.url, 3) as found:
        for store, _ in found:
            async with asyncio.timeout(DEADLINE):
                while store.sharing.replicas != 3:  # noqa: ASYNC110 - the store tells nobody
                    await asyncio.sleep(0.01)
            sharing = store.sharing
            assert sharing.up
            assert 0 <= sharing.lag < DEADLINE


async def test_places_told_to_a_player_come_within_a_second_of_a_change_at_any_replica(
    valkey: ValkeyServer,
) -> None:
    async with replicas(valkey.url, 3) as found:
        stores = [store for store, _ in found]
        for n in range(9):
            await stores[n % 3].join(f"p{n}", "default")
        await until_line(stores[2], *(f"p{n}" for n in range(9)))
        for n in range(8):
            await stores[n % 3].leave(f"p{n}")
            async with asyncio.timeout(1.0):
                while True:
                    (place,) = await stores[2].places(["p8"])
                    if place.position == 8 - n:
                        break
                    await asyncio.sleep(0.005)


async def test_any_moves_make_the_same_of_the_shared_store_as_of_the_one_in_memory(
    valkey: ValkeyServer,
) -> None:
    for seed in range(4):
        choice = random.Random(seed)
        async with replicas(valkey.url, 2) as found:
            one = MemoryStore(Rules())
            one.listen(alone := Sink())
            await _compare(choice, one, alone, found)
            await one.close()


async def _compare(
    choice: random.Random, one: MemoryStore, alone: Sink, found: list[tuple[ValkeyStore, Sink]]
) -> None:
    streams = {f"s{n}": Known("default") for n in range(3)}
    link_at, homes = found[1][0], dict[str, ValkeyStore]()
    for store in (one, link_at):
        await store.discover(streams)
        for n, name in enumerate(streams):
            await store.report(n, state(1, seats=2, stream=name))
    for n in range(40):
        name = f"p{choice.randrange(n + 1)}"
        move = choice.choice(["join", "join", "leave", "fail", "end"])
        at = found[choice.randrange(2)][0]
        if move == "join":
            assert await one.join(f"n{n}", "default") == await at.join(f"n{n}", "default")
            homes[f"n{n}"] = at
        elif move == "end":
            assert await one.end(name.replace("p", "n")) == await at.end(name.replace("p", "n"))
        else:
            at = homes.get(name.replace("p", "n"), at)
            for store in (one, at):
                await getattr(store, move)(name.replace("p", "n"))
        await at.streams()
        assert await names(at) == await names(one)
    mine, theirs = await one.streams(), await link_at.streams()
    assert [(s.id, s.state, s.taken, s.pending) for s in mine] == [
        (s.id, s.state, s.taken, s.pending) for s in theirs
    ]
    asked = [(ask.link, ask.session) for ask in found[1][1].all(AskSeat)]
    assert asked == [(ask.link, ask.session) for ask in alone.all(AskSeat)]
