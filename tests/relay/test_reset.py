"""What happens between two players: nobody is let in before the streamer has forgotten the last one."""

from __future__ import annotations

from typing import Any

import pytest

from pixelstream.protocol.control import EndedReason, RefusedReason
from pixelstream.relay import ControlRequest, ResetOutcome, ResetPlan, Role
from tests.support.stage import Actor, Stage

MESSAGE = b'{"type":"resetLevel","to":"start"}'
TOLD = {"type": "resetLevel", "to": "start"}
REQUEST = ControlRequest("api/reset", "POST", "api/reset", b"{}")


def stage(seats: int = 1, **plan: Any) -> Stage:
    return Stage(seats=seats, reset=ResetPlan(**{"message": MESSAGE, **plan}))


def visit(on: Stage, streamer: Actor, session: str = "s", fence: int = 1) -> None:
    """A player comes, plays and leaves; the streamer has heard of it."""
    player = on.player(to="A", lease=(session, fence))
    streamer.hears()
    player.leaves(1000)


def claim(on: Stage, fence: int = 2) -> RefusedReason | None:
    return on.relay.claim(f"next-{fence}", fence, 10.0, on.now)


def outcomes(on: Stage) -> dict[ResetOutcome, int]:
    return {outcome: count for outcome, count in on.relay.counts.resets.items() if count}


def wants_restart(on: Stage) -> bool:
    return on.relay.restart_wanted


def held(on: Stage) -> tuple[int, int]:
    now = on.relay.snapshot()
    return now.taken, now.resetting


def test_without_a_plan_a_seat_is_free_at_once() -> None:
    on = stage(kind="none")
    streamer = on.streamer()
    visit(on, streamer)
    assert held(on) == (0, 0)
    assert streamer.types() == ["playerDisconnected"]
    assert claim(on) is None


def test_the_message_follows_the_players_end_and_the_seat_waits_for_it_to_settle() -> None:
    on = stage(kind="message", settle=2.0)
    streamer = on.streamer()
    visit(on, streamer)
    assert streamer.hears() == [{"type": "playerDisconnected", "playerId": "1"}, TOLD]
    assert on.host.sessions_ended == [("s", EndedReason.LEFT, 0.0)]
    assert held(on) == (1, 1)
    assert claim(on) is RefusedReason.FULL
    on.wait(1.0, living=(streamer,))
    assert claim(on) is RefusedReason.FULL
    on.wait(1.0, living=(streamer,))
    assert held(on) == (0, 0)
    assert claim(on) is None
    assert outcomes(on) == {ResetOutcome.DONE: 1}


def test_a_guest_finds_no_seat_either_while_the_streamer_is_reset() -> None:
    on = stage(kind="message", settle=2.0)
    visit(on, on.streamer())
    assert on.player().port.closing == (1013, "every seat is taken")


def test_an_acknowledgement_frees_the_seat_at_once() -> None:
    on = stage(kind="message", acknowledgement="levelReset", deadline=20.0)
    streamer = on.streamer()
    visit(on, streamer)
    on.wait(10.0, living=(streamer,))
    assert claim(on) is RefusedReason.FULL
    streamer.says("levelReset")
    assert claim(on) is None
    assert outcomes(on) == {ResetOutcome.DONE: 1}


def test_an_acknowledgement_that_nobody_waits_for_changes_nothing() -> None:
    on = stage(kind="message", acknowledgement="levelReset")
    streamer = on.streamer()
    streamer.says("levelReset")
    visit(on, streamer)
    assert held(on) == (1, 1)


def test_a_reservation_that_nobody_used_needs_no_reset() -> None:
    on = stage(kind="message", settle=5.0)
    streamer = on.streamer()
    streamer.hears()
    assert claim(on, 1) is None
    on.wait(10.0, living=(streamer,))
    assert streamer.hears() == []
    assert claim(on, 2) is None


def test_an_away_player_is_waited_for_first() -> None:
    on = stage(kind="message", settle=1.0)
    streamer = on.streamer()
    player = on.player(to="A", lease=("s", 1))
    streamer.hears()
    player.leaves(1006)
    assert (streamer.hears(), held(on)) == ([], (1, 0))
    on.wait(60.0, living=(streamer,))
    assert streamer.types() == ["playerDisconnected", "resetLevel"]


def test_a_stream_for_several_is_reset_when_the_last_of_them_has_left() -> None:
    on = stage(seats=3, kind="message", settle=1.0)
    streamer = on.streamer()
    first, last = on.player(to="A", lease=("s", 1)), on.player(to="A", lease=("t", 2))
    streamer.hears()
    first.leaves(1000)
    assert (streamer.types(), held(on)) == (["playerDisconnected"], (1, 0))
    last.leaves(1000)
    assert (streamer.types(), held(on)) == (["playerDisconnected", "resetLevel"], (3, 3))
    on.wait(1.0, living=(streamer,))
    assert held(on) == (0, 0)


def test_a_streamer_that_comes_back_in_the_middle_is_told_anew() -> None:
    on = stage(kind="message", settle=5.0)
    visit(on, on.streamer())
    next(iter(on.relay.registry.streamers.values())).port.abort()
    former = next(iter(on.relay.registry.streamers.values()))
    on.relay.closed(former, 1006, on.now)
    back = on.streamer()
    on.wait(1.0, living=(back,))
    assert TOLD in back.hears()
    on.wait(4.0, living=(back,))
    assert held(on) == (1, 1)
    on.wait(1.0, living=(back,))
    assert held(on) == (0, 0)


