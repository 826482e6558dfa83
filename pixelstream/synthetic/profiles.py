"""What the streamers of each generation of Unreal Engine understand, and how they take what they don't.

A table of facts, so that a signalling server which gets one of them wrong is told just as the engine
would tell it: by a closed socket.
"""

from dataclasses import dataclass, field
from typing import Final

from pixelstream.settings.streamer import Profile

_BASE: Final = frozenset({"config", "offer", "answer", "iceCandidate", "playerDisconnected"})
_UE427: Final = _BASE | {"identify", "pong", "playerCount"}
_UE50: Final = _UE427 | {"ping", "playerConnected", "streamerDataChannels", "peerDataChannels"}
_UE52: Final = _UE50 | {"streamerList"}
_UE55: Final = _UE52 | {"endpointIdConfirm", "disconnectPlayer", "layerPreference", "streamerDisconnected"}

BAD_MESSAGE: Final = 4000
"""Close code for what cannot be read or lacks what it needs (UE 4.25 to 5.1)."""


@dataclass(frozen=True, slots=True)
class Traits:
    """How one generation behaves.

    `unknown_close` is the code that it closes with on a message type it doesn't know, None if it only
    logs that. `ping_seconds` is how often it sends `ping`, 0 never. `offers` tells who makes the offer.
    """

    accepts: frozenset[str]
    unknown_close: int | None
    offers: bool
    ping_seconds: float = 0.0
    integer_ids: bool = True
    needs_config_field: bool = True
    announces_protocol: bool = False
    subprotocols: tuple[str, ...] = field(default=())


TRAITS: Final[dict[Profile, Traits]] = {
    "4.26": Traits(_BASE | {"playerCount"}, unknown_close=4001, offers=False, subprotocols=("ws",)),
    "4.27": Traits(_UE427, unknown_close=4001, offers=False, ping_seconds=60.0),
    "5.0": Traits(_UE50, unknown_close=4000, offers=True, ping_seconds=60.0),
    "5.2": Traits(
        _UE52,
        unknown_close=None,
        offers=True,
        ping_seconds=60.0,
        needs_config_field=False,
        announces_protocol=True,
    ),
    "5.5": Traits(
        _UE55,
        unknown_close=None,
        offers=True,
        ping_seconds=30.0,
        integer_ids=False,
        needs_config_field=False,
        announces_protocol=True,
    ),
}
