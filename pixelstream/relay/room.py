"""What all parts of a relay share: its peers, seats, counters, host, and what it believes of the engine.

The trap: with profile `auto` the belief may change while players are here; ask `player_profile` anew.
"""

from __future__ import annotations

from pixelstream.protocol import profiles
from pixelstream.protocol.control import EndedReason
from pixelstream.protocol.profiles import Profile
from pixelstream.relay.bridge import Bridge
from pixelstream.relay.counts import Counts
from pixelstream.relay.options import RelayOptions
from pixelstream.relay.peers import Player
from pixelstream.relay.ports import Host
from pixelstream.relay.registry import Registry
from pixelstream.relay.reset import Reset
from pixelstream.relay.seats import Seat, Seats
from pixelstream.relay.vocabulary import Drop, Phase

PHASE_BITS = {phase: 1 << index for index, phase in enumerate(Phase)}
"""A visit's phases as bits of `Player.phases`."""


class Room:
    """Everything of one relay.

    Attributes:
        chosen: the profile of the options.
        learned: with `auto`, what an earlier connection of the streamer taught about its engine.
        bridge: what players ask of the streamer's REST API.
        reset: what is done between two players.

    Raises:
        KeyError: the options name an unknown profile.
        ValueError: a pattern of `control_allow` is none.
    """

    def __init__(self, options: RelayOptions, host: Host) -> None:
        self.options = options
        self.host = host
        self.registry = Registry(options.first_player)
        self.counts = Counts()
        self.seats = Seats(options.seats, options.reconnect_grace, host.ended)
        self.chosen = profiles.PROFILES[options.profile]
        self.learned: Profile | None = None
        self.bridge = Bridge(options.control_allow, options.control_pending)
        self.reset = Reset(options.reset)
        self.draining = False

    @property
    def adaptive(self) -> bool:
        """Whether streamers are judged by what they show."""
        return self.chosen is profiles.AUTO

    def player_profile(self) -> Profile:
        """What players are to expect: what is chosen, else what the first streamer turned out to be."""
        if self.adaptive:
            first = next(self.registry.engines(), None)
            if first is not None and first.profile.single:
                return first.profile
        return self.chosen

    def drop(self, reason: Drop) -> None:
        """Count a message that goes nowhere."""
        self.counts.dropped[reason] += 1

    def reach(self, player: Player, phase: Phase, now: float) -> None:
        """Record that a visit reached a phase, if it is the first time."""
        bit = PHASE_BITS[phase]
        if not player.phases & bit:
            player.phases |= bit
            self.host.phase(player, phase, now - player.opened, now - player.phase_at)
            player.phase_at = now

    def free(self, seat: Seat, reason: EndedReason, now: float) -> None:
        """Give a seat up, tell so, reset the streamer after the last, notice the last one of a drain."""
        self.seats.end(seat, reason, now)
        self.reset.begin(self, now)
        self.host.changed()
        self.check_drained()

    def check_drained(self) -> None:
        """Tell the host that a draining relay has nobody left; once, for nobody comes any more."""
        if self.draining and not self.seats.taken:
            self.host.drained()
