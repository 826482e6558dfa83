"""What a signalling server decides, as plain calls: no sockets, no event loop, no clock of its own.

Plug a `Relay` between one `Port` for each socket and one `Host`; pass `now` in seconds of the clock
that `Port.last_seen` is read from, and call `tick` about once a second.
"""

from pixelstream.relay.options import RelayOptions
from pixelstream.relay.peers import Peer, Player, Sfu, Streamer
from pixelstream.relay.ports import ControlRequest, Hello, Host, Lease, Port
from pixelstream.relay.relay import Relay
from pixelstream.relay.reset import ResetPlan
from pixelstream.relay.snapshot import Snapshot
from pixelstream.relay.vocabulary import Drop, Phase, Refusal, ResetOutcome, Role

__all__ = [
    "ControlRequest", "Drop", "Hello", "Host", "Lease", "Peer", "Phase", "Player", "Port", "Refusal", "Relay",
    "RelayOptions", "ResetOutcome", "ResetPlan", "Role", "Sfu", "Snapshot", "Streamer",
]  # fmt: skip
