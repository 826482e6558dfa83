"""Who is let in, with and without a lease; who comes back; who is told what at the end."""

import pytest

from pixelstream.protocol.control import EndedReason, RefusedReason, SeatState
from pixelstream.relay import Phase, Refusal, Role
from tests.support.stage import Actor, Stage


def states(stage: Stage) -> dict[str, SeatState]:
    return {one.session: one.state for one in stage.relay.snapshot().sessions}


def test_a_player_beyond_the_seats_is_refused_in_words_and_may_come_back() -> None:
    stage = Stage(seats=1)
    first, second = stage.player(), stage.player()
    assert second.peer is None
    assert second.port.closing == (1013, "every seat is taken")
    assert stage.relay.counts.refused[Refusal.FULL] == 1
    first.leaves()
    assert stage.player().peer is not None


def test_an_sfu_needs_no_seat() -> None:
    stage = Stage(seats=1)
    stage.sfu()
    assert stage.player().peer is not None


def test_without_a_lease_nobody_enters_where_one_is_required() -> None:
    stage = Stage(lease_policy="required")
    assert stage.player().port.closing == (1008, "a lease is needed")
    assert stage.player(lease=("s", 1)).peer is not None


def test_a_lease_consumes_the_reservation_of_its_session() -> None:
    stage = Stage(seats=1)
    stage.streamer()
    assert stage.relay.claim("s", 1, 10.0, stage.now) is None
    assert states(stage) == {"s": SeatState.RESERVED}
    assert stage.player().port.closing == (1013, "every seat is taken")
    assert stage.player(lease=("t", 2)).port.closing == (1013, "every seat is taken")
    assert stage.player(lease=("s", 1)).peer is not None
    assert states(stage) == {"s": SeatState.CONNECTED}
    assert stage.relay.snapshot().taken == 1


def test_an_outrun_lease_is_refused_for_good() -> None:
    stage = Stage()
    stage.streamer()
    stage.relay.claim("s", 2, 10.0, stage.now)
    late = stage.player(lease=("s", 1))
    assert late.port.closing is not None
    assert late.port.closing[0] == 1008
    assert "outrun" in late.port.closing[1]
    assert stage.relay.counts.refused[Refusal.OUTRUN] == 1


def test_a_claim_needs_a_streamer_a_free_seat_and_no_drain() -> None:
    stage = Stage(seats=1)
    assert stage.relay.claim("s", 1, 10.0, stage.now) is RefusedReason.NOT_READY
    stage.enter(Role.STREAMER)
    assert stage.relay.claim("s", 1, 10.0, stage.now) is RefusedReason.NOT_READY
    stage.streamer()
    assert stage.relay.claim("s", 1, 10.0, stage.now) is None
    assert stage.relay.claim("t", 2, 10.0, stage.now) is RefusedReason.FULL
    stage.relay.drain()
    assert stage.relay.claim("u", 3, 10.0, stage.now) is RefusedReason.DRAINING


def test_a_reservation_that_nobody_uses_ends_as_a_no_show() -> None:
    stage = Stage(seats=1)
    streamer = stage.streamer()
    stage.relay.claim("s", 1, 10.0, stage.now)
    stage.wait(9.0, living=(streamer,))
    assert stage.host.sessions_ended == []
    stage.wait(1.0, living=(streamer,))
    assert stage.host.sessions_ended == [("s", EndedReason.NO_SHOW, 0.0)]
    assert stage.relay.snapshot().taken == 0
    assert stage.player(lease=("s", 1)).peer is None


def test_releasing_a_reservation_frees_its_seat() -> None:
    stage = Stage(seats=1)
    stage.streamer()
    stage.relay.claim("s", 1, 10.0, stage.now)
    assert stage.relay.release("s", "cancelled", stage.now)
    assert not stage.relay.release("s", "cancelled", stage.now)
    assert stage.host.sessions_ended == [("s", EndedReason.RELEASED, 0.0)]
    assert stage.player().peer is not None


def test_releasing_a_session_closes_its_player() -> None:
    stage = Stage()
    streamer, player = stage.streamer(), stage.player(to="A", lease=("s", 1))
    streamer.hears()
    stage.now += 5.0
    assert stage.relay.release("s", "over", stage.now)
    assert player.port.closing == (1011, "over")
    assert streamer.types() == ["playerDisconnected"]
    assert stage.host.sessions_ended == [("s", EndedReason.RELEASED, 5.0)]


def test_a_release_of_another_fence_changes_nothing() -> None:
    stage = Stage()
    stage.streamer()
    stage.relay.claim("s", 2, 10.0, stage.now)
    assert not stage.relay.release("s", "late", stage.now, fence=1)
    assert states(stage) == {"s": SeatState.RESERVED}
    assert stage.relay.release("s", "meant", stage.now, fence=2)


@pytest.mark.parametrize("code", [1000, 1001])
def test_a_goodbye_ends_the_session_at_once(code: int) -> None:
    stage = Stage()
    streamer, player = stage.streamer(), stage.player(to="A", lease=("s", 1))
    streamer.hears()
    stage.now += 3.0
    player.leaves(code)
    assert stage.host.sessions_ended == [("s", EndedReason.LEFT, 3.0)]
    assert streamer.types() == ["playerDisconnected"]


