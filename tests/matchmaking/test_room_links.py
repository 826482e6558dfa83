"""Broken links, restarts and what discovery says cost no session."""

from __future__ import annotations

from pixelstream.matchmaking import effects as fx
from pixelstream.matchmaking.model import (
    Known,
    ReleaseReason,
    SessionState,
    Way,
)
from pixelstream.protocol.control import SeatState
from tests.support.script import Script, kinds


def test_a_broken_link_sends_claims_back_and_keeps_sessions() -> None:
    script = Script()
    script.seat("a")
    script.state(("a", SeatState.CONNECTED, 1), seats=2)
    script.join("b")
    script.room.link_lost(1, 0.0)
    assert "Returned" in kinds(script.effects())
    assert script.of("a") is SessionState.CONNECTED
    assert script.of("b") is SessionState.WAITING


def test_a_stream_is_offered_again_when_its_link_is_back_and_has_told_its_state() -> None:
    script = Script()
    script.state()
    script.room.link_lost(1, 0.0)
    script.join("a")
    assert script.effects() == []
    assert kinds(script.state(link=2)) == ["AskSeat"]


def test_whether_a_player_showed_up_behind_a_broken_link_is_told_by_the_next_state() -> None:
    script = Script()
    script.state()
    script.join("a", Way.HANDOFF)
    script.granted("a", 1)
    script.room.link_lost(1, 0.0)
    script.wait(30.0)
    assert script.of("a") is SessionState.RESERVED
    assert script.state(("a", SeatState.CONNECTED, 1), link=2) == [fx.Changed("a", SessionState.CONNECTED)]


def test_a_reservation_that_is_gone_when_the_link_is_back_is_given_up() -> None:
    script = Script()
    script.state()
    script.join("a", Way.HANDOFF)
    script.granted("a", 1)
    script.room.link_lost(1, 0.0)
    script.wait(30.0)
    script.state(link=2)
    script.wait(2.0)
    assert script.of("a") is SessionState.RELEASED


def test_a_stream_whose_link_stays_broken_is_forgotten_and_its_sessions_adopted_when_it_returns() -> None:
    script = Script(forget=120.0)
    fence = script.seat("a")
    script.room.link_lost(1, 0.0)
    effects = script.wait(120.0)
    assert fx.Released("a", "default", SessionState.CONNECTED, ReleaseReason.LOST, 120.0) in effects
    script.state(("a", SeatState.CONNECTED, fence), link=2)
    assert script.of("a") is SessionState.CONNECTED


def test_a_restarted_matchmaker_takes_over_the_sessions_that_are_played() -> None:
    script = Script()
    assert script.state(("old", SeatState.CONNECTED, 77)) == []
    assert script.of("old") is SessionState.CONNECTED
    assert script.room.books.streams["s"].fence == 77


def test_a_seat_that_a_session_left_behind_elsewhere_is_freed() -> None:
    script = Script(("s", "t"))
    script.state()
    script.join("a")
    script.granted("a", 1)
    script.room.link_lost(1, 0.0)
    script.room.fail("a", 0.0)
    script.effects()
    script.state(link=2, stream="t")
    effects = script.state(("a", SeatState.CONNECTED, 1), link=3)
    assert fx.FreeSeat(3, "a", 1, "seated elsewhere") in effects


def test_a_seat_of_a_player_who_has_left_is_freed_when_its_stream_still_reports_it() -> None:
    script = Script()
    script.state()
    script.join("a")
    script.room.link_lost(1, 0.0)
    script.room.leave("a", 0.0)
    script.effects()
    assert fx.FreeSeat(2, "a", 1, "released") in script.state(("a", SeatState.RESERVED, 1), link=2)


def test_a_vanished_stream_is_not_offered_but_its_sessions_live_on() -> None:
    script = Script()
    script.seat("a")
    script.room.discover({}, 0.0)
    assert script.of("a") is SessionState.CONNECTED
    script.ended("a")
    script.join("b")
    assert script.state() == []


def test_a_stream_without_address_and_link_is_dropped() -> None:
    script = Script()
    script.state()
    script.room.link_lost(1, 0.0)
    script.room.discover({}, 0.0)
    assert "s" not in script.room.books.streams


def test_discovery_decides_to_which_fleet_a_stream_belongs() -> None:
    script = Script()
    script.state()
    script.room.discover({"s": Known("gold")}, 0.0)
    assert script.join("a") == []
    assert script.room.join("b", "gold", 0.0) is None
    assert kinds(script.effects()) == ["AskSeat"]


def test_a_handoff_is_joined_where_the_stream_knows_no_leases() -> None:
    script = Script(())
    script.room.discover({"s": Known("default", leased=False)}, 0.0)
    script.state()
    script.join("a", Way.HANDOFF)
    script.granted("a", 1)
    assert not script.room.books.sessions["a"].handed