def test_a_call_that_goes_well_frees_the_seat_when_it_has_settled() -> None:
    on = stage(kind="rest", request=REQUEST, settle=1.0)
    streamer = on.streamer()
    visit(on, streamer)
    assert on.host.resets == [REQUEST]
    on.wait(5.0, living=(streamer,))
    assert on.host.resets == [REQUEST]
    on.relay.reset_answered(on.now, well=True)
    assert held(on) == (1, 1)
    on.wait(1.0, living=(streamer,))
    assert held(on) == (0, 0)


def test_a_call_that_fails_is_made_again_until_the_deadline() -> None:
    on = stage(kind="rest", request=REQUEST, deadline=3.0, on_failure="offer")
    streamer = on.streamer()
    visit(on, streamer)
    for _ in range(3):
        on.relay.reset_answered(on.now, well=False)
        on.wait(1.0, living=(streamer,))
    assert len(on.host.resets) == 3
    assert outcomes(on) == {ResetOutcome.FAILED: 1}
    assert claim(on) is None


def test_a_late_answer_of_a_call_that_was_given_up_changes_nothing() -> None:
    on = stage(kind="rest", request=REQUEST, deadline=3.0)
    streamer = on.streamer()
    visit(on, streamer)
    on.wait(3.0, living=(streamer,))
    on.relay.reset_answered(on.now, well=True)
    assert wants_restart(on)


def test_a_restart_is_wanted_until_the_old_streamer_has_gone_and_a_new_one_streams() -> None:
    on = stage(kind="restart")
    streamer = on.streamer()
    assert not wants_restart(on)
    visit(on, streamer)
    on.wait(5.0, living=(streamer,))
    assert wants_restart(on)
    streamer.leaves(1006)
    on.wait(5.0)
    assert (wants_restart(on), held(on)) == (True, (1, 1))
    fresh = on.streamer()
    on.wait(1.0, living=(fresh,))
    assert (wants_restart(on), held(on)) == (False, (0, 0))
    assert claim(on) is None
    assert outcomes(on) == {ResetOutcome.DONE: 1}


def test_a_new_socket_of_the_old_process_is_no_restart_where_first_checks_ask() -> None:
    on = stage(kind="restart")
    streamer = on.streamer()
    on.relay.streamer_started(on.now)
    on.wait(1.0, living=(streamer,))
    visit(on, streamer)
    streamer.leaves(1006)
    on.wait(1.0)
    again = on.streamer()
    on.wait(1.0, living=(again,))
    assert wants_restart(on)
    again.leaves(1006)
    on.relay.streamer_started(on.now)
    on.wait(1.0, living=(on.streamer(),))
    assert not wants_restart(on)


def test_a_streamer_that_crashed_under_its_player_is_not_restarted_a_second_time() -> None:
    on = stage(kind="restart")
    streamer = on.streamer()
    on.relay.streamer_started(on.now)
    on.player(to="A", lease=("s", 1))
    on.wait(1.0, living=(streamer,))
    streamer.leaves(1006)
    assert held(on) == (1, 1)
    on.wait(1.0)
    on.relay.streamer_started(on.now)
    on.wait(1.0, living=(on.streamer(),))
    assert (wants_restart(on), held(on)) == (False, (0, 0))


def test_what_was_not_reset_in_time_is_restarted_and_counted_once() -> None:
    on = stage(kind="message", acknowledgement="levelReset", deadline=5.0)
    streamer = on.streamer()
    visit(on, streamer)
    on.wait(5.0, living=(streamer,))
    assert wants_restart(on)
    assert held(on) == (1, 1)
    streamer.leaves(1006)
    on.wait(1.0)
    on.wait(1.0, living=(on.streamer(),))
    assert held(on) == (0, 0)
    assert outcomes(on) == {ResetOutcome.FAILED: 1}


@pytest.mark.parametrize(("on_failure", "offered"), [("offer", True), ("restart", False)])
def test_a_restart_that_takes_too_long_is_counted_and_offered_only_if_so_wished(
    on_failure: str, *, offered: bool
) -> None:
    on = stage(kind="restart", restart=10.0, on_failure=on_failure)
    streamer = on.streamer()
    visit(on, streamer)
    on.wait(10.0, living=(streamer,))
    assert outcomes(on) == {ResetOutcome.FAILED: 1}
    assert (claim(on) is None) is offered
    assert wants_restart(on) is not offered


def test_a_drain_waits_for_no_reset_and_begins_none() -> None:
    on = stage(kind="restart")
    streamer = on.streamer()
    visit(on, streamer)
    on.relay.drain()
    assert (on.host.drains, wants_restart(on)) == (1, False)
    assert outcomes(on) == {ResetOutcome.CANCELLED: 1}
    late = stage(kind="restart")
    streamer = late.streamer()
    player = late.player(to="A", lease=("s", 1))
    late.relay.drain()
    player.leaves(1000)
    assert (late.host.drains, wants_restart(late)) == (1, False)


def test_a_role_other_than_the_streamer_can_acknowledge_nothing() -> None:
    on = stage(kind="message", acknowledgement="levelReset")
    visit(on, on.streamer())
    on.enter(Role.SFU).says("levelReset")
    assert held(on) == (1, 1)
