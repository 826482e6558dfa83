"""How many streams a fleet should have: a plain function of its need, its settings and the time.

Every replica of the matchmaker computes it from the same room, so all say the same number. The traps: a
budget never takes the stream from under a player, so it holds by not starting streams, early enough; and
the minimum is kept whatever the budget says, since autoscalers keep it on their own.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from pixelstream.matchmaking.scaling.cron import day_of, last_time
from pixelstream.matchmaking.scaling.ledger import Ledger

HOUR = 3600.0


@dataclass(frozen=True, slots=True)
class Row:
    """From the times that `cron` names on, in `timezone`: so many streams, until another row's time comes."""

    cron: str
    streams: int
    timezone: str = "UTC"


@dataclass(frozen=True, slots=True)
class Budget:
    """What a fleet may cost.

    Attributes:
        gpu_hours: of a day in `timezone`; None for no bound.
        ahead: seconds; what is left of the day's hours must last that long for all streams, or else no
            more are started. So the hours are never used up by streams that could have been left off.
        schedule: rows of the most streams that may be.
    """

    gpu_hours: float | None = None
    timezone: str = "UTC"
    ahead: float = HOUR
    schedule: tuple[Row, ...] = ()


@dataclass(frozen=True, slots=True)
class Sizing:
    """What the settings say of a fleet's size.

    Attributes:
        spare: streams to be free beyond those that are taken and waited for, at least.
        minimum, maximum: bounds of the streams wanted.
        percent: the same as `spare`, as a share of the streams that are taken.
        schedule: the same, by the time.
        budget: None for none.
        gpus: of one stream.
        tolerance: a difference to the streams that there are which the autoscaler ignores, as a share of
            them; where players wait, more than that is asked for. 0 if it ignores none.
        scaled: something sees to it that there are as many as are wanted.
    """

    spare: int = 0
    minimum: int = 0
    maximum: int = 1000
    percent: int = 0
    schedule: tuple[Row, ...] = ()
    budget: Budget | None = None
    gpus: float = 1.0
    tolerance: float = 0.0
    scaled: bool = False


@dataclass(frozen=True, slots=True)
class Need:
    """What a fleet's size follows from.

    Attributes:
        streams_taken: streams with a player, those that drain not counted: they are leaving the fleet.
        seats_taken: their players.
        waiting: players in the line.
        seats: players that one stream takes.
        streams: all that exist, started or not, those that drain not counted.
    """

    streams_taken: int
    seats_taken: int
    waiting: int
    seats: int = 1
    streams: int = 0


@dataclass(frozen=True, slots=True)
class Size:
    """What a fleet should have now, and why.

    Attributes:
        wanted: streams.
        buffer: streams beyond those that are taken and waited for, before the bounds.
        cap: streams that the budget allows; None without a budget.
        capped: more would be wanted without the budget.
        gpu_hours_left: of the day; None without a bound.
    """

    wanted: int
    buffer: int
    minimum: int
    maximum: int
    cap: int | None = None
    capped: bool = False
    gpu_hours_left: float | None = None


def in_force(rows: Sequence[Row], now: float) -> int | None:
    """Return the streams of the row whose time came last; of rows that came together, the lowest written."""
    begun = [
        (at, place, row.streams)
        for place, row in enumerate(rows)
        if (at := last_time(row.cron, row.timezone, now)) is not None
    ]
    return max(begun)[2] if begun else None


def size(need: Need, sizing: Sizing, ledger: Ledger, now: float) -> Size:
    """Return how many streams the fleet should have: taken + waiting + buffer, within bounds and budget.

    A fleet of several seats per stream needs fewer, but never fewer than have a player now.

    Args:
        need: what is the case now.
        sizing: what the settings say.
        ledger: how long the fleet's streams have existed.
        now: seconds since 1970.
    """
    share = math.ceil(need.streams_taken * sizing.percent / 100)
    buffer = max(sizing.spare, share, in_force(sizing.schedule, now) or 0)
    filled = math.ceil((need.seats_taken + need.waiting) / max(1, need.seats))
    asked = _noticed(max(need.streams_taken, filled) + buffer, need, sizing.tolerance)
    within = max(sizing.minimum, min(sizing.maximum, asked))
    cap, left = _allowed(sizing, ledger, now)
    kept = max(sizing.minimum, need.streams_taken)
    wanted = within if cap is None else min(within, max(cap, kept))
    return Size(wanted, buffer, sizing.minimum, sizing.maximum, cap, wanted < within, left)


def _noticed(asked: int, need: Need, tolerance: float) -> int:
    """Return so many that an autoscaler with a tolerance starts a stream for players who wait."""
    most_ignored = need.streams * (1 + tolerance)
    if need.waiting and need.streams < asked <= most_ignored:
        return math.floor(most_ignored) + 1
    return asked


def _allowed(sizing: Sizing, ledger: Ledger, now: float) -> tuple[int | None, float | None]:
    """Return the streams that the budget allows now, and what is left of the day's GPU-hours."""
    budget = sizing.budget
    if budget is None:
        return None, None
    caps = [sizing.maximum]
    if (most := in_force(budget.schedule, now)) is not None:
        caps.append(most)
    left = None
    if budget.gpu_hours is not None:
        begin, end = day_of(budget.timezone, now)
        left = max(0.0, budget.gpu_hours - ledger.since(begin, now) * sizing.gpus / HOUR)
        lasting = max(1.0, min(budget.ahead, end - now)) * sizing.gpus
        caps.append(math.floor(left * HOUR / lasting))
    return min(caps), left
