"""Who owns which seat: claims, leases, fences, and how long a seat waits for its player.

The server alone grants a seat, so two players never share one. Each seat remembers the newest fencing
number it has seen; a claim or lease must come with a newer one, or be of the session that holds the
seat. The trap: a session that has ended is over, its lease does not bring it back to any seat, while one
that is merely unknown (this process was restarted) is welcome if its fence is news to a free seat.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable, Iterator

from pixelstream.protocol.control import EndedReason, RefusedReason, SeatState
from pixelstream.relay.ports import Lease
from pixelstream.relay.vocabulary import Refusal

UNFENCED = -1
"""The fence of a seat that has seen none."""
REMEMBERED = 1024
"""Ended sessions whose fences are kept; beyond it, the oldest is forgotten (its lease has expired)."""

OnEnded = Callable[[str, EndedReason, float], None]


class Seat:
    """One taken seat.

    Attributes:
        session: whose it is; "" for a player without a lease.
        fence: the newest fencing number that this seat has seen.
        since: when its player first came; None before.
        deadline: when a reserved or away seat is given up.
    """

    __slots__ = ("deadline", "fence", "session", "since", "state")

    def __init__(self, session: str, fence: int, state: SeatState) -> None:
        self.session = session
        self.fence = fence
        self.state = state
        self.since: float | None = None
        self.deadline = 0.0


class Seats:
    """All seats of one server.

    Args:
        limit: how many there are.
        grace: seconds that a leased seat waits for a player whose socket broke.
        on_ended: called when a session is over.

    Attributes:
        held: seats that nobody has and nobody gets, while a reset runs.
    """

    def __init__(self, limit: int, grace: float, on_ended: OnEnded) -> None:
        self.limit = limit
        self.held = 0
        self._grace = grace
        self._on_ended = on_ended
        self._sessions: dict[str, Seat] = {}
        self._guests = 0
        self._used: list[int] = []  # fences of free seats that were taken before, ascending
        self._fresh = limit  # free seats that never were
        self._over: dict[str, int] = {}  # fences of sessions that have ended, oldest first

    @property
    def taken(self) -> int:
        """Seats that are reserved, connected or away, or held."""
        return len(self._sessions) + self._guests + self.held

    @property
    def free(self) -> int:
        """Seats that anybody may have."""
        return self.limit - self.taken

    def __iter__(self) -> Iterator[Seat]:
        """The seats of sessions."""
        return iter(self._sessions.values())

    def get(self, session: str) -> Seat | None:
        """The seat of a session."""
        return self._sessions.get(session)

    def claim(self, session: str, fence: int, deadline: float, now: float) -> RefusedReason | None:
        """Reserve a seat until `now + deadline`; return why not, or None.

        Claiming again for a session that has its seat is granted, unless the fence is older.
        """
        seat = self._sessions.get(session)
        if seat is None:
            if not self.free:
                return RefusedReason.FULL
            seat = self._open(session, fence)
            if seat is None:
                return RefusedReason.STALE
        elif fence < seat.fence:
            return RefusedReason.STALE
        seat.fence = fence
        if seat.state is SeatState.RESERVED:
            seat.deadline = now + deadline
        return None

    def admit(self, lease: Lease, now: float, *, new: bool = True) -> Seat | Refusal:
        """Seat the player of a lease: on its reservation, on its own seat, or on a free one if `new`."""
        seat = self._sessions.get(lease.session)
        if seat is None:
            if not new:
                return Refusal.DRAINING
            if not self.free:
                return Refusal.FULL
            seat = self._open(lease.session, lease.fence)
            if seat is None:
                return Refusal.OUTRUN
        elif lease.fence < seat.fence:
            return Refusal.OUTRUN
        seat.fence = lease.fence
        seat.state = SeatState.CONNECTED
        if seat.since is None:
            seat.since = now
        return seat

    def admit_guest(self, now: float) -> Seat | None:
        """Seat a player without a lease; None if no seat is free."""
        if not self.free:
            return None
        if self._used:
            fence = self._used.pop()
        else:
            self._fresh -= 1
            fence = UNFENCED
        self._guests += 1
        seat = Seat("", fence, SeatState.CONNECTED)
        seat.since = now
        return seat

    def hold(self, seat: Seat, now: float) -> bool:
        """Keep the seat of a player whose socket broke; False if it can't wait for anybody."""
        if not seat.session or self._grace <= 0:
            return False
        seat.state = SeatState.AWAY
        seat.deadline = now + self._grace
        return True

    def end(self, seat: Seat, reason: EndedReason, now: float) -> None:
        """Free a seat and say that its session is over."""
        insort(self._used, seat.fence)
        if not seat.session:
            self._guests -= 1
            return
        del self._sessions[seat.session]
        self._over.pop(seat.session, None)
        self._over[seat.session] = seat.fence
        if len(self._over) > REMEMBERED:
            del self._over[next(iter(self._over))]
        self._on_ended(seat.session, reason, 0.0 if seat.since is None else now - seat.since)

    def overdue(self, now: float) -> list[Seat]:
        """Reserved and away seats whose deadline is over."""
        waiting = (SeatState.RESERVED, SeatState.AWAY)
        return [seat for seat in self._sessions.values() if seat.state in waiting and now >= seat.deadline]

    def _open(self, session: str, fence: int) -> Seat | None:
        """Take the free seat with the newest fence below this one, so that older fences keep theirs."""
        if fence <= self._over.get(session, UNFENCED):
            return None
        index = bisect_left(self._used, fence)
        if index:
            del self._used[index - 1]
        elif self._fresh:
            self._fresh -= 1
        else:
            return None
        seat = self._sessions[session] = Seat(session, fence, SeatState.RESERVED)
        return seat
