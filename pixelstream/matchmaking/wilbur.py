"""The seats of an unmodified Epic signalling server, which knows neither claims nor leases: kept here for it.

It takes what a look at the server shows and what the matchmaker does itself, and speaks like a signalserver:
absolute states, grants and refusals. The traps: a look sees our own players as well as strangers, and shows
them a moment late; and a session that another replica joined is known from the store alone, so it is
given up only when the server shows fewer players for a while.
"""

from __future__ import annotations

from collections.abc import Container, Iterable
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

MISSING = 10.0
"""Seconds for which the server must show fewer players than we count, before a session is given up."""


@dataclass(frozen=True, slots=True)
class Occupancy:
    """What a look at the server showed.

    Attributes:
        ready: a streamer streams there.
        players: those that are subscribed to one, ours too; None where nobody can tell.
        version: of the server, as far as it is known.
    """

    ready: bool
    players: int | None = None
    version: str = ""


UNREACHABLE = Occupancy(ready=False)


@dataclass(slots=True)
class _Held:
    session: str
    fence: int
    state: SeatState
    until: float
    since: float
    here: bool = True


class WilburSeats:
    """One server. Each call returns what it says to the matchmaker, in order.

    Args:
        seats: players that it takes.
        epoch: new for each link.
    """

    def __init__(self, stream: str, fleet: str, seats: int, epoch: str) -> None:
        self._stream, self._fleet, self._epoch, self.seats = stream, fleet, epoch, seats
        self._seq = 0
        self._look = UNREACHABLE
        self._strangers = 0
        self._held: dict[str, _Held] = {}
        self._fence = 0
        self._missing: float | None = None

    def state(self) -> State:
        """Return everything about the stream, with the next sequence number."""
        self._seq += 1
        return State(
            seq=self._seq,
            epoch=self._epoch,
            stream=self._stream,
            fleet=self._fleet,
            engine="wilbur",
            version=self._look.version,
            seats=self.seats,
            taken=len(self._held) + self._strangers,
            ready=self._look.ready,
            draining=False,
            sessions=tuple(
                SeatedSession(session=one.session, state=one.state, fence=one.fence)
                for one in self._held.values()
            ),
        )

    @property
    def seen(self) -> Occupancy:
        """What the last look showed."""
        return self._look

    def adopt(
        self,
        sessions: Iterable[tuple[str, SeatState, int]],
        now: float,
        grace: float,
        here: Container[str] = (),
    ) -> None:
        """Take over sessions that another has granted, by name, state and fence.

        Args:
            sessions: them.
            now: seconds.
            grace: those that are only reserved have so long to come.
            here: sessions whose players are joined at this replica.
        """
        for name, state, fence in sessions:
            self._held[name] = _Held(name, fence, state, now + grace, now, here=name in here)
            self._fence = max(self._fence, fence)

    def look(self, seen: Occupancy, now: float) -> list[FromSignalserver]:
        """Take what a look at the server showed; says nothing if that changes nothing."""
        before = (self._look.ready, self._strangers, len(self._held))
        self._look = seen
        ended: list[FromSignalserver] = []
        if seen.players is not None:
            connected = sum(one.state is not SeatState.RESERVED for one in self._held.values())
            self._strangers = max(0, seen.players - connected)
            ended = self._missed(connected - seen.players, now)
        if (seen.ready, self._strangers, len(self._held)) == before:
            return []
        return [self.state(), *ended]

    def _missed(self, count: int, now: float) -> list[FromSignalserver]:
        """Give up sessions of other replicas that the server hasn't shown for a while."""
        connected = [one for one in self._held.values() if one.state is not SeatState.RESERVED]
        elsewhere = [one for one in connected if not one.here]
        if count <= 0 or not elsewhere:
            self._missing = None
            return []
        if self._missing is None:
            self._missing = now
        if now - self._missing < MISSING:
            return []
        self._missing = None
        return [self._end(one, EndedReason.LEFT, now) for one in elsewhere[:count]]

    def claim(self, claim: Claim, now: float) -> list[FromSignalserver]:
        """Reserve a seat, or say why not; a look should just have been taken."""
        reason = self._refusal(claim)
        if reason is not None:
            return [Refused(claim=claim.claim, session=claim.session, reason=reason), self.state()]
        self._fence = claim.fence
        until = now + claim.deadline
        self._held[claim.session] = _Held(claim.session, claim.fence, SeatState.RESERVED, until, now)
        return [Granted(claim=claim.claim, session=claim.session), self.state()]

    def _refusal(self, claim: Claim) -> RefusedReason | None:
        if not self._look.ready:
            return RefusedReason.NOT_READY
        if claim.fence <= self._fence:
            return RefusedReason.STALE
        return RefusedReason.FULL if len(self._held) + self._strangers >= self.seats else None

    def joined(self, session: str, now: float, *, here: bool = True) -> list[FromSignalserver]:
        """Take the news that the player's socket is joined to the server's, at this replica or another."""
        held = self._held.get(session)
        if held is None or held.state is SeatState.CONNECTED:
            return []
        held.state, held.since, held.here = SeatState.CONNECTED, now, here
        return [self.state()]

    def parted(self, session: str, reason: EndedReason, now: float) -> list[FromSignalserver]:
        """Free a seat: the joined sockets are closed, or the reservation is cancelled."""
        held = self._held.get(session)
        if held is None:
            return []
        ended = self._end(held, reason, now)
        return [self.state(), ended]

    def reserved(self) -> list[str]:
        """Return the sessions whose players have not come yet."""
        return [one.session for one in self._held.values() if one.state is SeatState.RESERVED]

    def tick(self, now: float) -> list[FromSignalserver]:
        """Give up reservations whose deadline is over."""
        late = [one for one in self._held.values() if one.state is SeatState.RESERVED and now >= one.until]
        ended = [self._end(one, EndedReason.NO_SHOW, now) for one in late]
        return [self.state(), *ended] if ended else []

    def _end(self, held: _Held, reason: EndedReason, now: float) -> Ended:
        del self._held[held.session]
        seconds = now - held.since if held.state is SeatState.CONNECTED else 0.0
        return Ended(session=held.session, reason=reason, seconds=max(0.0, seconds))
