"""Seats that are kept for an unmodified server."""

from __future__ import annotations

import pytest

from pixelstream.matchmaking.wilbur import MISSING, UNREACHABLE, Occupancy, WilburSeats
from pixelstream.protocol.control import (
    Claim,
    Ended,
    EndedReason,
    FromSignalserver,
    Granted,
    Refused,
    RefusedReason,
    SeatState,
    State,
)


def seats(players: int | None = 0, *, ready: bool = True, number: int = 1) -> WilburSeats:
    made = WilburSeats("w", "default", number, "e")
    made.look(Occupancy(ready=ready, players=players), 0.0)
    return made


def claim(made: WilburSeats, session: str = "a", fence: int = 1, now: float = 0.0) -> FromSignalserver:
    return made.claim(Claim(claim=str(fence), session=session, fence=fence, deadline=10.0), now)[0]


def refusal(made: WilburSeats, session: str = "a", fence: int = 1) -> RefusedReason:
    said = claim(made, session, fence)
    assert isinstance(said, Refused)
    return said.reason


def taken(made: WilburSeats) -> int:
    return made.state().taken


def test_a_free_seat_is_granted_once() -> None:
    made = seats()
    assert claim(made) == Granted(claim="1", session="a")
    assert refusal(made, "b", 2) is RefusedReason.FULL
    assert taken(made) == 1


@pytest.mark.parametrize(("seen", "reason"), [
    (UNREACHABLE, RefusedReason.NOT_READY),
    (Occupancy(ready=False, players=0), RefusedReason.NOT_READY),
    (Occupancy(ready=True, players=1), RefusedReason.FULL),
])  # fmt: skip
def test_what_a_look_shows_counts(seen: Occupancy, reason: RefusedReason) -> None:
    made = seats()
    made.look(seen, 1.0)
    assert refusal(made) is reason


def test_an_older_claim_is_stale() -> None:
    made = seats(number=2)
    claim(made, "a", 5)
    assert refusal(made, "b", 5) is RefusedReason.STALE


def test_our_own_players_are_no_strangers() -> None:
    made = seats(number=2)
    claim(made)
    made.joined("a", 1.0)
    assert made.look(Occupancy(ready=True, players=1), 2.0) == []
    assert taken(made) == 1
    (state,) = made.look(Occupancy(ready=True, players=2), 3.0)
    assert isinstance(state, State)
    assert state.taken == 2
    assert state.sessions[0].state is SeatState.CONNECTED


def test_a_look_that_shows_nothing_new_says_nothing_and_says_so_when_it_does() -> None:
    made = seats()
    assert made.look(Occupancy(ready=True, players=0), 1.0) == []
    assert [type(one) for one in made.look(UNREACHABLE, 2.0)] == [State]


def test_an_unreachable_server_keeps_who_is_there() -> None:
    made = seats()
    claim(made)
    made.joined("a", 1.0)
    made.look(UNREACHABLE, 100.0)
    assert (made.state().ready, taken(made)) == (False, 1)


def test_a_reservation_ends_with_its_deadline_and_a_player_who_came_does_not() -> None:
    made = seats(number=2)
    claim(made, "a", 1)
    claim(made, "b", 2)
    made.joined("b", 5.0)
    assert made.tick(9.9) == []
    state, ended = made.tick(10.0)
    assert isinstance(state, State)
    assert ended == Ended(session="a", reason=EndedReason.NO_SHOW, seconds=0.0)
    assert [one.session for one in state.sessions] == ["b"]


def test_a_player_who_leaves_frees_its_seat_and_its_time_is_told() -> None:
    made = seats()
    claim(made)
    made.joined("a", 3.0)
    state, ended = made.parted("a", EndedReason.LEFT, 10.0)
    assert isinstance(state, State)
    assert state.taken == 0
    assert ended == Ended(session="a", reason=EndedReason.LEFT, seconds=7.0)
    assert made.parted("a", EndedReason.LEFT, 11.0) == []


def test_a_player_of_another_replica_is_given_up_once_the_server_has_not_shown_it_for_a_while() -> None:
    made = seats(number=3)
    adopted = [("here", SeatState.CONNECTED, 1), ("there", SeatState.CONNECTED, 2)]
    made.adopt(adopted, 0.0, 10.0, here={"here"})
    assert made.look(Occupancy(ready=True, players=1), 1.0) == []
    assert made.look(Occupancy(ready=True, players=2), 5.0) == []
    assert made.look(Occupancy(ready=True, players=0), 6.0) == []
    assert made.look(Occupancy(ready=True, players=0), 5.9 + MISSING) == []
    state, ended = made.look(Occupancy(ready=True, players=0), 6.0 + MISSING)
    assert isinstance(state, State)
    assert [one.session for one in state.sessions] == ["here"]
    assert isinstance(ended, Ended)
    assert ended.session == "there"


def test_adopted_sessions_keep_their_fences() -> None:
    made = seats(number=3)
    made.adopt([("a", SeatState.RESERVED, 7)], 0.0, 10.0)
    assert refusal(made, "b", 7) is RefusedReason.STALE
    assert made.reserved() == ["a"]
    made.joined("a", 1.0, here=False)
    assert made.reserved() == []
