"""What kills other servers, engines or SFUs, and must not kill anything here."""

import pytest

from pixelstream.relay import Drop, Role
from tests.support.stage import Actor, Stage

POISON = [
    b"null", b"[]", b"[null]", b"0", b'""', b"{}", b"", b"{", b"\xff\xfe", b"\x00", b'{"type":null}',
    b'{"type":"offer"', b'{"type":{"a":1}}', b'{"type":"offer","playerId":1e999}', b"[" * 100_000,
    b'{"type":"offer","x":' + b"[" * 1000 + b"]" * 1000 + b"}",
    b'{"type":"offer","x":' + b'{"a":' * 300 + b"1" + b"}" * 301,
    b'{"type":"ping","time":' + b"9" * 400 + b"}",
]  # fmt: skip


def everybody(stage: Stage) -> dict[Role, Actor]:
    streamer = stage.streamer()
    return {Role.STREAMER: streamer, Role.SFU: stage.sfu(to="A"), Role.PLAYER: stage.player(to="A")}


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("poison", POISON, ids=range(len(POISON)))
def test_poison_is_dropped_and_its_sender_stays(role: Role, poison: bytes) -> None:
    stage = Stage()
    peers = everybody(stage)
    for peer in peers.values():
        peer.hears()
    peers[role].says_bytes(poison)
    for peer in peers.values():
        assert peer.hears() == []
        assert peer.port.closing is None
    peers[role].says("ping", time=1)
    assert peers[role].types() == ["pong"]


def test_numbers_beyond_64_bits_pass_without_harm() -> None:
    stage = Stage()
    streamer, player = stage.streamer(), stage.player(to="A")
    streamer.hears()
    player.says_bytes(b'{"type":"answer","sdp":"x","minBitrateBps":123456789012345678901234567890}')
    player.says_bytes(b'{"type":"ping","time":18446744073709551616}')
    assert streamer.types() == ["answer"]
    assert player.hears() == [{"type": "pong", "time": 1.8446744073709552e19}]


@pytest.mark.parametrize("kind", ["offer", "answer", "iceCandidate", "layerPreference", "dataChannelRequest"])
def test_an_unsubscribed_players_message_finds_the_first_streamer(kind: str) -> None:
    stage = Stage()
    streamer, player = stage.streamer(), stage.player()
    player.says(kind)
    assert streamer.types() == ["playerConnected", kind]


@pytest.mark.parametrize(
    "kind", ["offer", "answer", "iceCandidate", "layerPreference", "peerDataChannelsReady"]
)
def test_an_unsubscribed_players_message_to_a_full_streamer_is_refused_in_words(kind: str) -> None:
    stage = Stage(players_per_streamer=1)
    streamer = stage.streamer()
    stage.player(to="A")
    streamer.hears()
    late = stage.player()
    late.says(kind)
    assert late.hears() == [{"type": "subscribeFailed", "message": "Streamer A is full. Max players = 1."}]
    assert streamer.hears() == []
    assert late.port.closing is None


def test_an_unsubscribed_players_message_without_any_streamer_closes_it_so_that_it_comes_back() -> None:
    stage = Stage()
    player = stage.player()
    player.says("offer", sdp="x")
    assert player.port.closing == (1013, "Streamer is not connected")


def test_an_unsubscribed_player_is_not_given_a_streamer_that_has_not_named_itself() -> None:
    stage = Stage()
    unnamed = stage.enter(Role.STREAMER)
    unnamed.hears()
    named, player = stage.streamer("B"), stage.player()
    player.says("offer", sdp="x")
    assert unnamed.hears() == []
    assert named.types() == ["playerConnected", "offer"]


def test_a_late_candidate_does_not_bring_back_who_has_unsubscribed() -> None:
    stage = Stage()
    streamer, player = stage.streamer(), stage.player(to="A")
    player.says("unsubscribe")
    streamer.hears()
    player.says("iceCandidate", candidate=None)
    assert streamer.hears() == []
    assert stage.relay.counts.dropped[Drop.NOT_SUBSCRIBED] == 1


def test_what_a_closed_peer_still_sends_is_ignored() -> None:
    stage = Stage()
    streamer, player = stage.streamer(), stage.player(to="A")
    streamer.says("disconnectPlayer", playerId="1")
    streamer.hears()
    player.says("answer", sdp="x")
    player.says("subscribe", streamerId="A")
    player.leaves(1006)
    assert streamer.hears() == []
    assert len(stage.host.visits) == 1


def test_a_player_that_sends_too_much_is_closed_alone() -> None:
    stage = Stage(message_rate=10)
    streamer, player, other = stage.streamer(), stage.player(to="A"), stage.player(to="A")
    for _ in range(20):
        player.says("ping", time=1)
    assert player.port.closing == (1008, "too many messages")
    assert other.port.closing is streamer.port.closing is None
    assert stage.relay.counts.dropped[Drop.TOO_FAST] == 1


def test_the_rate_is_counted_by_the_second() -> None:
    stage = Stage(message_rate=10)
    player = stage.player()
    for _ in range(5):
        for _ in range(9):
            player.says("ping", time=1)
        stage.now += 1.0
    assert player.port.closing is None
