"""A ticket keeps a place in the line: over a broken socket, over a restart, and for nobody else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.support.matchmaking import House, Visitor, house
from tests.support.streams import FakeStream


def ticket(visitor: Visitor) -> str:
    return next(str(notice["ticket"]) for notice in reversed(visitor.notices) if "ticket" in notice)


async def line_of(here: House, count: int) -> list[Visitor]:
    players = []
    for n in range(1, count + 1):
        players.append(await here.visit("?handoff=1"))
        await players[-1].waiting(n)
    return players


async def back(here: House, former: Visitor) -> Visitor:
    return await here.visit(f"?handoff=1&ticket={ticket(former)}")


async def test_who_comes_back_with_a_ticket_stands_where_it_stood() -> None:
    async with house() as here:
        players = await line_of(here, 3)
        players[0].ws.abort()
        await players[2].waiting(2)
        again = await back(here, players[0])
        assert (await again.waiting(1))["session"] == players[0].session
        await here.until("/api/v1/queue", lambda found: found["length"] == 3)
        await players[2].waiting(3)


async def test_a_socket_that_broke_unnoticed_gives_way_and_leaves_the_place() -> None:
    async with house() as here:
        players = await line_of(here, 2)
        again = await back(here, players[0])
        await again.waiting(1)
        assert await players[0].ended() == (4001, "another connection has your place")
        found = await here.get("/api/v1/queue")
        assert [one["session"] for one in found["waiting"]] == [player.session for player in players]


async def test_one_that_is_back_before_its_leaving_was_noticed_keeps_the_place() -> None:
    async with house() as here:
        players = await line_of(here, 2)
        former = players[1]
        for _ in range(20):
            former.ws.abort()
            former = await back(here, former)
            assert (await former.waiting(2))["session"] == players[1].session
        assert not players[0].endings


async def test_after_a_restart_of_the_only_matchmaker_seats_go_by_the_old_order() -> None:
    async with house() as before:
        players = await line_of(before, 5)
    stream = FakeStream("s")
    async with house(stream) as here:
        returned = [await back(here, player) for player in reversed(players)]
        newcomer = await here.visit("?handoff=1")
        await newcomer.waiting(6)
        for player in reversed(returned):
            await player.matched()
            (session,) = stream.held
            assert session == player.session
            stream.free(session)
        await newcomer.matched()


async def test_a_seat_whose_word_was_lost_on_the_way_is_told_again() -> None:
    stream = FakeStream("s")
    async with house(stream, link=False) as here:
        (player,) = await line_of(here, 1)
        await stream.connect(here.ws)
        first = await player.matched()
        player.ws.abort()
        again = await (await back(here, player)).matched()
        assert (again["session"], again["detail"]) == (first["session"], first["detail"])
        assert list(stream.held) == [player.session]


async def test_who_plays_already_is_somebody_new_with_an_old_ticket() -> None:
    stream = FakeStream("s")
    async with house(stream, link=False) as here:
        (player,) = await line_of(here, 1)
        await stream.connect(here.ws)
        seat = await here.visit_url(f"{stream.url}/{(await player.matched())['url']}")
        await seat.seated()
        await here.until("/api/v1/streams", lambda found: found["streams"][0]["state"] == "taken")
        other = await back(here, player)
        assert (await other.waiting(1))["session"] != player.session
        assert list(stream.held) == [player.session]


async def test_a_joined_player_is_not_parted_from_its_seat_by_a_ticket() -> None:
    stream = FakeStream("s")
    async with house(stream, link=False) as here:
        player = await here.visit()
        await player.waiting(1)
        await stream.connect(here.ws)
        await player.seated()
        other = await here.visit(f"?ticket={ticket(player)}")
        assert (await other.waiting(1))["session"] != player.session
        player.ws.send('{"type":"still"}')
        await stream.players.until(lambda seat: b'{"type":"still"}' in seat.messages)


@pytest.mark.parametrize("spoilt", ["fleet", "signature", "user", "nonsense"])
async def test_a_ticket_is_good_for_its_own_player_and_fleet_alone(spoilt: str) -> None:
    settings = "fleets: [{name: default}, {name: gold}]\nuserHeader: X-User"
    async with house(settings=settings) as here:
        player = await here.visit("?handoff=1", headers={"X-User": "ada"})
        await player.waiting(1)
        query, headers = f"?ticket={ticket(player)}", {"X-User": "ada"}
        match spoilt:
            case "fleet":
                query += "&fleet=gold"
            case "signature":
                query = query[:-2] + ("AA" if query[-2:] != "AA" else "BB")
            case "user":
                headers = {"X-User": "eve"}
            case _:
                query = "?ticket=%00.x"
        other = await here.visit(query, headers=headers)
        assert (await other.waiting())["session"] != player.session
        assert not player.endings


@asynccontextmanager
async def after_many_returned(count: int) -> AsyncIterator[tuple[House, list[Visitor]]]:
    async with house() as before:
        players = await line_of(before, count)
    async with house() as here:
        yield here, list(await asyncio.gather(*(back(here, player) for player in players)))


async def test_all_who_come_back_at_once_stand_in_their_order() -> None:
    async with after_many_returned(40) as (_, returned):
        for place, player in enumerate(returned, 1):
            await player.waiting(place)
