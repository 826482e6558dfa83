"""What the owner of a relay can choose. All durations are seconds, 0 switches a limit off.

The trap: `profile` names what the *streamers* understand; with `auto` each streamer is judged by
what it shows on the wire (`pixelstream.protocol.profiles` tells what that can and can't reveal).
"""

from dataclasses import dataclass, field
from typing import Literal

from pixelstream.relay.reset import ResetPlan

LeasePolicy = Literal["optional", "required"]


@dataclass(frozen=True, slots=True)
class RelayOptions:
    """Limits and habits of one relay."""

    profile: str = "auto"
    """`auto`, `4.26`, `4.27`, `5.0`, `5.2` or `5.5`."""
    seats: int = 1
    """Players that may be here at once, leases and guests together."""
    first_player: int = 1
    """Id of the first player; those of a process that died may still have pictures at the streamer."""
    lease_policy: LeasePolicy = "optional"
    """`required` refuses players without a lease."""
    players_per_streamer: int = 0
    """Subscribers that one streamer may have; beyond it `subscribeFailed` says so."""
    reconnect_grace: float = 60.0
    """How long a leased seat is held after its socket broke without a goodbye."""
    idle_timeout: float = 0.0
    """How long a player may stay without a stream, or without `activity` once it has sent that."""
    max_session: float = 0.0
    """How long a player may stay at all."""
    keepalive_interval: float = 10.0
    """Silence after which a peer is pinged; 0 pings and reaps nobody."""
    keepalive_timeout: float = 30.0
    """Silence after which a peer is taken for dead."""
    config_timeout: float = 5.0
    """How long the host may take to configure a peer before the fallback goes out."""
    fallback_options: bytes = b'{"iceServers":[]}'
    """RTCConfiguration as JSON for a peer that the host did not configure in time."""
    silent_streamer: float = 5.0
    """How long a streamer may leave `identify` unanswered before it is given a name."""
    message_rate: int = 1000
    """Messages that a player may send in a second; beyond it the player is closed with 1008."""
    held_messages: int = 32
    """Messages kept of a peer whose `config` is not out yet."""
    held_bytes: int = 65536
    """Their size together."""
    control_allow: tuple[str, ...] = ()
    """Paths of the streamer's REST API that players may ask for (`pixelstream.relay.bridge`)."""
    control_pending: int = 4
    """Unanswered `control` requests that a player may have."""
    reset: ResetPlan = field(default_factory=ResetPlan)
    """What is done to the streamer before its next player."""
