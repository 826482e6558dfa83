"""Positions are told on change, gathered, within a second, and the loop stays free meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, cast

from pixelstream.apps.matchmaker.pushes import SHORTEST, Pushes
from pixelstream.matchmaking.model import SessionState
from pixelstream.matchmaking.views import Place
from tests.support.sockets import DEADLINE


class Line:
    """A store that knows places only."""

    def __init__(self, count: int) -> None:
        self.first = 0
        self.count = count
        self.asked: list[int] = []

    def place(self, session: str) -> Place:
        position = int(session) - self.first + 1
        state = SessionState.WAITING if position > 0 else SessionState.RESERVED
        return Place(session, "f", state, position, None, 0.0, 1, None, 0, None, None)

    async def places(self, sessions: Sequence[str]) -> list[Place]:
        self.asked.append(len(sessions))
        return [self.place(session) for session in sessions]


class Watching:
    def __init__(self, session: str) -> None:
        self.session, self.fleet = session, "f"
        self.told: int | None = None
        self.told_at = 0.0
        self.heard: list[int | None] = []

    def tell(self, place: Place) -> None:
        self.heard.append(place.position)


@asynccontextmanager
async def pushing(count: int, notice: float = 60.0) -> AsyncIterator[tuple[Line, Pushes, list[Watching]]]:
    line = Line(count)
    pushes = Pushes(cast("Any", line), notice)
    watchers = [Watching(str(n)) for n in range(count)]
    for watcher in watchers:
        pushes.add(watcher, line.place(watcher.session))
    task = asyncio.create_task(pushes.run())
    try:
        yield line, pushes, watchers
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(DEADLINE):
        while not condition():  # noqa: ASYNC110 - the fakes have no events
            await asyncio.sleep(0.01)


async def test_each_is_told_its_place_when_it_comes() -> None:
    async with pushing(3) as (_, _, watchers):
        assert [watcher.heard for watcher in watchers] == [[1], [2], [3]]


async def test_only_those_whose_position_changed_are_told() -> None:
    async with pushing(4) as (line, pushes, watchers):
        pushes.moved("f")
        await until(lambda: bool(line.asked))
        assert all(len(watcher.heard) == 1 for watcher in watchers)
        line.first = 1
        pushes.moved("f")
        await until(lambda: watchers[3].heard == [4, 3])
        assert watchers[0].heard == [1]


async def test_many_changes_make_few_notices_and_the_last_word_is_right() -> None:
    async with pushing(500) as (line, pushes, watchers):
        loop = asyncio.get_running_loop()
        begun = loop.time()
        while loop.time() - begun < 4 * SHORTEST:
            line.first += 1
            pushes.moved("f")
            await asyncio.sleep(0.002)
        await until(lambda: watchers[-1].told == 500 - line.first)
        took = loop.time() - begun
        assert len(watchers[-1].heard) <= took / SHORTEST + 2


async def test_a_pass_over_a_long_line_goes_in_slices() -> None:
    async with pushing(10_000) as (line, pushes, watchers):
        line.first = 1
        turns = 0
        pushes.moved("f")
        async with asyncio.timeout(DEADLINE):
            while watchers[-1].told != 9999:
                await asyncio.sleep(0)
                turns += 1
        assert max(line.asked) <= 64
        assert turns > 100


async def test_who_was_not_told_for_long_is_told_again() -> None:
    async with pushing(2, notice=0.2) as (_, _, watchers):
        await until(lambda: all(len(watcher.heard) >= 3 for watcher in watchers))


async def test_who_has_been_dropped_is_told_nothing() -> None:
    async with pushing(2, notice=0.2) as (line, pushes, watchers):
        pushes.drop(watchers[0])
        pushes.drop(watchers[0])
        line.first = -5
        pushes.moved("f")
        await until(lambda: len(watchers[1].heard) >= 3)
        assert watchers[0].heard == [1]
