"""Visits to replay: made up, or from a file.

The trap: a rate is that of players who come, not of those who play at once; these are rate x length of a
visit.
"""

from __future__ import annotations

import csv
import math
import random
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

from pixelstream.cli.simulator.model import Visit
from pixelstream.errors import SettingsError

DAY, HOUR = 86_400.0, 3600.0
PEAK_HOUR = 20.0
"""Hour of the day at which most come."""
QUIET = 0.1
"""Rate in the night, as a share of the rate at the peak."""
BURST = 0.1
"""Share of the time that the bursts of `burst` take up; in them ten times as many come as between."""


def _steady(_: float) -> float:
    return 1.0


def _daily(at: float) -> float:
    turn = math.cos((at % DAY / HOUR - PEAK_HOUR) / 24 * 2 * math.pi)
    return QUIET + (1 - QUIET) * math.pow((1 + turn) / 2, 1.5)


def _burst(at: float) -> float:
    return 1.0 if at % (2 * HOUR) < BURST * 2 * HOUR else 0.1


PATTERNS: dict[str, Callable[[float], float]] = {"steady": _steady, "daily": _daily, "burst": _burst}
"""Share of the highest rate at a time of day, in seconds; times of day are those of UTC."""


def made_up(
    pattern: str, rate: float, length: float, span: tuple[float, float], seed: int = 0
) -> list[Visit]:
    """Return visits as a Poisson process whose rate follows a pattern; lengths are exponential.

    Args:
        pattern: one of `PATTERNS`.
        rate: players an hour, at the peak.
        length: mean seconds of a visit.
        span: from when to when, in seconds since 1970.
        seed: the same seed makes the same visits.
    """
    dice = random.Random(seed)  # noqa: S311 - a model, no secret
    share, visits, at = PATTERNS[pattern], [], span[0]
    while rate > 0 and (at := at + dice.expovariate(rate / HOUR)) < span[1]:
        if dice.random() < share(at):  # thinning keeps the process a Poisson one
            visits.append(Visit(at, dice.expovariate(1 / length)))
    return visits


def from_csv(path: Path) -> list[Visit]:
    """Read visits from a file with the columns `arrival` and `seconds`.

    An arrival is in seconds since 1970, or a time as ISO 8601 has it.

    Raises:
        SettingsError: it can't be read, lacks a column, or has a line that is no visit.
        OSError: it isn't there.
    """
    with path.open(newline="", encoding="utf-8") as file:
        rows = csv.DictReader(file)
        if rows.fieldnames is None or not {"arrival", "seconds"} <= set(rows.fieldnames):
            raise SettingsError(str(path), ["needs a first line that names the columns arrival and seconds"])
        return sorted(_visits(rows, path))


def _visits(rows: csv.DictReader[str], path: Path) -> Iterator[Visit]:
    for row in rows:
        try:
            visit = Visit(_time(row["arrival"]), float(row["seconds"]))
        except (TypeError, ValueError):
            visit = Visit(math.nan, 0.0)
        if not (math.isfinite(visit.at) and math.isfinite(visit.seconds) and visit.seconds >= 0):
            shown = ",".join(str(row[key]) for key in ("arrival", "seconds"))
            words = f"line {rows.line_num}: {shown} is no time of arrival and length in seconds"
            raise SettingsError(str(path), [words])
        yield visit


def _time(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return datetime.fromisoformat(text).timestamp()
