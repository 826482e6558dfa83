"""Whatever anybody sends, in any order: nothing is raised, and nobody hears what is not for them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from pixelstream.protocol.messages import Type
from pixelstream.relay import Role, Sfu
from pixelstream.relay.counts import RELAYED_TYPES
from tests.support.stage import Actor, Stage

IDS = st.sampled_from(["1", "2", "3", "4", 1, 2, 3, "A", "B", "SFU", "", None])
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False)
    | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
FIELDS = st.fixed_dictionaries(
    {},
    optional={
        "playerId": IDS | JSON, "PLAYERID": IDS, "playerId\x00": IDS, "sfuId": IDS, "streamerId": IDS | JSON,
        "id": IDS | JSON, "reason": JSON, "time": JSON, "sdp": st.text(max_size=20), "candidate": JSON,
        "action": st.sampled_from(["a", "/b", "http://x", "..", ""]) | JSON, "payload": JSON,
        "TYPE": st.text(max_size=5),
    },
)  # fmt: skip
KINDS = st.sampled_from([*Type, "kick", "", "x"])


@st.composite
def messages(draw: Callable[..., Any]) -> bytes:
    fields = draw(FIELDS)
    if draw(st.booleans()):
        fields["protocolVersion"] = "1.3.0"
    return _dump({"type": draw(KINDS), **fields})


def _dump(value: object) -> bytes:
    try:
        return orjson.dumps(value)
    except TypeError:  # integers beyond 64 bits
        return str(value).encode()


TEXTS = messages() | messages() | messages() | JSON.map(_dump) | st.binary(max_size=40)
ACTORS = st.integers(0, 7)
STEPS = st.lists(
    st.tuples(st.just("says"), ACTORS, TEXTS)
    | st.tuples(st.just("says"), ACTORS, TEXTS)
    | st.tuples(st.just("says"), ACTORS, TEXTS)
    | st.tuples(st.just("leaves"), ACTORS, st.sampled_from([1000, 1001, 1006, 4001]))
    | st.tuples(st.just("enters"), ACTORS, st.sampled_from([None, ("s", 1), ("s", 2), ("t", 1)]))
    | st.tuples(st.just("waits"), ACTORS, st.sampled_from([1, 7, 40])),
    max_size=40,
)
PROFILES = st.sampled_from(["auto", "4.26", "4.27", "5.0", "5.2", "5.5"])

TO_PLAYERS = {
    "config", "streamerIdChanged", "streamerIDChanged", "streamerList", "subscribeFailed", "offer", "answer",
    "iceCandidate", "pong", "peerDataChannels", "playerCount", "response",
}  # fmt: skip
TO_STREAMERS = {
    "config", "identify", "endpointIdConfirm", "playerConnected", "playerDisconnected", "offer", "answer",
    "iceCandidate", "pong", "layerPreference", "dataChannelRequest", "peerDataChannelsReady",
    "streamerDataChannels",
}  # fmt: skip
TO_SFUS = TO_STREAMERS | {"streamerIdChanged", "streamerIDChanged", "streamerList", "streamerDisconnected"}
HEARD = {Role.PLAYER: TO_PLAYERS, Role.STREAMER: TO_STREAMERS, Role.SFU: TO_SFUS}
OF_SFUS = {"layerPreference", "dataChannelRequest", "peerDataChannelsReady"}
NEWER = OF_SFUS | {"playerConnected", "endpointIdConfirm", "streamerDataChannels"}
KILLED_BY = {
    "4.26": NEWER | {"identify", "pong"},
    "4.27": NEWER,
    "5.0": OF_SFUS | {"endpointIdConfirm"},
}


class Theatre:
    """Eight actors of all roles; after each step, what they heard is held against what they may hear."""

    def __init__(self, profile: str) -> None:
        self.profile = profile
        self.stage = Stage(
            profile=profile, seats=4, players_per_streamer=2, control_allow=("**",), message_rate=20
        )
        roles = [Role.STREAMER, Role.STREAMER, Role.SFU, *[Role.PLAYER] * 5]
        self.cast: list[tuple[Role, Actor]] = [(role, self.stage.enter(role)) for role in roles]
        for (_, actor), name in zip(self.cast, ["A", "B", "SFU"], strict=False):
            actor.says("endpointId", id=name)
            actor.hears()

    def step(self, verb: str, index: int, what: Any) -> None:
        role, actor = self.cast[index]
        bonds = self.bonds()
        if verb == "says":
            actor.says_bytes(what)
        elif verb == "leaves":
            actor.leaves(what)
        elif verb == "waits":
            self.stage.wait(what, living=tuple(one for _, one in self.cast[:3]))
        elif role is Role.PLAYER and (actor.port.closing is not None or actor.peer is None):
            self.cast[index] = (role, self.stage.player(lease=what))
        elif actor.port.closing is not None:
            self.cast[index] = (role, self.stage.enter(role))
        self.check(actor, bonds | self.bonds())

    def bonds(self) -> set[tuple[int, int]]:
        """Who is subscribed to whom, as pairs of peers."""
        return {
            (id(streamer), id(who))
            for streamer in self.stage.relay.registry.streamers.values()
            for who in streamer.subscribers.values()
        }

    def check(self, speaker: Actor, bonds: set[tuple[int, int]]) -> None:
        for role, actor in self.cast:
            for message in actor.hears():
                kind = message["type"]
                assert kind in HEARD[role]
                if role is Role.STREAMER:
                    assert kind not in KILLED_BY.get(self.profile, set())
                if kind in RELAYED_TYPES:
                    pair = (id(actor.peer), id(speaker.peer))
                    assert pair in bonds or pair[::-1] in bonds
                    self.check_name(role, speaker, message)

    def check_name(self, role: Role, speaker: Actor, message: dict[str, Any]) -> None:
        assert not {key for key in message if key.lower().rstrip("\0") == "playerid"} - {"playerId"}
        about_another = isinstance(speaker.peer, Sfu) and message["type"] == "streamerDataChannels"
        if role is Role.PLAYER or about_another or not speaker.id:
            return  # a player is told of itself, an SFU by its streamer of any of its players
        expected: str | int = (
            int(speaker.id) if self.profile == "4.26" and role is Role.STREAMER else speaker.id
        )
        assert message["playerId"] == expected
        assert type(message["playerId"]) is type(expected)


@given(profile=PROFILES, steps=STEPS)
@settings(deadline=None, max_examples=300)
def test_nothing_raises_and_nobody_hears_what_is_not_for_them(
    profile: str, steps: list[tuple[str, int, Any]]
) -> None:
    theatre = Theatre(profile)
    for verb, index, what in steps:
        theatre.step(verb, index, what)
    seats = theatre.stage.relay.snapshot()
    assert 0 <= seats.taken <= seats.seats


@given(text=st.binary(max_size=200) | JSON.map(_dump) | messages(), role=st.sampled_from(Role))
@settings(deadline=None, max_examples=500)
def test_no_text_of_any_role_raises_or_closes_anybody(text: bytes, role: Role) -> None:
    stage = Stage()
    cast = {Role.STREAMER: stage.streamer(), Role.SFU: stage.sfu(to="A"), Role.PLAYER: stage.player(to="A")}
    cast[role].says_bytes(text)
    for actor in cast.values():
        if b"disconnectPlayer" not in text:
            assert actor.port.closing is None


@given(text=messages(), deep=st.integers(0, 1500))
@settings(deadline=None, max_examples=200)
def test_no_depth_of_nesting_raises(text: bytes, deep: int) -> None:
    stage = Stage()
    stage.streamer()
    player = stage.player(to="A")
    player.says_bytes(text[:-1] + b',"deep":' + b'{"a":' * deep + b"0" + b"}" * deep + b"}")
    player.says("ping", time=1)
    assert "pong" in player.types()
