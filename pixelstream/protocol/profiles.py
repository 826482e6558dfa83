"""What each generation of Unreal understands, and how a streamer's generation shows on the wire.

Unreal up to 5.1 hangs up on a message whose type it does not know, so the wrong greeting ends a
stream. A profile says what a streamer may be sent; `auto` starts cautious and learns:

* A streamer that offers the subprotocol "ws" is 4.26 (or 4.25): only they do.
* `endpointId` with a `protocolVersion` means 5.5 or later. Without one it is 4.27 to 5.4, and which
  of them can't be read from it: `endpointIdConfirm`, which kills those up to 5.1, is not sent.
* A player that sends an `offer` without having subscribed has a page of 4.26 or 4.27. Its streamer
  isn't told `playerConnected`, which kills 4.27; if that streamer answers, and has never offered, it
  is 4.27 from then on.
* A streamer that hangs up with 4001 after a `playerConnected` was 4.27; its next connection is
  treated so.
* A streamer that leaves `identify` unanswered is given a name, so that it can be subscribed to.

What can't be told: a page of 5.0 or 5.1 says nothing and waits for an offer, as does a page that
waits for its user. Nobody is subscribed on that ground: those engines need `profile: "5.0"`. Nor can
a 4.27 streamer survive its first front end of 5.2 or later, unless `profile: "4.27"` says so before.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pixelstream.protocol.messages import Type

NEGOTIATION = frozenset({Type.OFFER.value, Type.ANSWER.value, Type.ICE_CANDIDATE.value})
"""What every streamer understands from a player."""
ANYTHING = NEGOTIATION | {
    Type.LAYER_PREFERENCE.value, Type.DATA_CHANNEL_REQUEST.value, Type.PEER_DATA_CHANNELS_READY.value,
}  # fmt: skip
"""What a player may send to a streamer that only logs what it does not know."""
LEGACY_SUBPROTOCOL = "ws"


@dataclass(frozen=True, slots=True)
class Profile:
    """What a streamer of one generation is told, and what its players expect."""

    name: str
    accepts: frozenset[str] = NEGOTIATION
    """Types that may be relayed to it from players."""
    channels: bool = False
    """Whether it knows `streamerDataChannels` of an SFU."""
    identify: bool = True
    confirm: bool = False
    """Whether `endpointIdConfirm` is sent."""
    announce: bool = True
    """Whether `playerConnected` is sent."""
    send_offer: bool = False
    """Whether `playerConnected` carries `sendOffer`."""
    pong: bool = True
    single: bool = False
    """Up to 5.1: one streamer alone, there from its connection on; players without one are refused,
    and attached to it without having asked."""
    player_count: bool = False
    """Whether players are told `playerCount`."""
    numeric_ids: bool = False
    """Whether `playerId` is written as a number."""
    keep_player_id: bool = False
    """Whether players see their `playerId` in what the streamer sends (from 5.7 on)."""
    name_silent: bool = False
    """Whether a streamer that leaves `identify` unanswered is given a name."""
    renamed: tuple[str, ...] = (Type.STREAMER_ID_CHANGED.value,)
    """Spellings of `streamerIdChanged` that players are sent."""
    version: bool = False
    """Whether `config` names the protocol's version."""


RENAMED_5_4 = "streamerIDChanged"

P426 = Profile(
    "4.26",
    identify=False,
    announce=False,
    pong=False,
    single=True,
    player_count=True,
    numeric_ids=True,
    renamed=(),
)
P427 = Profile("4.27", announce=False, single=True, player_count=True, renamed=())
P50 = Profile("5.0", channels=True, single=True, player_count=True, renamed=())
P52 = Profile(
    "5.2", accepts=ANYTHING, channels=True, send_offer=True, name_silent=True, renamed=(RENAMED_5_4,)
)
P55 = Profile("5.5", accepts=ANYTHING, channels=True, confirm=True, keep_player_id=True, version=True)
AUTO = Profile(
    "auto", channels=True, send_offer=True, name_silent=True,
    renamed=(Type.STREAMER_ID_CHANGED.value, RENAMED_5_4), version=True,
)  # fmt: skip

PROFILES = {profile.name: profile for profile in (AUTO, P426, P427, P50, P52, P55)}


def at_connect(start: Profile, subprotocols: Sequence[str]) -> Profile:
    """Judge a streamer that just connected by the subprotocols it offered.

    Args:
        start: what is believed before: `AUTO`, or what an earlier connection taught.
        subprotocols: those offered.
    """
    return P426 if LEGACY_SUBPROTOCOL in subprotocols else start


def at_endpoint_id(current: Profile, message: Mapping[str, object]) -> Profile:
    """Judge a streamer by its `endpointId`; `current` is what it was judged before, not chosen."""
    return P55 if "protocolVersion" in message else current
