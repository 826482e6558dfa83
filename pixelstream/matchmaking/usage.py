"""What streams and players have used: GPU-seconds by state and their cost, and a row for each session.

Each stream is counted by one replica alone, the one that has its control link, so sums over replicas are
right; while a replica restarts nobody counts its streams, which is a gap and never a number twice. The
traps: the state of the moment is taken for all the time since the last count, so counts must be frequent;
and ids of rows must come out the same at every replica, since that is what makes them one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from pixelstream.matchmaking.model import ReleaseReason, Session

HOUR = 3600.0
LONGEST_STEP = 60.0
"""Seconds between two counts; what is beyond it was a stop of this process, and a gap."""
_MICRO = 1_000_000
_PLACES = 4096
"""Ids of rows within one microsecond."""


class GpuState(StrEnum):
    """What a stream's GPU is held for: a player (or a claim, or a reset between two), or nobody yet."""

    IDLE = "idle"
    BUSY = "busy"
    STARTING = "starting"


class Occupied(NamedTuple):
    """One stream and who is on it."""

    stream: str
    fleet: str
    state: GpuState
    players: int


@dataclass(frozen=True, slots=True)
class Rate:
    """What a stream of a fleet holds, and what an hour of one GPU costs, in whatever money."""

    gpus: float = 1.0
    price: float = 0.0

    def cost(self, gpu_seconds: float) -> float:
        """Return what so many GPU-seconds cost."""
        return gpu_seconds * self.price / HOUR


def _zeros() -> dict[GpuState, float]:
    return dict.fromkeys(GpuState, 0.0)


@dataclass(slots=True)
class Account:
    """What a fleet has used as far as this replica counted it.

    Attributes:
        gpu_seconds, cost: by what they were for.
        session_seconds: that players were on seats.
    """

    gpu_seconds: dict[GpuState, float] = field(default_factory=_zeros)
    cost: dict[GpuState, float] = field(default_factory=_zeros)
    session_seconds: float = 0.0

    def per_minute(self) -> float | None:
        """Return the cost of a minute of one session, idle time and starts included; None before any."""
        return 60.0 * sum(self.cost.values()) / self.session_seconds if self.session_seconds else None


class Meter:
    """Counts what the streams of one replica use.

    Attributes:
        accounts: by fleet.
    """

    def __init__(self, now: float) -> None:
        self.accounts: dict[str, Account] = {}
        self._at = now

    def know(self, fleets: Iterable[str]) -> None:
        """Have an account for each of these."""
        for fleet in fleets:
            self.accounts.setdefault(fleet, Account())

    def count(self, streams: Iterable[Occupied], rates: Mapping[str, Rate], now: float) -> None:
        """Count the time since the last call: it was spent as `streams` say.

        Args:
            streams: those that are this replica's to count.
            rates: by fleet; one that isn't there has a GPU a stream, for nothing.
            now: seconds of a clock that never goes back.
        """
        step = min(max(0.0, now - self._at), LONGEST_STEP)
        self._at = max(self._at, now)
        usual = Rate()
        for stream in streams:
            account = self.accounts.setdefault(stream.fleet, Account())
            rate = rates.get(stream.fleet, usual)
            seconds = step * rate.gpus
            account.gpu_seconds[stream.state] += seconds
            account.cost[stream.state] += rate.cost(seconds)
            account.session_seconds += step * stream.players


class Row(NamedTuple):
    """One session that is over; times in seconds since 1970.

    Attributes:
        id: milliseconds and a number within them, as in `1764012345678-0`; it grows from row to row.
        waited: seconds until it was on its seat, or until its end; None if nobody here saw it come.
        seconds: that it was on its seat.
    """

    id: str
    session: str
    fleet: str
    start: float
    end: float
    waited: float | None
    seconds: float
    reason: ReleaseReason
    user: str | None = None


class Rows:
    """Makes rows of sessions; the same sessions in the same order make the same rows."""

    def __init__(self) -> None:
        self._last, self._place = -1, 0

    def make(self, session: Session, seconds: float | None, *, users: bool) -> Row:
        """Return the row of a session that was just released after so many seconds on its seat."""
        end, played = session.since, seconds or 0.0
        waited: float | None = (session.connected or end) - session.joined
        if session.connected is not None and session.connected <= session.joined:
            waited = None  # it was on its seat when it was first heard of
        return Row(
            self._id(end),
            session.id,
            session.fleet,
            min(session.joined, end - played),
            end,
            None if waited is None else max(0.0, waited),
            played,
            session.reason or ReleaseReason.RELEASED,
            session.user if users else None,
        )

    def _id(self, end: float) -> str:
        micro = max(round(end * _MICRO), self._last)
        self._place = self._place + 1 if micro == self._last else 0
        self._last = micro
        milliseconds, rest = divmod(micro, 1000)
        return f"{milliseconds}-{rest * _PLACES + self._place}"


class Wanted(NamedTuple):
    """Which rows are asked for: those that ended within [since, until), behind the row `after`."""

    since: float
    until: float | None = None
    after: str | None = None
    limit: int = 1000


def order(row_id: str) -> tuple[int, int]:
    """Return what ids are ordered by.

    Raises:
        ValueError: it is no id of a row.
    """
    milliseconds, dash, number = row_id.partition("-")
    if not (dash and milliseconds.isdecimal() and number.isdecimal() and len(row_id) < 40):  # noqa: PLR2004 - two 64-bit numbers
        raise ValueError("not the id of a row")
    return int(milliseconds), int(number)
