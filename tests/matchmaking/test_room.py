"""What the room decides, event by event."""

from __future__ import annotations

import pytest

from pixelstream.matchmaking import effects as fx
from pixelstream.matchmaking.model import (
    JoinRefusal,
    Known,
    ReleaseReason,
    SessionState,
    Way,
)
from pixelstream.matchmaking.reports import EPILOGUE
from pixelstream.matchmaking.scaling.policy import Sizing
from pixelstream.protocol.control import EndedReason, SeatState, State
from tests.support.script import Script, kinds

# --- joining ---------------------------------------------------------------------------------


def test_a_player_waits_while_no_stream_has_told_of_itself() -> None:
    script = Script()
    assert script.join("a") == []
    assert script.of("a") is SessionState.WAITING


def test_a_seat_is_claimed_as_soon_as_a_ready_stream_tells_of_it() -> None:
    script = Script()
    script.join("a")
    assert fx.AskSeat(1, "a", 1) in script.state()
    assert script.of("a") is SessionState.CLAIMED


def test_a_granted_claim_is_a_match() -> None:
    script = Script()
    script.state()
    script.join("a")
    script.now = 0.5
    assert script.granted("a", 1) == [fx.Matched("a", "default", "s", 1, 0.5, None, Way.JOINED)]


def test_who_comes_first_is_seated_first() -> None:
    script = Script()
    for name in "abc":
        script.join(name)
    assert kinds(script.state(seats=2)) == ["AskSeat", "AskSeat"]
    assert [script.of(name).value for name in "abc"] == ["claimed", "claimed", "waiting"]


def test_the_line_is_bounded_and_those_who_are_being_matched_count() -> None:
    script = Script(capacity=2)
    script.state()
    script.join("a")
    script.join("b")
    assert script.room.join("c", "default", 0.0) is JoinRefusal.QUEUE_FULL


def test_nobody_joins_a_fleet_that_does_not_exist() -> None:
    script = Script()
    assert script.room.join("a", "nowhere", 0.0) is JoinRefusal.UNKNOWN_FLEET


def test_a_fleet_exists_by_its_streams_alone() -> None:
    script = Script()
    script.room.discover({"x": Known("by-stream")}, 0.0)
    assert script.room.join("a", "by-stream", 0.0) is None


def test_a_fleet_that_only_a_link_names_cannot_be_joined() -> None:
    script = Script(streams=())
    message = State(
        seq=1, epoch="e", stream="x", fleet="made-up", seats=1, taken=0, ready=True, draining=False
    )
    script.room.report(1, message, 0.0)
    assert script.room.join("a", "made-up", 0.0) is JoinRefusal.UNKNOWN_FLEET


def test_nobody_joins_while_the_matchmaker_drains() -> None:
    script = Script()
    script.room.drain()
    assert script.room.join("a", "default", 0.0) is JoinRefusal.DRAINING


# --- what is offered -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "state", [{"ready": False}, {"draining": True}, {"taken": 1}, {"seats": 0}, {"stream": "unknown"}]
)
def test_a_stream_that_cannot_take_a_player_is_not_offered(state: dict[str, object]) -> None:
    script = Script()
    script.join("a")
    assert script.state(**state) == []  # type: ignore[arg-type]


def test_players_without_a_lease_take_seats_too() -> None:
    script = Script()
    script.join("a")
    script.join("b")
    assert kinds(script.state(seats=3, taken=2)) == ["AskSeat"]


def test_a_claim_on_its_way_takes_a_seat_until_the_stream_reports_it() -> None:
    script = Script()
    script.state(seats=2)
    script.join("a")
    assert kinds(script.join("b")) == ["AskSeat"]
    assert kinds(script.join("c")) == []
    assert kinds(script.state(("a", SeatState.RESERVED, 1), seats=2)) == ["Matched"]
    assert script.of("c") is SessionState.WAITING


def test_a_lower_sequence_number_of_the_same_start_is_ignored() -> None:
    script = Script()
    script.state(seq=5, taken=1)
    script.join("a")
    assert script.state(seq=4, taken=0) == []
    assert kinds(script.state(seq=1, taken=0, epoch="restarted")) == ["AskSeat"]


def test_a_newer_link_of_a_stream_replaces_the_older_one() -> None:
    script = Script()
    script.state(link=1)
    assert script.state(link=2) == [fx.CloseLink(1)]
    assert script.state(link=1) == [fx.CloseLink(1)]
    assert script.join("a") == [fx.AskSeat(2, "a", 1), fx.LineMoved("default")]


# --- leaving and ending ----------------------------------------------------------------------


@pytest.mark.parametrize("reserved", [False, True])
def test_who_leaves_on_the_way_frees_the_seat_for_the_next(reserved: bool) -> None:  # noqa: FBT001
    script = Script()
    script.state()
    script.join("a")
    script.join("b")
    if reserved:
        script.granted("a", 1)
    script.room.leave("a", 0.0)
    effects = script.effects()
    assert effects[0] == fx.FreeSeat(1, "a", 1, "left")
    assert fx.AskSeat(1, "b", 2) in effects


def test_a_player_with_a_lease_may_close_its_waiting_socket() -> None:
    script = Script()
    script.seat("a")
    script.room.leave("a", 0.0)
    assert script.effects() == []
    assert script.of("a") is SessionState.CONNECTED


