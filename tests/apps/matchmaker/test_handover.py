"""Replicas come and go: who waits keeps its place, who is joined plays on, the store's clock counts."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import InvalidStatus

from tests.support.processes import Process
from tests.support.replicas import PRESENCE, position, seated, two
from tests.support.signalling import DEADLINE, Peer
from tests.support.streams import FakeStream

OFTEN = "queue: {notice: 300ms}"
"""Everybody is told again and again, also of a place that is the same as before."""


class Page:
    """A page of ours: it waits with its ticket in hand, and comes back with it wherever it is sent."""

    def __init__(self, peer: Peer) -> None:
        self.peer, self.ticket, self.session = peer, "", ""

    @classmethod
    async def visit(cls, at: Process) -> Page:
        return cls(await at.visit("?handoff=1"))

    async def notice(self) -> dict[str, Any]:
        heard = await self.peer.hears("matchmaker")
        self.ticket, self.session = heard.get("ticket", self.ticket), heard["session"]
        return heard

    async def stands(self, place: int) -> None:
        async with asyncio.timeout(DEADLINE):
            while (await self.notice()).get("position") != place:
                pass

    async def matched(self) -> None:
        async with asyncio.timeout(DEADLINE):
            while not (await self.notice())["matched"]:
                pass

    async def goes_to(self, at: Process) -> None:
        self.peer = Peer((await at.visit(f"?handoff=1&ticket={self.ticket}")).connection)


async def pages(count: int, *at: Process) -> list[Page]:
    """Let pages come, one after another, to these replicas in turn."""
    found = []
    for n in range(count):
        found.append(await Page.visit(at[n % len(at)]))
        await found[-1].stands(n + 1)
    return found


async def test_a_drain_hands_its_waiting_players_over_and_none_loses_its_place(tmp_path: Path) -> None:
    stream = FakeStream("s")
    async with two(tmp_path, stream, more=OFTEN) as (a, b, _):
        found = await pages(8, a, b)
        sessions = [page.session for page in found]
        a.stop()
        for page in found[::2]:
            assert await page.peer.closed() == (1012, "please connect again")
        for page in reversed(found[::2]):
            await page.goes_to(b)
        assert await a.ends() == 0
        for place, page in enumerate(found, 1):
            await page.stands(place)
        assert [page.session for page in found] == sessions
        await stream.connect(b.url)
        for page in found:
            await page.matched()
            stream.free(page.session)


async def test_control_links_are_sent_on_and_the_sessions_of_their_streams_live(tmp_path: Path) -> None:
    stream = FakeStream("s")
    async with two(tmp_path, stream, more=OFTEN) as (a, b, _):
        await stream.connect(a.url)
        (page,) = await pages_matched(1, b)
        a.stop()
        await stream.until(lambda s: s.link_closed is not None)
        assert stream.link_closed == (1012, "this matchmaker ends")
        assert await a.ends() == 0
        await stream.connect(b.url)
        assert list(stream.held) == [page.session]
        waiting = await Page.visit(b)
        await waiting.stands(1)
        stream.free(page.session)
        await waiting.matched()


async def pages_matched(count: int, at: Process) -> list[Page]:
    found = [await Page.visit(at) for _ in range(count)]
    for page in found:
        await page.matched()
    return found


async def test_an_unmodified_front_end_waits_and_plays_on_where_it_is_and_the_drain_waits_for_it(
    tmp_path: Path,
) -> None:
    stream = FakeStream("s", seats=2)
    async with two(tmp_path, stream, more=OFTEN) as (a, b, _):
        await stream.connect(b.url)
        playing = await a.visit()
        await seated(playing)
        other = await b.visit()
        await seated(other)
        waiting = await a.visit()
        await position(waiting, 1)
        a.stop()
        await not_taken(a)
        await playing.says("still")
        await stream.players.until(lambda seat: b'{"type":"still"}' in seat.messages)
        await other.leaves()
        await seated(waiting)
        await waiting.leaves()
        assert a.process.returncode is None
        await playing.leaves()
        assert await a.ends() == 0


async def not_taken(at: Process) -> None:
    """Wait until a draining replica takes nobody new, and says so."""
    async with asyncio.timeout(DEADLINE):
        while True:
            try:
                await (await at.visit()).leaves()
            except InvalidStatus as refusal:
                status = refusal.response.status_code
                break
    assert status == 503


async def test_at_the_end_of_the_grace_period_who_waits_still_is_told_to_connect_again(
    tmp_path: Path,
) -> None:
    async with two(tmp_path, drain="300ms") as (a, _, _):
        waiting = await a.visit()
        await position(waiting, 1)
        a.stop()
        assert await waiting.closed() == (1012, "please connect again")
        assert await a.ends() == 0


@pytest.mark.parametrize("late", [False, True])
async def test_pages_of_a_killed_replica_come_back_to_their_places(tmp_path: Path, late: bool) -> None:  # noqa: FBT001
    async with two(tmp_path, more=OFTEN) as (a, b, _):
        found = await pages(6, a, b)
        sessions = [page.session for page in found]
        a.process.kill()
        if late:  # its players have been taken for gone already
            async with asyncio.timeout(PRESENCE + 5):
                await found[5].stands(3)
        for page in reversed(found[::2]):
            await page.goes_to(b)
        for place, page in enumerate(found[::2], 1):
            await page.stands(2 * place - 1)
        async with asyncio.timeout(PRESENCE + 5):
            await found[5].peer.says("ping", time=1)
        assert [page.session for page in found] == sessions


@pytest.mark.parametrize("ahead", [300.0, -300.0])
async def test_a_replica_whose_clock_is_five_minutes_off_harms_nobody(tmp_path: Path, ahead: float) -> None:
    stream = FakeStream("s")
    async with two(tmp_path, stream, ahead=(0.0, ahead), more=OFTEN) as (a, b, server):
        found = await pages(6, a, b)
        server.kill()
        for page in found:
            while (await page.notice())["seating"]:
                pass
        late = [await Page.visit(at) for at in (a, b)]
        for page in late:
            assert not (await page.notice())["seating"]
        server.start()
        for place, page in enumerate([*found, *late], 1):
            await page.stands(place)
        b.stop()
        for page in [found[1], found[3], found[5], late[1]]:
            assert (await page.peer.closed())[0] == 1012
            await page.goes_to(a)
        for place, page in enumerate([*found, *late], 1):
            await page.stands(place)
        await stream.connect(a.url)
        for page in [*found, *late]:
            await page.matched()
            assert list(stream.held) == [page.session]
            stream.free(page.session)
