import pytest

from tests.support.stage import Stage


def test_subscribing_announces_the_player_and_says_nothing_to_it() -> None:
    stage = Stage()
    streamer, player = stage.streamer(), stage.player()
    player.says("subscribe", streamerId="A")
    assert player.hears() == []
    assert streamer.hears() == [
        {"type": "playerConnected", "playerId": "1", "dataChannel": True, "sfu": False}
    ]


@pytest.mark.parametrize(
    ("wanted", "shown"), [("X", "X"), (None, ""), (7, ""), (["A"], ""), ({}, ""), ("x" * 999, "x" * 128)]
)
def test_subscribing_to_nobody_fails_in_words(wanted: object, shown: str) -> None:
    stage = Stage()
    stage.streamer()
    player = stage.player()
    player.says("subscribe", streamerId=wanted)
    assert player.hears() == [{"type": "subscribeFailed", "message": f"Streamer {shown} does not exist."}]


def test_failing_to_subscribe_elsewhere_keeps_the_subscription() -> None:
    stage = Stage()
    streamer, player = stage.streamer(), stage.player(to="A")
    streamer.hears()
    player.says("subscribe", streamerId="X")
    player.says("answer", sdp="x")
    assert streamer.types() == ["answer"]


def test_subscribing_again_unsubscribes_first() -> None:
    stage = Stage()
    one, other, player = stage.streamer("A"), stage.streamer("B"), stage.player(to="A")
    one.hears()
    player.says("subscribe", streamerId="A")
    assert one.types() == ["playerDisconnected", "playerConnected"]
    player.says("subscribe", streamerId="B")
    assert one.types() == ["playerDisconnected"]
    assert other.types() == ["playerConnected"]


def test_a_full_streamer_says_so_and_has_room_again_after_a_leave() -> None:
    stage = Stage(players_per_streamer=1)
    stage.streamer()
    first, second = stage.player(to="A"), stage.player()
    second.says("subscribe", streamerId="A")
    assert second.hears() == [{"type": "subscribeFailed", "message": "Streamer A is full. Max players = 1."}]
    first.says("subscribe", streamerId="A")
    assert first.hears() == []
    first.leaves()
    second.says("subscribe", streamerId="A")
    assert second.hears() == []


def test_an_sfu_takes_no_players_place() -> None:
    stage = Stage(players_per_streamer=1)
    stage.streamer()
    stage.sfu(to="A")
    player = stage.player()
    player.says("subscribe", streamerId="A")
    assert player.hears() == []


def test_unsubscribing_tells_the_streamer_alone_and_once() -> None:
    stage = Stage()
    streamer, player = stage.streamer(), stage.player(to="A")
    streamer.hears()
    player.says("unsubscribe")
    player.says("unsubscribe")
    assert streamer.hears() == [{"type": "playerDisconnected", "playerId": "1"}]
    assert player.hears() == []


@pytest.mark.parametrize("code", [1000, 1001, 1005, 1006, 1011, 4000])
def test_a_guests_closed_socket_is_told_to_its_streamer(code: int) -> None:
    stage = Stage()
    streamer, player = stage.streamer(), stage.player(to="A")
    streamer.hears()
    player.leaves(code)
    assert streamer.hears() == [{"type": "playerDisconnected", "playerId": "1"}]


def test_a_lost_streamer_sends_its_own_players_home_to_come_back() -> None:
    stage = Stage()
    streamer, other = stage.streamer("A"), stage.streamer("B")
    mine, idle, theirs = stage.player(to="A"), stage.player(), stage.player(to="B")
    other.hears()
    streamer.leaves(1006)
    assert mine.port.closing == (1012, "the streamer is gone")
    assert idle.port.closing is theirs.port.closing is None
    assert idle.hears() == theirs.hears() == other.hears() == []


def test_ping_is_answered_by_the_server_and_not_relayed() -> None:
    stage = Stage()
    streamer, player = stage.streamer(), stage.player(to="A")
    streamer.hears()
    player.says("ping", time=2**40)
    player.says("ping")
    streamer.says("ping", time=1.25)
    assert player.hears() == [{"type": "pong", "time": 2**40}, {"type": "pong", "time": 0}]
    assert streamer.hears() == [{"type": "pong", "time": 1.25}]


def test_stats_and_pong_are_taken_without_a_word() -> None:
    stage = Stage()
    streamer, player = stage.streamer(), stage.player(to="A")
    streamer.hears()
    player.says("stats", data="x")
    player.says("pong", time=1)
    streamer.says("pong", time=1)
    assert streamer.hears() == player.hears() == []
    assert set(stage.relay.counts.dropped.values()) == {0}
