"""A match that comes to nothing costs its player no place, and its stream a pause."""

from __future__ import annotations

from pixelstream.matchmaking import effects as fx
from pixelstream.matchmaking.model import (
    MatchFailure,
)
from pixelstream.matchmaking.seating import FENCE_LEAP
from pixelstream.protocol.control import EndedReason, RefusedReason, SeatState
from tests.support.script import Script, kinds


def test_a_refused_player_is_first_again_and_gets_the_next_stream() -> None:
    script = Script(("s", "t"))
    script.state()
    script.state(link=2, stream="t", taken=1)
    script.join("a")
    script.join("b")
    assert kinds(script.refused("a", 1)) == ["Failed", "Returned"]
    assert script.state(link=2, stream="t")[0] == fx.AskSeat(2, "a", 1)


def test_a_stream_that_refused_is_asked_again_after_its_next_state() -> None:
    script = Script()
    script.state()
    script.join("a")
    script.refused("a", 1)
    assert kinds(script.state()) == ["AskSeat"]


def test_a_stale_fence_leaps_ahead() -> None:
    script = Script()
    script.state()
    script.join("a")
    script.refused("a", 1, RefusedReason.STALE)
    script.state()
    assert script.room.books.sessions["a"].fence == FENCE_LEAP + 2


def test_an_unanswered_claim_is_cancelled_and_the_stream_left_alone_for_a_while() -> None:
    script = Script(answer=2.0, rest=1.0)
    script.state()
    script.join("a")
    effects = script.wait(2.0)
    assert fx.FreeSeat(1, "a", 1, "claim_timeout") in effects
    assert fx.Failed("default", MatchFailure.CLAIM_TIMEOUT) in effects
    assert fx.Returned("a") in effects
    assert script.state() == []
    assert fx.AskSeat(1, "a", 2) in script.wait(1.0)


def test_a_stream_is_left_alone_longer_with_each_failure_in_a_row_up_to_a_limit() -> None:
    script = Script(rest=1.0, rest_most=4.0)
    script.state()
    script.join("a")
    pauses = []
    for _ in range(5):
        script.granted("a", script.room.books.sessions["a"].fence)
        script.room.fail("a", script.now)
        script.effects()
        pauses.append(script.room.books.streams["s"].rests_until - script.now)
        script.wait(pauses[-1])
    assert pauses == [1.0, 2.0, 4.0, 4.0, 4.0]


def test_a_seat_that_cannot_be_reached_is_freed_and_its_player_is_first_again() -> None:
    script = Script()
    script.state()
    script.join("a")
    script.join("b")
    script.granted("a", 1)
    script.room.fail("a", 0.0)
    assert fx.FreeSeat(1, "a", 1, "dial") in script.effects()
    assert list(script.room.books.fleets["default"].line) == ["a", "b"]


def test_an_answer_to_a_claim_that_was_given_up_is_ignored() -> None:
    script = Script()
    script.state()
    script.join("a")
    script.wait(2.0)
    assert script.granted("a", 1) == []
    assert script.refused("a", 1) == []


def test_a_late_answer_does_not_pass_for_that_of_the_next_claim() -> None:
    script = Script(rest=0.0)
    script.state()
    script.join("a")
    script.wait(2.0)
    script.state()
    assert script.room.books.sessions["a"].fence == 2
    assert script.granted("a", 1) == []
    assert script.ended("a", EndedReason.RELEASED) == []
    assert kinds(script.granted("a", 2)) == ["Matched"]


def test_a_state_that_names_the_claim_is_as_good_as_its_grant() -> None:
    script = Script()
    script.state()
    script.join("a")
    assert kinds(script.state(("a", SeatState.RESERVED, 1))) == ["Matched"]
    assert script.granted("a", 1) == []


def test_a_reservation_that_ends_before_the_join_sends_its_player_back() -> None:
    script = Script()
    script.state()
    script.join("a")
    script.granted("a", 1)
    assert "Returned" in kinds(script.ended("a", EndedReason.STREAMER_LOST))
