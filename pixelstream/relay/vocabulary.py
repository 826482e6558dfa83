"""Words that relay, host and metrics share: roles, phases of a visit, refusals, outcomes.

Each is an Enum, so that a metric's series can exist before its first event. Why a session *ended* and
why a claim was refused are words of the control link (`pixelstream.protocol.control`).
"""

from enum import StrEnum


class Role(StrEnum):
    """Which port a peer came in by."""

    STREAMER = "streamer"
    PLAYER = "player"
    SFU = "sfu"


class Phase(StrEnum):
    """The steps of a player's visit, in the order of the usual one."""

    CONFIG = "config"
    SUBSCRIBED = "subscribed"
    OFFER = "offer"
    ANSWER = "answer"
    STREAMER_ICE = "streamer_ice"
    PLAYER_ICE = "player_ice"


class Refusal(StrEnum):
    """Why a player was turned away at the door."""

    FULL = "full"
    DRAINING = "draining"
    NO_STREAMER = "no_streamer"
    NO_LEASE = "no_lease"
    OUTRUN = "outrun"


class Drop(StrEnum):
    """Why a message went nowhere."""

    MALFORMED = "malformed"
    UNKNOWN_TYPE = "unknown_type"
    NOT_UNDERSTOOD = "not_understood"
    """The target's engine would hang up on a message of that type."""
    NO_SUCH_PLAYER = "no_such_player"
    NOT_SUBSCRIBED = "not_subscribed"
    OVERFLOW = "overflow"
    TOO_FAST = "too_fast"


class ResetOutcome(StrEnum):
    """How a reset between two players ended; `cancelled`: the server drains, so nobody comes next."""

    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
