"""The seat of an old signalling server, which knows no claims: kept here on its behalf.

It takes what the server tells over Epic's TCP link and what the matchmaker does itself, and speaks
like a signalserver: absolute states, grants and refusals. The trap: the server counts players by
+1 and -1 and miscounts, so its count is only believed within bounds and begins anew at each
`connect`; whether our own player is there is known from the joined sockets.
"""

from __future__ import annotations

from dataclasses import dataclass

from pixelstream.protocol.control import (
    Claim,
    Ended,
    EndedReason,
    FromSignalserver,
    Granted,
    Refused,
    RefusedReason,
    SeatedSession,
    SeatState,
    State,
)
from pixelstream.protocol.legacy import LegacyMessage, LegacyType

MAX_CLIENTS = 64


@dataclass(slots=True)
class _Held:
    session: str
    fence: int
    state: SeatState
    until: float
    since: float = 0.0


class LegacySeat:
    """One old server; it has one seat. Each call returns what it says to the matchmaker, in order.

    Attributes:
        rest_port: of the Unreal application, as the server told.
        clients: players that the server counts.
        heard: when it was last heard, by the clock of the calls.
    """

    def __init__(self, stream: str, fleet: str, epoch: str, now: float) -> None:
        self._stream, self._fleet, self._epoch = stream, fleet, epoch
        self._seq = 0
        self._ready = False
        self._fence = 0
        self._held: _Held | None = None
        self.clients = 0
        self.rest_port: int | None = None
        self.heard = now

    @property
    def ready(self) -> bool:
        """Whether a streamer is attached."""
        return self._ready

    @property
    def session(self) -> str | None:
        """The session that has the seat."""
        return self._held.session if self._held else None

    def state(self) -> State:
        """Return everything about the stream, with the next sequence number."""
        self._seq += 1
        held = self._held
        sessions = (SeatedSession(session=held.session, state=held.state, fence=held.fence),) if held else ()
        return State(
            seq=self._seq,
            epoch=self._epoch,
            stream=self._stream,
            fleet=self._fleet,
            engine="legacy",
            seats=1,
            taken=max(self.clients, len(sessions)),
            ready=self._ready,
            draining=False,
            sessions=sessions,
        )

    def hear(self, message: LegacyMessage, now: float) -> list[FromSignalserver]:
        """Take what the server tells."""
        self.heard = now
        match message.type:
            case LegacyType.CONNECT:
                self._ready = message.ready
                self.clients = 1 if message.player_connected else 0
                self.rest_port = message.rest_port
            case LegacyType.STREAMER_CONNECTED:
                self._ready = True
            case LegacyType.STREAMER_DISCONNECTED:
                self._ready = False
            case LegacyType.CLIENT_CONNECTED:
                self.clients = min(MAX_CLIENTS, self.clients + 1)
            case LegacyType.CLIENT_DISCONNECTED:
                self.clients = max(0, self.clients - 1)
            case LegacyType.PING:
                return []
        return [self.state()]

    def claim(self, claim: Claim, now: float) -> list[FromSignalserver]:
        """Reserve the seat, or say why not."""
        reason = self._refusal(claim)
        if reason is not None:
            return [Refused(claim=claim.claim, session=claim.session, reason=reason), self.state()]
        self._fence = claim.fence
        self._held = _Held(claim.session, claim.fence, SeatState.RESERVED, now + claim.deadline)
        return [Granted(claim=claim.claim, session=claim.session), self.state()]

    def _refusal(self, claim: Claim) -> RefusedReason | None:
        if not self._ready:
            return RefusedReason.NOT_READY
        if claim.fence <= self._fence:
            return RefusedReason.STALE
        return RefusedReason.FULL if self._held or self.clients else None

    def joined(self, session: str, now: float) -> list[FromSignalserver]:
        """Take the news that the player's socket is joined to the server's."""
        if self._held is None or self._held.session != session:
            return []
        self._held.state, self._held.since = SeatState.CONNECTED, now
        return [self.state()]

    def parted(self, session: str, reason: EndedReason, now: float) -> list[FromSignalserver]:
        """Free the seat: the joined sockets are closed, or the reservation is cancelled."""
        held = self._held
        if held is None or held.session != session:
            return []
        self._held = None
        seconds = now - held.since if held.state is SeatState.CONNECTED else 0.0
        return [self.state(), Ended(session=session, reason=reason, seconds=seconds)]

    def tick(self, now: float) -> list[FromSignalserver]:
        """Give up a reservation whose deadline is over."""
        held = self._held
        if held is None or held.state is not SeatState.RESERVED or now < held.until:
            return []
        return self.parted(held.session, EndedReason.NO_SHOW, now)
