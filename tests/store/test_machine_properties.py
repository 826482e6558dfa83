"""The properties of the room, held by two copies that follow the same log; and the copies never differ.

Now and then the log is lost, and a new room is made of what its members hold.
"""

from __future__ import annotations

import random
from typing import Any, cast

import pytest

from pixelstream.matchmaking.model import Visit
from pixelstream.protocol.control import SeatState
from tests.support.fleetmodel import Player
from tests.support.interleaving import WEIGHTED, Interleaving
from tests.support.sharedroom import BEGUN, SharedRoom

RACE = (*(step for step in WEIGHTED if step != "join"), "come_back", "come_back", "arrive", "flow", "flow")
"""What happens to two who want the same seat; nobody else comes."""


def start(choice: random.Random) -> Interleaving:
    seats = tuple(choice.randint(1, 2) for _ in range(choice.randint(1, 3)))
    return Interleaving(seats, cast("Any", SharedRoom))


@pytest.mark.parametrize("block", range(4))
def test_any_interleaving_keeps_seats_players_and_places_on_every_replica(block: int) -> None:
    for seed in range(block * 50, block * 50 + 50):
        choice = random.Random(seed)
        run = start(choice)
        try:
            for _ in range(120):
                run.take(choice.choice(WEIGHTED), choice.randrange(60))
            run.finish()
        except AssertionError as error:
            raise AssertionError(f"seed {seed}: {error}") from error


@pytest.mark.parametrize("block", range(4))
def test_a_room_that_is_lost_at_any_moment_comes_back_with_every_player_at_its_place(block: int) -> None:
    for seed in range(block * 50, block * 50 + 50):
        choice = random.Random(seed)
        run = start(choice)
        try:
            for _ in range(4):
                for _ in range(choice.randrange(40)):
                    run.take(choice.choice(WEIGHTED), choice.randrange(60))
                lose(run)
            run.finish()
        except AssertionError as error:
            raise AssertionError(f"seed {seed}: {error}") from error


@pytest.mark.parametrize("block", range(4))
def test_two_players_for_one_seat_in_ten_thousand_interleavings_never_both_have_it(block: int) -> None:
    for seed in range(block * 2500, block * 2500 + 2500):
        choice = random.Random(seed)
        run = Interleaving((1,), cast("Any", SharedRoom))
        try:
            run.join(choice.randrange(4))
            run.join(choice.randrange(4))
            for _ in range(16):
                run.take(choice.choice(RACE), choice.randrange(60))
        except AssertionError as error:
            raise AssertionError(f"seed {seed}: {error}") from error


def lose(run: Interleaving) -> None:
    """Let the log be lost, and all enter a new room."""
    world = run.world
    room = cast("SharedRoom", world.room)
    held = [visit for player in world.players.values() if (visit := visit_of(run, player))]
    room.gather(world.now, held)
    world.wait(BEGUN)
    run.check()


def visit_of(run: Interleaving, player: Player) -> Visit | None:
    """What the process of a player's socket holds of it."""
    session = run.world.room.books.sessions.get(player.name)
    if session is None or player.stage in {"left", "told"}:
        return None
    visit = Visit(player.name, "default", session.joined, way=player.way)
    if player.lease and player.stage != "waiting":
        visit.stream, visit.fence = player.lease
        visit.handed = player.stage != "matched"
        seat = run.world.servers[visit.stream].held.get(player.name)
        if visit.handed and seat and seat.state is not SeatState.RESERVED:
            return None
    return visit
