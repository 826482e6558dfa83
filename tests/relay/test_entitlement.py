"""Who may say what to whom."""

import orjson
import pytest

from pixelstream.relay import Drop
from tests.support.stage import Stage


@pytest.mark.parametrize(
    "spoof",
    [
        {"playerId": "2"},
        {"playerId": 2},
        {"playerId": None},
        {"playerId": ["2"]},
        {"PLAYERID": "2"},
        {"playerId\x00": "2"},
    ],
)
def test_a_player_speaks_in_its_own_name_whatever_it_claims(spoof: dict[str, object]) -> None:
    stage = Stage()
    streamer, player = stage.streamer(), stage.player(to="A")
    stage.player(to="A")
    streamer.hears()
    player.says("answer", sdp="x", **spoof)
    assert streamer.hears() == [{"type": "answer", "sdp": "x", "playerId": "1"}]


def test_a_repeated_or_escaped_player_id_is_overwritten_too() -> None:
    stage = Stage()
    streamer, player = stage.streamer(), stage.player(to="A")
    streamer.hears()
    player.says_bytes(b'{"type":"answer","playerId":"2","sdp":"x","player\\u0049d":"3","playerId":"4"}')
    assert streamer.hears_bytes() == [b'{"type":"answer","playerId":"1","sdp":"x"}']


def test_a_nested_player_id_is_the_players_own_affair() -> None:
    stage = Stage()
    streamer, player = stage.streamer(), stage.player(to="A")
    streamer.hears()
    player.says("iceCandidate", candidate={"playerId": "2"})
    assert streamer.hears() == [{"type": "iceCandidate", "candidate": {"playerId": "2"}, "playerId": "1"}]


def test_unknown_fields_and_key_order_reach_the_streamer() -> None:
    stage = Stage()
    streamer, player = stage.streamer(), stage.player(to="A")
    streamer.hears()
    player.says_bytes(b' {"x":[1,{"y":2.5}], "playerId":"", "type":"answer","sdp":"\\r\\n\xc3\xa9"} ')
    assert streamer.hears_bytes() == [
        b'{"x":[1,{"y":2.5}],"playerId":"1","type":"answer","sdp":"\\r\\n\xc3\xa9"}'
    ]


@pytest.mark.parametrize("kind", ["offer", "answer", "iceCandidate"])
def test_a_streamer_reaches_its_own_subscribers_only(kind: str) -> None:
    stage = Stage()
    one, other = stage.streamer("A"), stage.streamer("B")
    player, idle = stage.player(to="A"), stage.player()
    other.says(kind, playerId="1")
    one.says(kind, playerId="2")
    assert player.hears() == idle.hears() == []
    assert stage.relay.counts.dropped[Drop.NOT_SUBSCRIBED] == 2
    one.says(kind, playerId="1")
    assert player.types() == [kind]


@pytest.mark.parametrize("player_id", ["9", 9, None, True, 1.0, [], {}, "", " 1", "01"])
def test_a_streamer_that_names_nobody_reaches_nobody(player_id: object) -> None:
    stage = Stage()
    streamer, player = stage.streamer(), stage.player(to="A")
    streamer.says("offer", playerId=player_id)
    streamer.says("disconnectPlayer", playerId=player_id)
    streamer.says("offer")
    assert player.hears() == []
    assert player.port.closing is None
    assert stage.relay.counts.dropped[Drop.NO_SUCH_PLAYER] == 3


def test_a_streamer_may_name_its_player_by_number() -> None:
    stage = Stage()
    streamer, player = stage.streamer(), stage.player(to="A")
    streamer.says("offer", playerId=1, sdp="x")
    assert player.types() == ["offer"]


def test_a_streamer_disconnects_its_own_subscribers_only() -> None:
    stage = Stage()
    stage.streamer("A")
    other, player = stage.streamer("B"), stage.player(to="A")
    other.says("disconnectPlayer", playerId="1", reason="mine now")
    assert player.port.closing is None


def test_disconnect_player_closes_with_1011_and_a_reason_that_fits() -> None:
    stage = Stage()
    streamer, player, other = stage.streamer(), stage.player(to="A"), stage.player(to="A")
    streamer.hears()
    streamer.says("disconnectPlayer", playerId="1", reason="x" * 500)
    streamer.says("disconnectPlayer", playerId="2", reason=7)
    assert player.port.closing == (1011, "x" * 123)
    assert other.port.closing == (1011, "kicked")
    assert streamer.types() == ["playerDisconnected", "playerDisconnected"]


PLAYER_MAY_NOT = [
    "config", "identify", "endpointId", "endpointIdConfirm", "streamerList", "playerConnected",
    "playerDisconnected", "disconnectPlayer", "startStreaming", "stopStreaming", "streamerDataChannels",
    "peerDataChannels", "streamerDisconnected", "playerCount", "kick", "response", "sigterm", "__proto__", "",
]  # fmt: skip


@pytest.mark.parametrize("kind", PLAYER_MAY_NOT)
def test_what_a_player_may_not_say_goes_nowhere_and_costs_nothing(kind: str) -> None:
    stage = Stage()
    streamer, player, other = stage.streamer(), stage.player(to="A"), stage.player(to="A")
    streamer.hears()
    player.says(kind, playerId="2", id="A", count=1)
    assert streamer.hears() == player.hears() == other.hears() == []
    assert player.port.closing is other.port.closing is None
    assert stage.relay.counts.dropped[Drop.UNKNOWN_TYPE] == 1


@pytest.mark.parametrize(
    "kind", ["config", "subscribe", "listStreamers", "startStreaming", "peerDataChannels", "x"]
)
def test_what_a_streamer_may_not_say_goes_nowhere_and_costs_nothing(kind: str) -> None:
    stage = Stage()
    streamer, player = stage.streamer(), stage.player(to="A")
    streamer.hears()
    streamer.says(kind, playerId="1", streamerId="A")
    assert streamer.hears() == player.hears() == []
    assert streamer.port.closing is None


def test_a_players_preference_reaches_its_streamer_under_its_own_id() -> None:
    stage = Stage()
    streamer, player = stage.streamer(), stage.player(to="A")
    streamer.hears()
    player.says("layerPreference", spatialLayer=1, temporalLayer=0, playerId="9")
    assert streamer.hears() == [
        {"type": "layerPreference", "spatialLayer": 1, "temporalLayer": 0, "playerId": "1"}
    ]


def test_relayed_messages_are_counted_by_type() -> None:
    stage = Stage()
    streamer, player = stage.streamer(), stage.player(to="A")
    player.says("answer", sdp="x")
    streamer.says("iceCandidate", playerId="1", candidate=None)
    player.says("iceCandidate", candidate=None)
    counts = stage.relay.counts.relayed
    assert (counts["answer"], counts["iceCandidate"], counts["offer"]) == (1, 2, 0)


def test_text_is_relayed_as_the_same_text() -> None:
    stage = Stage()
    streamer, player = stage.streamer(), stage.player(to="A")
    sdp = 'v=0\r\no=- \U0001f600 \u2028 </script> \\ " \x7f\r\n' * 50
    streamer.hears()
    player.says("answer", sdp=sdp)
    assert orjson.loads(streamer.hears_bytes()[0])["sdp"] == sdp
