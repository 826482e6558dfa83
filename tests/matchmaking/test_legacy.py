"""An old server's seat is given once, whatever the server counts."""

from __future__ import annotations

import pytest

from pixelstream.matchmaking.legacy import LegacySeat
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
from pixelstream.protocol.legacy import LegacyMessage, LegacyType


def connected(*, ready: bool = True, player: bool = False) -> LegacySeat:
    seat = LegacySeat("old", "default", "e", 0.0)
    seat.hear(LegacyMessage(LegacyType.CONNECT, port=80, ready=ready, player_connected=player), 0.0)
    return seat


def tell(seat: LegacySeat, *kinds: LegacyType) -> State:
    said: list[FromSignalserver] = []
    for kind in kinds:
        said = seat.hear(LegacyMessage(kind), 1.0)
    assert isinstance(said[-1], State)
    return said[-1]


def claim(seat: LegacySeat, session: str = "a", fence: int = 1) -> FromSignalserver:
    return seat.claim(Claim(claim=str(fence), session=session, fence=fence, deadline=10.0), 0.0)[0]


def test_a_ready_and_empty_server_grants_its_one_seat_once() -> None:
    seat = connected()
    assert claim(seat) == Granted(claim="1", session="a")
    second = claim(seat, "b", 2)
    assert isinstance(second, Refused)
    assert second.reason is RefusedReason.FULL


@pytest.mark.parametrize(
    ("seat", "reason"),
    [
        (connected(ready=False), RefusedReason.NOT_READY),
        (connected(player=True), RefusedReason.FULL),
    ],
)
def test_a_server_that_cannot_take_a_player_refuses(seat: LegacySeat, reason: RefusedReason) -> None:
    answer = claim(seat)
    assert isinstance(answer, Refused)
    assert answer.reason is reason


def test_a_lower_fence_is_stale() -> None:
    seat = connected()
    claim(seat, "a", 5)
    seat.parted("a", EndedReason.LEFT, 1.0)
    answer = claim(seat, "b", 5)
    assert isinstance(answer, Refused)
    assert answer.reason is RefusedReason.STALE


def test_our_player_is_counted_once_though_the_server_counts_it_too() -> None:
    seat = connected()
    claim(seat)
    seat.joined("a", 1.0)
    state = tell(seat, LegacyType.CLIENT_CONNECTED)
    assert (state.taken, state.sessions[0].state) == (1, SeatState.CONNECTED)


def test_the_seat_is_free_when_our_sockets_and_the_servers_count_say_so() -> None:
    seat = connected()
    claim(seat)
    seat.joined("a", 1.0)
    tell(seat, LegacyType.CLIENT_CONNECTED)
    state, ended = seat.parted("a", EndedReason.LEFT, 61.0)
    assert isinstance(state, State)
    assert state.taken == 1
    assert ended == Ended(session="a", reason=EndedReason.LEFT, seconds=60.0)
    assert tell(seat, LegacyType.CLIENT_DISCONNECTED).taken == 0


def test_leaves_that_are_counted_twice_do_not_go_below_nobody() -> None:
    seat = connected()
    state = tell(
        seat, LegacyType.CLIENT_DISCONNECTED, LegacyType.CLIENT_DISCONNECTED, LegacyType.CLIENT_CONNECTED
    )
    assert state.taken == 1


def test_the_count_begins_anew_when_the_server_connects_again() -> None:
    seat = connected()
    tell(seat, *[LegacyType.CLIENT_CONNECTED] * 3)
    state = seat.hear(LegacyMessage(LegacyType.CONNECT, port=80, ready=True), 2.0)[0]
    assert isinstance(state, State)
    assert state.taken == 0


def test_a_reservation_that_nobody_comes_for_ends() -> None:
    seat = connected()
    claim(seat)
    assert seat.tick(9.9) == []
    assert seat.tick(10.0)[1] == Ended(session="a", reason=EndedReason.NO_SHOW, seconds=0.0)
    assert seat.session is None


def test_a_joined_player_is_not_timed_out() -> None:
    seat = connected()
    claim(seat)
    seat.joined("a", 1.0)
    assert seat.tick(100.0) == []


def test_news_of_a_session_that_is_not_there_changes_nothing() -> None:
    seat = connected()
    assert seat.joined("x", 0.0) == []
    assert seat.parted("x", EndedReason.LEFT, 0.0) == []


def test_readiness_follows_the_streamer_and_a_ping_says_nothing_new() -> None:
    seat = connected()
    assert not tell(seat, LegacyType.STREAMER_DISCONNECTED).ready
    assert tell(seat, LegacyType.STREAMER_CONNECTED).ready
    assert seat.hear(LegacyMessage(LegacyType.PING), 7.0) == []
    assert seat.heard == 7.0
