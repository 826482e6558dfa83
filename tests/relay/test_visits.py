"""The phases of a visit, as the host measures them."""

from collections.abc import Callable

from pixelstream.protocol.control import EndedReason
from pixelstream.relay import Phase
from tests.support.stage import OPTIONS, Stage


def test_a_visit_is_told_phase_by_phase_with_its_times() -> None:
    stage = Stage()
    streamer = stage.streamer()
    stage.host.prompt = False
    player = stage.player()
    peer = player.peer
    assert peer is not None
    steps: list[Callable[[], None]] = [
        lambda: stage.relay.configure(peer, OPTIONS, stage.now),
        lambda: player.says("subscribe", streamerId="A"),
        lambda: streamer.says("offer", playerId="1", sdp="x"),
        lambda: player.says("answer", sdp="x"),
        lambda: streamer.says("iceCandidate", playerId="1"),
        lambda: player.says("iceCandidate"),
    ]
    for step in steps:
        stage.now += 0.25
        step()
        step()
    assert stage.host.phases == [
        ("1", Phase.CONFIG, 0.25, 0.25),
        ("1", Phase.SUBSCRIBED, 0.5, 0.25),
        ("1", Phase.SUBSCRIBED, 0.5, 0.0),
        ("1", Phase.OFFER, 0.75, 0.25),
        ("1", Phase.ANSWER, 1.0, 0.25),
        ("1", Phase.STREAMER_ICE, 1.25, 0.25),
        ("1", Phase.PLAYER_ICE, 1.5, 0.25),
    ]
    stage.now += 10.0
    player.leaves()
    assert stage.host.visits == [("1", EndedReason.LEFT, 11.5)]


def test_subscribing_again_begins_the_phases_anew() -> None:
    stage = Stage()
    streamer, player = stage.streamer(), stage.player(to="A")
    for _ in range(2):
        streamer.says("offer", playerId="1", sdp="x")
        player.says("subscribe", streamerId="A")
    assert [phase for _, phase, _, _ in stage.host.phases].count(Phase.OFFER) == 2
    assert [phase for _, phase, _, _ in stage.host.phases].count(Phase.CONFIG) == 1


def test_an_offering_page_has_the_same_phases() -> None:
    stage = Stage(profile="4.27")
    streamer = stage.streamer(version=False)
    player = stage.player()
    player.says("offer", sdp="x")
    streamer.says("answer", playerId=1, sdp="x")
    phases = [phase for _, phase, _, _ in stage.host.phases]
    assert phases == [Phase.CONFIG, Phase.SUBSCRIBED, Phase.OFFER, Phase.ANSWER]


def test_each_visit_ends_once_with_its_reason() -> None:
    stage = Stage()
    streamer = stage.streamer()
    kicked, lost, left = stage.player(to="A"), stage.player(to="A"), stage.player()
    streamer.says("disconnectPlayer", playerId=kicked.id)
    streamer.leaves(1006)
    left.leaves(1006)
    for player in (kicked, lost, left):
        player.leaves(1006)
    assert [(who, reason) for who, reason, _ in stage.host.visits] == [
        ("1", EndedReason.KICKED), ("2", EndedReason.STREAMER_LOST), ("3", EndedReason.LEFT),
    ]  # fmt: skip