def test_who_does_not_show_up_loses_the_seat() -> None:
    script = Script(arrival=10.0, slack=2.0)
    script.state()
    script.join("a", Way.HANDOFF)
    script.granted("a", 1)
    assert script.wait(11.9) == []
    effects = script.wait(0.1)
    assert kinds(effects) == ["FreeSeat", "Failed", "Released"]
    assert fx.Released("a", "default", SessionState.RESERVED, ReleaseReason.NO_SHOW, None) in effects


def test_a_played_session_ends_with_the_length_that_its_stream_measured() -> None:
    script = Script()
    script.seat("a")
    assert script.ended("a", EndedReason.LEFT, 42.0) == [
        fx.Released("a", "default", SessionState.CONNECTED, ReleaseReason.LEFT, 42.0)
    ]
    assert [length for _, length in script.room.books.fleets["default"].history.played] == [42.0]


def test_a_session_that_a_newer_state_does_not_name_has_ended() -> None:
    script = Script()
    script.seat("a")
    script.now = 7.0
    assert script.state() == []
    released = fx.Released("a", "default", SessionState.CONNECTED, ReleaseReason.LEFT, 7.0 + EPILOGUE)
    assert script.wait(EPILOGUE) == [released]


def test_the_word_on_a_sessions_end_may_follow_the_state_without_it() -> None:
    script = Script()
    script.seat("a")
    script.state()
    released = fx.Released("a", "default", SessionState.CONNECTED, ReleaseReason.KICKED, 3.0)
    assert script.ended("a", EndedReason.KICKED, 3.0) == [released]


def test_its_seat_is_given_to_the_next_at_once() -> None:
    script = Script()
    script.seat("a")
    script.join("b")
    assert fx.AskSeat(1, "b", 2) in script.state()


def test_a_session_that_is_named_again_lives_on() -> None:
    script = Script()
    fence = script.seat("a")
    script.state()
    script.state(("a", SeatState.CONNECTED, fence))
    assert script.wait(EPILOGUE) == []
    assert script.of("a") is SessionState.CONNECTED


def test_away_and_back_follow_the_streams_state() -> None:
    script = Script()
    fence = script.seat("a")
    assert script.state(("a", SeatState.AWAY, fence)) == [fx.Changed("a", SessionState.AWAY)]
    assert script.state(("a", SeatState.CONNECTED, fence)) == [fx.Changed("a", SessionState.CONNECTED)]


def test_the_api_ends_a_session_in_any_state() -> None:
    script = Script()
    script.join("a")
    assert script.room.end("a", 0.0)
    assert script.of("a") is SessionState.RELEASED
    script.state()
    script.seat("b")
    assert script.room.end("b", 0.0)
    assert kinds(script.effects())[-2:] == ["FreeSeat", "Released"]
    assert script.room.end("unknown", 0.0)


def test_a_session_behind_a_broken_link_cannot_be_ended_now() -> None:
    script = Script()
    script.seat("a")
    script.room.link_lost(1, 0.0)
    assert not script.room.end("a", 0.0)
    assert script.of("a") is SessionState.CONNECTED


def test_a_remote_session_that_nobody_asks_for_is_dropped_from_the_line() -> None:
    script = Script(patience=60.0)
    script.join("a", Way.REMOTE)
    script.wait(59.0)
    script.room.touch("a", script.now)
    script.wait(59.0)
    assert script.of("a") is SessionState.WAITING
    assert kinds(script.wait(1.0)) == ["Released"]
    session = script.room.session("a")
    assert session is not None
    assert session.reason is ReleaseReason.ABANDONED


def test_nobody_waits_longer_than_the_settings_allow() -> None:
    script = Script(max_wait=5.0)
    script.join("a")
    assert script.wait(4.9) == []
    assert kinds(script.wait(0.1)) == ["Released"]


# --- views -----------------------------------------------------------------------------------


def test_positions_and_estimates_are_those_of_the_line() -> None:
    script = Script()
    script.seat("a")
    for n in range(5):
        script.room.books.fleets["default"].history.add(n * 10.0, 60.0)
    script.join("b")
    script.join("c")
    b, c = (script.room.books.sessions[name] for name in "bc")
    assert (script.room.position(b), script.room.position(c)) == (1, 2)
    first, second = script.room.estimate(b), script.room.estimate(c)
    assert first is not None
    assert second is not None
    assert 0 < first < second
    assert c.predicted == second


def test_streams_wanted_counts_taken_and_waiting_and_buffer_but_not_those_that_drain() -> None:
    script = Script(("s", "t", "u"), sizes={"default": Sizing(spare=2)})
    script.state(taken=1)
    script.state(link=2, stream="t", taken=1)
    script.state(link=3, stream="u", taken=1, draining=True)
    script.join("a")
    assert script.room.books.prospects.size(script.room.books.fleets["default"]).wanted == 2 + 1 + 2


def test_released_sessions_are_remembered_up_to_a_number() -> None:
    script = Script(kept=2)
    for name in "abc":
        script.join(name)
        script.room.leave(name, 0.0)
    assert script.room.session("a") is None
    assert script.of("c") is SessionState.RELEASED


def test_a_fleet_that_the_settings_gain_can_be_joined_at_once() -> None:
    sizes = {"default": Sizing()}
    script = Script(sizes=sizes)
    assert script.room.join("a", "gold", 0.0) is JoinRefusal.UNKNOWN_FLEET
    sizes["gold"] = Sizing()
    assert script.room.join("a", "gold", 0.0) is None
    assert script.room.books.joinables() == ["default", "gold"]
