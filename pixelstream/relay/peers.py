"""The peers of a relay. A peer holds its port; the port's owner holds the peer (`WebSocket.user`).

Thousands of players are idle at once, so every field here is paid for: slots, no container of their
own, what is rare lives in the relay. The trap: an *away* player is still here, with a port that
swallows everything, and `gone` tells whether a peer is out for good.
"""

from __future__ import annotations

from typing import ClassVar

from pixelstream.protocol.profiles import Profile
from pixelstream.relay.ports import Port
from pixelstream.relay.seats import Seat
from pixelstream.relay.vocabulary import Role


class Nowhere:
    """The port of a player that is away."""

    last_seen = 0.0

    def send(self, data: bytes, /) -> None:
        """Swallow a message."""

    def ping(self) -> None:
        """Do nothing."""

    def close(self, code: int, reason: str, /) -> None:
        """Do nothing."""

    def abort(self) -> None:
        """Do nothing."""


NOWHERE = Nowhere()


class Peer:
    """What all peers have.

    Attributes:
        port: its socket.
        opened: when it came, in the relay's time.
        held: messages that wait for this peer's `config`; None once that is out.
        gone: whether it has left or been closed; what it says from then on is ignored.
        window: start of the second in which `spent` messages came.
    """

    __slots__ = ("gone", "held", "opened", "port", "spent", "window")
    role: ClassVar[Role]

    def __init__(self, port: Port, now: float) -> None:
        self.port = port
        self.opened = now
        self.held: list[bytes] | None = []
        self.gone = False
        self.window = now
        self.spent = 0


class Streamer(Peer):
    """Whatever players subscribe to: a streamer, or an SFU on behalf of one.

    Attributes:
        id: the streamer id, unique on this server.
        streaming: whether players may subscribe.
        subscribers: those that do, by player id; the only ones it can speak to.
        profile: what its engine is taken to understand.
        greeted: whether it was sent a `playerConnected`.
        proven: whether it has made an offer, which no engine before 5.0 does.
    """

    __slots__ = ("greeted", "id", "profile", "proven", "streaming", "subscribers")
    role = Role.STREAMER

    def __init__(self, port: Port, now: float, *, name: str, profile: Profile) -> None:
        super().__init__(port, now)
        self.id = name
        self.profile = profile
        self.streaming = False
        self.subscribers: dict[str, Player | Sfu] = {}
        self.greeted = False
        self.proven = False


class Sfu(Streamer):
    """A streamer to its players and a player to its streamer, with an id of either kind."""

    __slots__ = ("announced", "phases", "player_id", "streamer", "wire_id")
    role = Role.SFU

    def __init__(self, port: Port, now: float, *, name: str, player_id: str, profile: Profile) -> None:
        super().__init__(port, now, name=name, profile=profile)
        self.player_id = player_id
        self.wire_id: str | int = player_id
        self.streamer: Streamer | None = None
        self.announced = False
        self.phases = 0


class Player(Peer):
    """A player.

    Attributes:
        player_id: "1", "2", ...
        wire_id: the same as its streamer reads it, a number for 4.26.
        streamer: whom it is subscribed to.
        seat: its seat, leased or not.
        active: when it last showed that somebody uses it.
        reports: whether it sends `activity`, so that idling can be told.
        announced: whether its streamer was sent `playerConnected` for it.
        phases: bits of the phases that its visit has reached; `phase_at`: when the last one was.
        wishes: bits of what its query asked for.
    """

    __slots__ = (
        "active", "announced", "phase_at", "phases", "player_id", "reports", "seat", "streamer", "wire_id",
        "wishes",
    )  # fmt: skip
    role = Role.PLAYER

    def __init__(self, port: Port, now: float, *, player_id: str, seat: Seat, wishes: int) -> None:
        super().__init__(port, now)
        self.player_id = player_id
        self.wire_id: str | int = player_id
        self.streamer: Streamer | None = None
        self.seat = seat
        self.active = now
        self.reports = False
        self.announced = False
        self.phases = 0
        self.phase_at = now
        self.wishes = wishes


Subscriber = Player | Sfu