@pytest.mark.parametrize("code", [1005, 1006, 4000])
def test_a_broken_socket_keeps_the_seat_and_the_streamer_is_not_told(code: int) -> None:
    stage = Stage(seats=1)
    streamer, player = stage.streamer(), stage.player(to="A", lease=("s", 1))
    streamer.hears()
    player.leaves(code)
    assert streamer.hears() == []
    assert states(stage) == {"s": SeatState.AWAY}
    assert stage.player().peer is None
    streamer.says("iceCandidate", playerId="1", candidate=None)
    assert stage.host.sessions_ended == []


def test_who_comes_back_in_time_is_the_same_player() -> None:
    stage = Stage()
    streamer, player = stage.streamer(), stage.player(to="A", lease=("s", 1))
    streamer.hears()
    player.leaves(1006)
    stage.wait(30.0, living=(streamer,))
    again = stage.player(lease=("s", 1))
    assert again.id == "1"
    assert streamer.hears() == []
    again.says("iceCandidate", candidate=None)
    streamer.says("iceCandidate", playerId="1", candidate=None)
    assert streamer.types() == ["iceCandidate"]
    assert again.types() == ["iceCandidate"]
    assert states(stage) == {"s": SeatState.CONNECTED}


def test_who_comes_back_and_subscribes_negotiates_anew() -> None:
    stage = Stage()
    streamer, player = stage.streamer(), stage.player(to="A", lease=("s", 1))
    player.leaves(1006)
    streamer.hears()
    stage.player(lease=("s", 1), to="A")
    assert streamer.types() == ["playerDisconnected", "playerConnected"]


def test_a_page_of_an_old_engine_that_comes_back_is_attached_anew() -> None:
    stage = Stage(profile="5.0")
    streamer = stage.streamer(version=False)
    stage.player(lease=("s", 1)).leaves(1006)
    streamer.hears()
    stage.player(lease=("s", 1))
    assert streamer.types() == ["playerDisconnected", "playerConnected"]


def test_who_comes_back_is_as_subscribed_as_before_and_its_visit_goes_on() -> None:
    stage = Stage()
    streamer, player = stage.streamer(), stage.player(to="A", lease=("s", 1))
    player.says("unsubscribe")
    player.leaves(1006)
    streamer.hears()
    again = stage.player(lease=("s", 1))
    again.says("iceCandidate", candidate=None)
    assert streamer.hears() == []
    assert [phase for _, phase, _, _ in stage.host.phases].count(Phase.CONFIG) == 1


def test_who_comes_back_is_known_to_426_by_the_same_number() -> None:
    stage = Stage(profile="4.26")
    streamer = stage.enter(Role.STREAMER)
    stage.player(lease=("s", 1)).leaves(1006)
    streamer.hears()
    stage.player(lease=("s", 1)).says("offer", sdp="x")
    assert [one["playerId"] for one in streamer.hears()] == [1, 1]


def test_who_comes_back_is_still_watched_for_activity() -> None:
    stage = Stage(idle_timeout=20.0)
    streamer, player = stage.streamer(), stage.player(to="A", lease=("s", 1))
    player.says("answer", sdp="x")
    player.says("activity")
    player.leaves(1006)
    again = stage.player(lease=("s", 1))
    stage.wait(20.0, living=(streamer, again))
    assert again.port.closing == (1008, "idle for too long")


def test_who_does_not_come_back_in_time_has_left() -> None:
    stage = Stage(reconnect_grace=60.0)
    streamer, player = stage.streamer(), stage.player(to="A", lease=("s", 1))
    streamer.hears()
    player.leaves(1006)
    stage.wait(59.0, living=(streamer,))
    assert streamer.hears() == []
    stage.wait(1.0, living=(streamer,))
    assert streamer.types() == ["playerDisconnected"]
    assert stage.host.sessions_ended == [("s", EndedReason.LEFT, 60.0)]
    assert stage.player(lease=("s", 1)).peer is None


def test_a_second_connection_of_a_session_takes_the_place_of_the_first() -> None:
    stage = Stage(seats=1)
    streamer, first = stage.streamer(), stage.player(to="A", lease=("s", 1))
    streamer.hears()
    second = stage.player(lease=("s", 1))
    assert second.id == first.id
    assert first.port.closing == (1008, "this session goes on in another connection")
    first.leaves(1006)
    first.says("answer", sdp="x")
    assert streamer.hears() == []
    second.says("answer", sdp="x")
    assert streamer.types() == ["answer"]
    assert states(stage) == {"s": SeatState.CONNECTED}


def test_a_guest_that_breaks_is_gone() -> None:
    stage = Stage(seats=1)
    stage.player().leaves(1006)
    assert stage.player().peer is not None
    assert stage.host.sessions_ended == []


def test_an_away_player_is_gone_with_its_streamer() -> None:
    stage = Stage()
    streamer, player = stage.streamer(), stage.player(to="A", lease=("s", 1))
    player.leaves(1006)
    streamer.leaves(1006)
    assert stage.host.sessions_ended == [("s", EndedReason.STREAMER_LOST, 0.0)]


