"""A stream that discovery sees alive is not lost with its link; one that vanished is."""

from __future__ import annotations

from pixelstream.matchmaking.model import Known, ReleaseReason, SessionState
from pixelstream.protocol.control import SeatState
from tests.support.script import Script


def discovered(script: Script, *, offered: bool = True, alive: bool = True) -> None:
    script.room.discover({"s": Known("default", offered=offered, alive=alive)}, script.now)


def playing(forget: float = 120.0) -> Script:
    """A player at its seat, whose stream's link is broken."""
    script = Script(forget=forget)
    discovered(script)
    script.seat("a")
    script.room.link_lost(1, script.now)
    script.effects()
    return script


def test_a_ready_stream_without_a_link_keeps_its_session_and_is_not_offered() -> None:
    script = playing()
    script.join("b")
    for _ in range(100):
        assert script.wait(119.0) == []
    assert script.of("a") is SessionState.CONNECTED
    assert script.of("b") is SessionState.WAITING
    need = script.room.books.prospects.need(script.room.books.fleets["default"])
    assert (need.streams_taken, need.waiting) == (1, 1)


def test_its_link_comes_back_and_nothing_has_happened() -> None:
    script = playing()
    fence = script.room.books.sessions["a"].fence
    script.wait(1000.0)
    assert script.state(("a", SeatState.CONNECTED, fence), link=2) == []
    script.join("b")
    assert script.state(link=2)
    assert script.of("b") is SessionState.CLAIMED


def test_a_stream_that_is_to_end_but_serves_keeps_its_session() -> None:
    script = playing()
    discovered(script, offered=False)
    script.wait(1000.0)
    assert script.of("a") is SessionState.CONNECTED


def test_one_that_stops_serving_has_the_usual_time_for_its_link() -> None:
    script = playing(forget=120.0)
    discovered(script, offered=False, alive=False)
    script.wait(121.0)
    assert script.of("a") is SessionState.RELEASED


def test_one_that_is_gone_is_lost_at_once() -> None:
    script = playing()
    script.room.discover({}, script.now)
    session = script.room.session("a")
    assert session
    assert session.reason is ReleaseReason.LOST
    assert script.room.books.streams == {}


def test_one_that_is_gone_first_and_breaks_its_link_then_is_lost_with_it() -> None:
    script = Script()
    discovered(script)
    script.seat("a")
    script.room.discover({}, script.now)
    assert script.of("a") is SessionState.CONNECTED
    script.room.link_lost(1, script.now)
    assert script.of("a") is SessionState.RELEASED
    assert script.room.books.streams == {}


def test_one_that_discovery_has_not_told_of_yet_has_the_usual_time() -> None:
    script = Script(streams=(), forget=120.0)
    script.state(("a", SeatState.CONNECTED, 1))
    script.room.link_lost(1, script.now)
    script.wait(119.0)
    assert script.of("a") is SessionState.CONNECTED
