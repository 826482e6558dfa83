"""The bench's figures as a table for people and as one line of JSON.

The trap: a ratio is the median of the rounds' ratios, not the ratio of two medians; a machine that slows
down for one round then touches one value of many.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from typing import TypeVar

from rich.table import Table
from rich.text import Text

from pixelstream.cli.rig.measures import Figures, Pair, Round
from pixelstream.cli.rig.servers import BARE, OURS
from pixelstream.synthetic.bench.seating import Seats

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Row:
    """One figure.

    Attributes:
        what: in words, with its unit.
        pair: of ours and of the bare relay, which may be missing.
        ratio: of ours to the bare relay's, where it has a meaning.
        judged: what the goal is held against, and its limit: at most, or at least if `least`.
        digits: behind the point.
    """

    what: str
    pair: Pair
    ratio: float | None = None
    judged: float | None = None
    limit: float | None = None
    least: bool = False
    digits: int = 1

    @property
    def met(self) -> bool | None:
        """Whether the goal is met; None if there is none or it can't be told."""
        if self.judged is None or self.limit is None:
            return None
        return self.judged >= self.limit if self.least else self.judged <= self.limit


def ratio(rounds: list[Round]) -> float | None:
    """Median over the rounds of ours ÷ the bare relay's; None without one, or if no time could be told."""
    ratios = [
        each[OURS].micros / each[BARE].micros for each in rounds if BARE in each and any(each[BARE].spent)
    ]
    return median(ratios) if ratios else None


def _micros(rounds: list[Round]) -> Pair:
    names = rounds[0] if rounds else {}
    return {name: median(each[name].micros for each in rounds) for name in names}


def _user(rounds: list[Round]) -> Pair:
    names = rounds[0] if rounds else {}
    return {name: median(each[name].user_micros for each in rounds) for name in names}


def _scaled(pair: Pair, factor: float) -> Pair:
    return {name: value * factor for name, value in pair.items()}


def _quotient(pair: Pair) -> float | None:
    return pair[OURS] / pair[BARE] if BARE in pair else None


def rows(figures: Figures) -> list[Row]:
    """All figures, in the order of the table."""
    small, large, visits = figures.small, figures.large, figures.visits
    setup = _scaled(_micros(visits), 1e-3)
    found = [
        Row(what="CPU per message of 280 B, µs", pair=_micros(small), ratio=ratio(small),
            judged=ratio(small), limit=0.6, digits=2),
        Row(what="CPU per message of 5 KB, µs", pair=_micros(large), ratio=ratio(large),
            judged=ratio(large), limit=0.35, digits=2),
        Row(what="memory per idle player, KB", pair=figures.idle, ratio=_quotient(figures.idle),
            judged=figures.idle[OURS], limit=8),
        Row(what="memory at rest, MB", pair=figures.base, ratio=_quotient(figures.base),
            judged=figures.base[OURS], limit=55),
        Row(what="CPU per player's set-up, ms", pair=setup, ratio=ratio(visits), digits=3),
    ]  # fmt: skip
    found += _seats("", figures.seats, 500) + _seats(", shared store", figures.shared_seats, 300)
    for what, times, limit in (
        ("request to seat, warm, p95, ms", figures.assigned, 100),
        ("the same on a shared store, ms", figures.shared_assigned, 100),
        ("cut to the old place in line, p95, ms", figures.returned, 1000),
    ):
        if times is not None:
            taken = times.within(0.95) * 1e3
            found.append(Row(what=what, pair={OURS: taken}, judged=taken, limit=limit))
    if figures.answers is not None:
        found.append(Row(what="TURN answers per second", pair={OURS: figures.answers.rate}, digits=0))
    return found


def _seats(where: str, seats: Seats | None, rate: float) -> list[Row]:
    if seats is None:
        return []
    delay = seats.delay(0.99) * 1e3
    found = [
        Row(what=f"seats per second{where}", pair={OURS: seats.rate}, judged=seats.rate, limit=rate,
            least=True, digits=0),
        Row(what=f"claim to notice{where}, p99, ms", pair={OURS: delay}, judged=delay,
            limit=None if where else 50),
    ]  # fmt: skip
    if seats.share is not None:
        found.append(
            Row(
                what=f"CPUs for who waits{where}",
                pair={OURS: seats.share},
                judged=seats.share,
                limit=1,
                digits=2,
            )
        )
    return found


