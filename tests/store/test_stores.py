"""What every store must do: moves with a clock, effects in order, deadlines by themselves."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest

from pixelstream.matchmaking.books import Rules
from pixelstream.matchmaking.effects import AskSeat, Effect, Matched, Released, Returned
from pixelstream.matchmaking.model import JoinRefusal, Known, ReleaseReason, SessionState, Way
from pixelstream.protocol.control import EndedReason, RefusedReason, SeatState, State
from pixelstream.store.base import Store
from pixelstream.store.memory import MemoryStore
from tests.support.stores import Sink, replicas, state
from tests.support.valkeyserver import ValkeyServer

Opened = Callable[..., AbstractAsyncContextManager[tuple[Store, Sink]]]


@asynccontextmanager
async def _memory(**rules: object) -> AsyncIterator[tuple[Store, Sink]]:
    store = MemoryStore(Rules(**rules))  # type: ignore[arg-type]
    sink = Sink()
    store.listen(sink)
    await store.discover({"s": Known("default")})
    try:
        yield store, sink
    finally:
        await store.close()


@pytest.fixture(params=["memory", "valkey"])
def opened(request: pytest.FixtureRequest) -> Opened:
    if request.param == "memory":
        return _memory
    server: ValkeyServer = request.getfixturevalue("valkey")

    @asynccontextmanager
    async def shared(**rules: object) -> AsyncIterator[tuple[Store, Sink]]:
        async with replicas(server.url, 1, **rules) as [(store, sink)]:  # type: ignore[arg-type]
            await store.discover({"s": Known("default")})
            yield store, sink

    return shared


async def test_a_session_goes_from_the_line_to_its_seat_and_ends(opened: Opened) -> None:
    async with opened() as (store, sink):
        assert await store.join("a", "default", way=Way.HANDOFF) is None
        assert [place.position for place in await store.queue(10)] == [1]
        await store.report(0, state(1))
        asked = await sink.of(AskSeat)
        assert asked == AskSeat(0, "a", asked.fence)
        await store.granted(0, "a", asked.fence)
        matched = await sink.of(Matched)
        assert (matched.stream, matched.fence) == ("s", asked.fence)
        await store.report(0, state(2, ("a", SeatState.CONNECTED, asked.fence)))
        place = await store.place("a")
        assert place
        assert (place.state, place.stream, place.position) == (SessionState.CONNECTED, "s", None)
        assert (await store.streams())[0].state == "taken"
        assert (await store.sessions())[SessionState.CONNECTED] == 1
        await store.ended(0, "a", EndedReason.IDLE, 9.0)
        place = await store.place("a")
        assert place
        assert place.reason is ReleaseReason.IDLE


async def test_deadlines_come_by_themselves(opened: Opened) -> None:
    async with opened(max_wait=0.05) as (store, sink):
        await store.join("a", "default")
        released = await sink.of(Released)
        assert released.reason is ReleaseReason.TIMED_OUT


async def test_an_earlier_deadline_moves_the_timer_forward(opened: Opened) -> None:
    async with opened(max_wait=3600.0, answer=0.05) as (store, sink):
        await store.join("a", "default")
        await store.report(0, state(1))
        assert await sink.of(Returned) == Returned("a")


async def test_what_else_a_store_can_be_told(opened: Opened) -> None:
    async with opened() as (store, sink):
        await store.report(0, state(1, seats=2))
        for name in "abc":
            await store.join(name, "default")
        await store.refused(0, "a", (await sink.of(AskSeat)).fence, RefusedReason.FULL)
        await store.fail("b")
        assert [place.session for place in await store.queue(10)] == ["a", "b", "c"]
        await store.leave("a")
        await store.touch("b")
        assert await store.end("b")
        await store.hand("c")
        await store.link_lost(0)
        assert (await store.streams())[0].state == "unlinked"
        await store.drain()
        assert await store.join("d", "default") is JoinRefusal.DRAINING


async def test_a_failing_sink_keeps_nobody_from_their_effects(opened: Opened) -> None:
    async with opened() as (store, sink):

        def broken(_: Effect) -> None:
            raise RuntimeError("on purpose")

        await store.streams()
        sink.effects.clear()
        store.listen(broken)
        store.listen(again := Sink())
        await store.join("a", "default")
        await store.report(0, state(1))
        await sink.of(AskSeat)
        assert sink.effects == again.effects != []


async def test_places_leave_out_whom_nobody_knows(opened: Opened) -> None:
    async with opened() as (store, _):
        await store.join("a", "default")
        assert [place.session for place in await store.places(["x", "a"])] == ["a"]
        assert await store.place("x") is None


async def test_the_states_of_streams_have_one_word_each(opened: Opened) -> None:
    async with opened() as (store, _):

        async def word(message: State) -> str:
            await store.report(0, message)
            return (await store.streams())[0].state

        assert await word(state(0)) == "free"
        assert await word(state(1).model_copy(update={"taken": 1})) == "taken"
        assert await word(state(2, ("x", SeatState.RESERVED, 1))) == "reserved"
        assert await word(state(3, ("x", SeatState.CONNECTED, 1))) == "taken"
        assert await word(state(4, ("x", SeatState.AWAY, 1))) == "away"
        assert await word(state(5).model_copy(update={"ready": False})) == "not_ready"
        assert await word(state(6).model_copy(update={"draining": True})) == "draining"
        await store.discover({})
        assert await word(state(8)) == "unlisted"


async def test_fleets_tell_what_a_newcomer_would_wait(opened: Opened) -> None:
    async with opened() as (store, _):
        assert (await store.fleets())[0].estimate is None
        await store.report(0, state(1))
        fleet = (await store.fleets())[0]
        assert (fleet.estimate, fleet.available, fleet.idle, fleet.ready, fleet.seats) == (0.0, 1, 1, 1, 1)
