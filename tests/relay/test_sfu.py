"""Orders and rights in which Epic's SFU survives; its whole vocabulary is in the transcript 5.5-sfu."""

import pytest

from pixelstream.relay import Drop
from tests.support.stage import Stage


def test_an_sfu_that_loses_its_streamer_hears_of_no_player_it_has_dropped() -> None:
    stage = Stage()
    streamer, sfu = stage.streamer(), stage.sfu(to="A")
    players = [stage.player(to="SFU") for _ in range(3)]
    sfu.hears()
    streamer.leaves(1006)
    for player in players:
        player.leaves(1006)
    assert sfu.types() == ["streamerDisconnected"]
    late = stage.player()
    late.says("listStreamers")
    assert late.hears() == [{"type": "streamerList", "ids": []}]
    assert {player.port.closing for player in players} == {(1012, "the streamer is gone")}


def test_an_sfu_that_stops_streaming_hears_of_no_player_any_more() -> None:
    stage = Stage()
    stage.streamer()
    sfu, player = stage.sfu(to="A"), stage.player(to="SFU")
    sfu.hears()
    sfu.says("stopStreaming")
    player.leaves(1006)
    assert sfu.hears() == []
    assert player.port.closing == (1012, "the streamer is gone")


def test_an_sfu_hears_of_a_player_that_leaves_while_it_streams() -> None:
    stage = Stage()
    stage.streamer()
    sfu, player = stage.sfu(to="A"), stage.player(to="SFU")
    sfu.hears()
    player.leaves()
    assert sfu.hears() == [{"type": "playerDisconnected", "playerId": player.id}]


def test_a_lost_sfu_is_told_to_its_streamer_and_its_players_go() -> None:
    stage = Stage()
    streamer, sfu = stage.streamer(), stage.sfu(to="A")
    behind, direct = stage.player(to="SFU"), stage.player(to="A")
    streamer.hears()
    sfu.leaves(1006)
    assert streamer.hears() == [{"type": "playerDisconnected", "playerId": sfu.id}]
    assert behind.port.closing is not None
    assert direct.port.closing is None


def test_an_sfu_speaks_for_nobody_but_itself_and_its_players() -> None:
    stage = Stage()
    streamer, sfu = stage.streamer(), stage.sfu(to="A")
    stranger = stage.player(to="A")
    streamer.hears()
    sfu.says("answer", sdp="x", playerId=stranger.id)
    sfu.says("streamerDataChannels", playerId=stranger.id, sfuId="9")
    sfu.says("offer", playerId=stranger.id, sdp="x")
    assert streamer.hears() == [{"type": "answer", "sdp": "x", "playerId": sfu.id}]
    assert stranger.hears() == []


def test_sfu_id_is_the_sfus_own_whatever_it_claims() -> None:
    stage = Stage()
    streamer, sfu = stage.streamer(), stage.sfu(to="A")
    player = stage.player(to="SFU")
    streamer.hears()
    sfu.says("streamerDataChannels", playerId=int(player.id), sfuId="9", SFUID="9", sendStreamId=1)
    assert streamer.hears() == [
        {"type": "streamerDataChannels", "playerId": player.id, "sfuId": sfu.id, "sendStreamId": 1}
    ]


def test_an_sfu_does_not_subscribe_to_sfus_nor_to_itself() -> None:
    stage = Stage()
    one, other = stage.sfu("one"), stage.sfu("other")
    one.says("subscribe", streamerId="other")
    one.says("subscribe", streamerId="one")
    one.says("subscribe", streamerId="nobody")
    assert one.hears() == other.hears() == []
    assert stage.relay.counts.dropped[Drop.NOT_SUBSCRIBED] == 3


def test_a_resubscribing_sfu_is_announced_anew() -> None:
    stage = Stage()
    streamer, sfu = stage.streamer(), stage.sfu(to="A")
    streamer.hears()
    sfu.says("subscribe", streamerId="A")
    assert streamer.types() == ["playerDisconnected", "playerConnected"]


def test_an_sfu_without_a_streamer_reaches_nobody() -> None:
    stage = Stage()
    streamer, sfu = stage.streamer(), stage.sfu()
    streamer.hears()
    sfu.says("answer", sdp="x")
    sfu.says("layerPreference")
    assert streamer.hears() == []


@pytest.mark.parametrize("profile", ["4.26", "4.27"])
def test_an_sfu_is_not_announced_to_an_engine_that_dies_of_it(profile: str) -> None:
    stage = Stage(profile=profile)
    streamer = stage.streamer("A", version=False)
    sfu = stage.sfu(to="A")
    sfu.says("answer", sdp="x")
    assert streamer.hears() == []


def test_an_engine_that_turns_out_to_be_old_is_spared_an_sfus_channels() -> None:
    stage = Stage()
    streamer = stage.streamer("A", version=False)
    sfu, page = stage.sfu(to="A"), stage.player()
    behind = stage.player(to="SFU")
    page.says("offer", sdp="x")
    streamer.says("answer", sdp="x", playerId=int(page.id))
    streamer.hears()
    sfu.says("streamerDataChannels", playerId=behind.id)
    assert streamer.hears() == []
    assert stage.relay.counts.dropped[Drop.NOT_UNDERSTOOD] == 1


def test_a_streamers_preference_without_an_sfu_goes_nowhere() -> None:
    stage = Stage()
    streamer, player = stage.streamer(), stage.player(to="A")
    streamer.says("layerPreference", playerId="1", spatialLayer=1)
    assert player.hears() == []
    assert stage.relay.counts.dropped[Drop.NOT_SUBSCRIBED] == 1


def test_a_kicked_sfu_is_closed_and_its_streamer_told() -> None:
    stage = Stage()
    streamer, sfu = stage.streamer(), stage.sfu(to="A")
    streamer.hears()
    streamer.says("disconnectPlayer", playerId=sfu.id, reason="x" * 200)
    assert sfu.port.closing == (1011, "x" * 123)
    assert streamer.types() == ["playerDisconnected"]


def test_a_renamed_streamer_tells_its_sfu() -> None:
    stage = Stage()
    streamer, sfu = stage.streamer(), stage.sfu(to="A")
    sfu.hears()
    streamer.says("endpointId", id="B", protocolVersion="1.3.0")
    assert sfu.hears() == [{"type": "streamerIdChanged", "newID": "B"}]