def table(figures: Figures) -> Table:
    """The figures for people."""
    waiting = f"; seats: while {figures.seats.waiting:,} players wait" if figures.seats else ""
    versions = ", ".join(f"{name} {version}" for name, version in figures.versions.items())
    shown = Table(
        title="What signalling costs here", caption=f"CPU: user and system time{waiting}\n{versions}"
    )
    shown.add_column("measured")
    for name in ("ours", "bare ws relay", "ours ÷ bare", "goal"):
        shown.add_column(name, justify="right")
    for row in rows(figures):
        shown.add_row(
            row.what,
            _number(row.pair.get(OURS), row.digits),
            _number(row.pair.get(BARE), row.digits),
            _number(row.ratio, 2),
            _goal(row),
        )
    return shown


def _number(value: float | None, digits: int) -> str:
    return "-" if value is None else f"{value:,.{digits}f}"


def _goal(row: Row) -> Text:
    if row.limit is None:
        return Text("")
    words = f"{'≥' if row.least else '≤'} {row.limit:g}{' x' if row.judged is row.ratio else ''}"
    return Text(words, style={True: "green", False: "red", None: ""}[row.met])


def line(figures: Figures) -> dict[str, float | str | None]:
    """The figures for machines, those of other services None where they were not measured."""
    seats, answers = figures.seats, figures.answers
    setup, small, large = _micros(figures.visits), _micros(figures.small), _micros(figures.large)
    return {
        "relay_small_ratio": _rounded(ratio(figures.small), 3),
        "relay_large_ratio": _rounded(ratio(figures.large), 3),
        "idle_player_kb": _rounded(figures.idle.get(OURS), 2),
        "base_rss_mb": _rounded(figures.base.get(OURS), 1),
        "setup_cpu_ms": _rounded(setup[OURS] / 1e3, 3),
        "seats_per_s": _of(seats, lambda found: round(found.rate)),
        "seat_p99_ms": _of(seats, lambda found: round(found.delay(0.99) * 1e3, 1)),
        "turn_answers_per_s": _of(answers, lambda found: round(found.rate)),
        "relay_small_us": _rounded(small[OURS], 2),
        "relay_large_us": _rounded(large[OURS], 2),
        "seat_p50_ms": _of(seats, lambda found: round(found.delay(0.5) * 1e3, 1)),
        "seats_waiting": _of(seats, lambda found: found.waiting),
        "seats_shared_per_s": _of(figures.shared_seats, lambda found: round(found.rate)),
        "seat_shared_p99_ms": _of(figures.shared_seats, lambda found: round(found.delay(0.99) * 1e3, 1)),
        "waiting_cpus": _rounded(seats.share if seats else None, 3),
        "waiting_shared_cpus": _rounded(figures.shared_seats.share if figures.shared_seats else None, 3),
        "assigned_p95_ms": _of(figures.assigned, lambda found: round(found.within(0.95) * 1e3, 1)),
        "assigned_shared_p95_ms": _of(
            figures.shared_assigned, lambda found: round(found.within(0.95) * 1e3, 1)
        ),
        "back_in_line_p95_ms": _of(figures.returned, lambda found: round(found.within(0.95) * 1e3, 1)),
        "turn_answer_cpu_us": _of(answers, lambda found: round(found.micros, 1)),
        "setup_ratio": _rounded(ratio(figures.visits), 3),
        "relay_small_user_us": _rounded(_user(figures.small)[OURS], 2),
        "relay_large_user_us": _rounded(_user(figures.large)[OURS], 2),
        "bare_relay_small_user_us": _rounded(_user(figures.small).get(BARE), 2),
        "bare_relay_large_user_us": _rounded(_user(figures.large).get(BARE), 2),
        "bare_relay_small_us": _rounded(small.get(BARE), 2),
        "bare_relay_large_us": _rounded(large.get(BARE), 2),
        "bare_idle_player_kb": _rounded(figures.idle.get(BARE), 2),
        "bare_base_rss_mb": _rounded(figures.base.get(BARE), 1),
        "bare_setup_cpu_ms": _rounded(setup[BARE] / 1e3 if BARE in setup else None, 3),
        **figures.versions,
    }


def _of(found: T | None, figure: Callable[[T], float]) -> float | None:
    return None if found is None else figure(found)


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)
