"""What time alone does."""

from pixelstream.protocol.control import EndedReason, SeatState
from pixelstream.relay import Role
from tests.support.stage import Actor, Stage


def stays(actor: Actor) -> bool:
    return actor.port.closing is None


def test_a_silent_player_is_pinged_and_then_given_up() -> None:
    stage = Stage(keepalive_interval=10.0, keepalive_timeout=30.0)
    streamer, player = stage.streamer(), stage.player(to="A")
    streamer.hears()
    stage.wait(9.0, living=(streamer,))
    assert player.port.pings == 0
    stage.wait(1.0, living=(streamer,))
    assert player.port.pings == 1
    stage.wait(19.0, living=(streamer,))
    assert player.port.aborts == 0
    stage.wait(1.0, living=(streamer,))
    assert player.port.aborts == 1
    assert streamer.types() == ["playerDisconnected"]
    assert stage.relay.snapshot().taken == 0


def test_a_player_that_answers_pings_stays() -> None:
    stage = Stage()
    player = stage.player()
    stage.wait(300.0, living=(player,))
    assert stays(player)


def test_a_dead_player_with_a_lease_is_away_first() -> None:
    stage = Stage()
    streamer, player = stage.streamer(), stage.player(to="A", lease=("s", 1))
    streamer.hears()
    stage.wait(30.0, living=(streamer,))
    assert player.port.aborts == 1
    assert [one.state for one in stage.relay.snapshot().sessions] == [SeatState.AWAY]
    assert streamer.hears() == []
    player.leaves(1006)
    stage.wait(60.0, living=(streamer,))
    assert stage.host.sessions_ended == [("s", EndedReason.LEFT, 90.0)]


def test_a_dead_streamer_is_given_up_and_its_players_go() -> None:
    stage = Stage()
    streamer, player = stage.streamer(), stage.player(to="A")
    stage.wait(30.0, living=(player,))
    assert streamer.port.aborts == 1
    assert player.port.closing == (1012, "the streamer is gone")
    assert not stage.relay.snapshot().ready
    streamer.leaves(1006)
    assert stage.streamer("A").name == "A"


def test_a_session_ends_after_its_longest_time_streaming_or_not() -> None:
    stage = Stage(max_session=100.0)
    streamer, player = stage.streamer(), stage.player(to="A", lease=("s", 1))
    stage.wait(50.0, living=(streamer, player))
    player.leaves(1006)
    back = stage.player(to="A", lease=("s", 1))
    stage.wait(49.0, living=(streamer, back))
    assert stays(back)
    stage.wait(1.0, living=(streamer, back))
    assert back.port.closing == (1008, "this session's time is over")
    assert stage.host.sessions_ended == [("s", EndedReason.EXPIRED, 100.0)]


def test_a_player_without_a_stream_is_idle_whatever_it_pings() -> None:
    stage = Stage(idle_timeout=20.0)
    stage.streamer()
    player = stage.player()
    for _ in range(19):
        player.says("ping", time=1)
        stage.wait(1.0, living=(player,))
    assert stays(player)
    player.says("ping", time=1)
    stage.wait(1.0, living=(player,))
    assert player.port.closing == (1008, "idle for too long")
    assert stage.host.visits[0][1] is EndedReason.IDLE


def test_a_player_with_a_stream_is_not_idle_for_its_input_is_not_seen_here() -> None:
    stage = Stage(idle_timeout=20.0)
    streamer, player = stage.streamer(), stage.player(to="A")
    player.says("answer", sdp="x")
    stage.wait(100.0, living=(streamer, player))
    assert stays(player)


def test_a_page_that_reports_activity_is_believed_when_it_stops() -> None:
    stage = Stage(idle_timeout=20.0)
    streamer, player = stage.streamer(), stage.player(to="A")
    player.says("answer", sdp="x")
    streamer.hears()
    for _ in range(5):
        player.says("activity")
        stage.wait(15.0, living=(streamer, player))
    assert stays(player)
    assert streamer.hears() == []
    stage.wait(5.0, living=(streamer, player))
    assert player.port.closing == (1008, "idle for too long")


def test_a_streamer_that_ignores_identify_is_named_after_its_time() -> None:
    stage = Stage(silent_streamer=5.0)
    streamer, player = stage.enter(Role.STREAMER), stage.player()
    stage.wait(4.0)
    player.says("listStreamers")
    stage.wait(1.0)
    player.says("listStreamers")
    assert [one["ids"] for one in player.hears()] == [[], ["__LEGACY_STREAMER__1"]]
    streamer.says("endpointId", id="A")
    assert streamer.name == "A"


def test_a_streamer_that_has_named_itself_keeps_its_name() -> None:
    stage = Stage()
    streamer = stage.streamer("A", version=False)
    stage.wait(20.0, living=(streamer,))
    assert streamer.name == "A"


def test_a_streamer_known_to_answer_identify_is_waited_for() -> None:
    stage = Stage(profile="5.5")
    stage.enter(Role.STREAMER)
    stage.wait(20.0)
    assert not stage.relay.snapshot().ready