def test_a_kick_is_for_good_as_far_as_the_lease_goes() -> None:
    stage = Stage()
    streamer, player = stage.streamer(), stage.player(to="A", lease=("s", 1))
    streamer.says("disconnectPlayer", playerId="1", reason="enough")
    streamer.says("disconnectPlayer", playerId="1", reason="enough")
    assert player.port.closing == (1011, "enough")
    assert stage.host.sessions_ended == [("s", EndedReason.KICKED, 0.0)]
    assert stage.player(lease=("s", 1)).peer is None


def test_draining_refuses_the_new_and_keeps_the_old() -> None:
    stage = Stage()
    streamer, player = stage.streamer(), stage.player(to="A")
    stage.relay.claim("s", 1, 10.0, stage.now)
    stage.relay.drain()
    guest, leased = stage.player(), stage.player(lease=("t", 2))
    assert guest.port.closing == leased.port.closing == (1013, "draining: no new players here")
    assert player.port.closing is None
    streamer.hears()
    player.says("answer", sdp="x")
    assert streamer.types() == ["answer"]
    assert stage.player(lease=("s", 1)).peer is not None


def test_drained_is_told_once_when_the_last_seat_is_free() -> None:
    stage = Stage()
    streamer = stage.streamer()
    guest, leased = stage.player(), stage.player(lease=("s", 1))
    stage.relay.drain()
    stage.relay.drain()
    guest.leaves()
    leased.leaves(1006)
    assert stage.host.drains == 0
    stage.wait(60.0, living=(streamer,))
    assert stage.host.drains == 1
    assert stage.relay.draining


def test_an_empty_relay_is_drained_at_once() -> None:
    stage = Stage()
    stage.relay.drain()
    assert stage.host.drains == 1


def test_stopping_closes_players_so_that_they_come_back_elsewhere() -> None:
    stage = Stage()
    streamer, player, leased = stage.streamer(), stage.player(to="A"), stage.player(lease=("s", 1))
    stage.relay.claim("t", 2, 10.0, stage.now)
    stage.relay.stop(stage.now)
    assert player.port.closing == leased.port.closing == streamer.port.closing == (1012, "the server ends")
    assert [(session, reason) for session, reason, _ in stage.host.sessions_ended] == [
        ("s", EndedReason.DRAINED), ("t", EndedReason.DRAINED),
    ]  # fmt: skip
    assert stage.host.drains == 1


def test_the_snapshot_is_whole() -> None:
    stage = Stage(seats=4)
    assert stage.relay.snapshot().ready is False
    stage.streamer()
    stage.player()
    stage.player(lease=("s", 3))
    stage.relay.claim("t", 4, 10.0, stage.now)
    snapshot = stage.relay.snapshot()
    assert (snapshot.engine, snapshot.seats, snapshot.taken) == ("5.5", 4, 3)
    assert (snapshot.ready, snapshot.draining) == (True, False)
    assert [(one.session, one.state, one.fence) for one in snapshot.sessions] == [
        ("s", SeatState.CONNECTED, 3), ("t", SeatState.RESERVED, 4),
    ]  # fmt: skip


def test_every_change_of_the_snapshot_is_told() -> None:
    stage = Stage()
    streamer = stage.enter(Role.STREAMER)
    before = (stage.relay.snapshot(), stage.host.changes)

    def told() -> bool:
        nonlocal before
        now = (stage.relay.snapshot(), stage.host.changes)
        different, heard = now[0] != before[0], now[1] != before[1]
        before = now
        return different and heard

    streamer.says("endpointId", id="A", protocolVersion="1.3.0")
    assert told()
    player = stage.player(lease=("s", 1))
    assert told()
    player.leaves(1006)
    assert told()
    player = stage.player(lease=("s", 1))
    assert told()
    player.leaves(1000)
    assert told()
    stage.relay.claim("t", 2, 10.0, stage.now)
    assert told()
    stage.relay.release("t", "", stage.now)
    assert told()
    streamer.leaves(1006)
    assert told()
    stage.relay.drain()
    assert told()


def test_no_player_is_ever_closed_with_1001_or_without_words() -> None:
    for actor in _all_endings():
        assert actor.port.closing is not None
        code, words = actor.port.closing
        assert code in {1008, 1011, 1012, 1013}
        assert words


def _all_endings() -> list[Actor]:
    stage = Stage(seats=6, max_session=50.0)
    streamer = stage.streamer()
    kicked, released, lost = stage.player(to="A"), stage.player(lease=("s", 1)), stage.player(to="A")
    old = stage.player(lease=("t", 2))
    taken_over = stage.player(lease=("t", 2))
    streamer.says("disconnectPlayer", playerId=kicked.id)
    stage.relay.release("s", "", stage.now)
    streamer.leaves(1006)
    expired = stage.player()
    stage.wait(50.0, living=(expired, taken_over))
    stage.relay.drain()
    refused = stage.player()
    return [kicked, released, lost, old, taken_over, expired, refused]
