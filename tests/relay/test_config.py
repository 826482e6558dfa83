"""The order of what a peer is told first, and what becomes of what it says before."""

import pytest

from pixelstream.protocol.ice import IceError
from pixelstream.relay import Drop, Role
from tests.support.stage import OPTIONS, Stage


def slow(**options: object) -> Stage:
    stage = Stage(**options)
    stage.host.prompt = False
    return stage


def configure(stage: Stage) -> None:
    for peer in stage.host.wanting:
        stage.relay.configure(peer, OPTIONS, stage.now)
    stage.host.wanting.clear()


def test_a_streamer_hears_identify_at_once_and_config_when_it_is_there() -> None:
    stage = slow()
    streamer = stage.enter(Role.STREAMER)
    assert streamer.types() == ["identify"]
    configure(stage)
    assert streamer.types() == ["config"]


def test_a_player_hears_nothing_before_config() -> None:
    stage = slow()
    player = stage.player()
    player.says("listStreamers")
    assert player.hears() == []
    configure(stage)
    assert player.types() == ["config", "streamerList"]


def test_what_was_said_before_config_is_done_in_order() -> None:
    stage = slow()
    streamer = stage.enter(Role.STREAMER)
    streamer.says("endpointId", id="A", protocolVersion="1.3.0")
    player = stage.player()
    player.says("subscribe", streamerId="A")
    player.says("iceCandidate", candidate=None)
    configure(stage)
    assert streamer.types() == ["identify", "config", "endpointIdConfirm", "playerConnected", "iceCandidate"]


def test_a_ping_needs_no_config() -> None:
    stage = slow()
    player = stage.player()
    player.says("ping", time=1)
    assert player.types() == ["pong"]


def test_what_waits_for_config_is_bounded() -> None:
    stage = slow(held_messages=3)
    player = stage.player()
    for _ in range(4):
        player.says("listStreamers")
    assert player.port.closing == (1008, "too many messages before config")
    large = stage.player()
    large.says("offer", sdp="x" * 70_000)
    assert large.port.closing is not None
    streamer = stage.enter(Role.STREAMER)
    for _ in range(5):
        streamer.says("endpointId", id="A")
    assert streamer.port.closing is None
    assert stage.relay.counts.dropped[Drop.OVERFLOW] == 4


def test_a_host_that_is_too_slow_is_replaced_by_the_fallback() -> None:
    stage = slow(config_timeout=5.0, fallback_options=b'{"iceServers":[{"urls":["stun:x"]}]}')
    streamer, player = stage.enter(Role.STREAMER), stage.player()
    streamer.hears()
    stage.wait(4.0)
    assert player.hears() == streamer.hears() == []
    stage.wait(1.0)
    assert player.hears()[0]["peerConnectionOptions"] == {"iceServers": [{"urls": ["stun:x"]}]}
    assert streamer.types() == ["config"]
    configure(stage)
    assert player.types() == ["config"]


def test_a_fresh_config_goes_to_a_streamer_at_any_time() -> None:
    stage = Stage()
    streamer = stage.streamer()
    assert streamer.peer is not None
    stage.relay.configure(streamer.peer, b'{"iceServers":[{"urls":"turn:new"}]}', stage.now)
    assert streamer.hears()[0]["peerConnectionOptions"] == {"iceServers": [{"urls": ["turn:new"]}]}


def test_a_config_for_who_is_gone_is_too_late() -> None:
    stage = slow()
    player = stage.player()
    player.leaves()
    configure(stage)
    assert player.hears() == []


def test_options_that_are_none_are_refused_and_the_peer_waits_on() -> None:
    stage = slow()
    player = stage.player()
    assert player.peer is not None
    with pytest.raises(IceError):
        stage.relay.configure(player.peer, b"[]", stage.now)
    assert player.hears() == []
    configure(stage)
    assert player.types() == ["config"]
