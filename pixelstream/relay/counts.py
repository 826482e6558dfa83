"""Plain counters of a relay, read by whoever exports metrics. They only ever grow.

Dictionaries of ints, every key there from the start: one addition for each message is all they cost.
"""

from pixelstream.protocol.messages import Type
from pixelstream.relay.vocabulary import Drop, Refusal, ResetOutcome

RELAYED_TYPES = (
    Type.OFFER, Type.ANSWER, Type.ICE_CANDIDATE, Type.LAYER_PREFERENCE, Type.DATA_CHANNEL_REQUEST,
    Type.PEER_DATA_CHANNELS, Type.STREAMER_DATA_CHANNELS, Type.PEER_DATA_CHANNELS_READY,
)  # fmt: skip
"""Types that pass from peer to peer."""


class Counts:
    """Counters of one relay.

    Attributes:
        relayed: messages passed from peer to peer, by type.
        dropped: messages that went nowhere, by reason.
        refused: players turned away, by reason.
        resets: resets between players, by outcome.
    """

    __slots__ = ("dropped", "refused", "relayed", "resets")

    def __init__(self) -> None:
        self.relayed: dict[str, int] = {kind.value: 0 for kind in RELAYED_TYPES}
        self.dropped: dict[Drop, int] = dict.fromkeys(Drop, 0)
        self.refused: dict[Refusal, int] = dict.fromkeys(Refusal, 0)
        self.resets: dict[ResetOutcome, int] = dict.fromkeys(ResetOutcome, 0)
