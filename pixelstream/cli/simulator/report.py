"""Outcomes as a table, as lines of small bars, and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from rich.table import Table
from rich.text import Text

from pixelstream.cli.simulator.outcome import Outcome, Sample
from pixelstream.cli.simulator.streams import BUSY, IDLE, SPARE, STARTING

BARS = " ▁▂▃▄▅▆▇█"
SERIES = ("wanted", "busy", "idle", "starting", "waiting")
STYLES = {"wanted": "cyan", "busy": "green", "idle": "yellow", "starting": "magenta", "waiting": "red"}


def table(outcomes: Sequence[Outcome], chosen: Outcome, *, kept: bool) -> Table:
    """Return one row for each policy; the chosen one is marked, and if no goal is `kept`, that is said."""
    priced = any(one.cost for one in outcomes)
    nodes = any(one.seconds[SPARE] for one in outcomes)
    capped = any(one.capped for one in outcomes)
    words = "* is the choice" if kept else "none keeps --goal and --give-up; * comes nearest"
    made = Table(caption=f"{chosen.visits} players; {words}", caption_justify="left")
    longest = max(len(one.policy.title) for one in outcomes)
    made.add_column("policy", min_width=min(40, longest + 2))
    titles = ["wait p50", "p95", "gave up", "busy h", "idle h", "starting h"]
    titles += ["empty h"] * nodes + ["cost"] * priced + ["most"] + ["capped"] * capped
    for title in titles:
        made.add_column(title, justify="right")
    for one in outcomes:
        cells = [f"{one.wait(0.5):.0f} s", f"{one.wait(0.95):.0f} s", f"{100 * one.abandoned:.1f} %"]
        cells += [f"{one.hours(phase):.1f}" for phase in (BUSY, IDLE, STARTING)]
        cells += [f"{one.hours(SPARE):.1f}"] * nodes + [f"{one.cost:.2f}"] * priced
        cells += [str(one.most)] + [f"{100 * one.capped / (one.end - one.begin):.0f} %"] * capped
        mark = "* " if one is chosen else "  "
        made.add_row(mark + one.policy.title, *cells, style="bold" if one is chosen else "")
    return made


def plot(outcome: Outcome, width: int) -> list[Text]:
    """Return a line of bars for each series, as wide as the terminal; all but the line share one scale."""
    room = max(10, width - 24)
    top = max((max(one.wanted, one.busy, one.idle, one.starting) for one in outcome.samples), default=0)
    lines = [Text(f"{outcome.policy.title}, streams and players over the time", style="bold")]
    for name in SERIES:
        values = _squeezed(outcome.samples, name, room)
        most = max(values, default=0)
        scale = most if name == "waiting" else top
        bars = "".join(BARS[-(-value * (len(BARS) - 1) // scale) if scale else 0] for value in values)
        line = Text(f"{name:>9} ")
        line.append(bars, style=STYLES[name])
        line.append(f" {most} at most")
        lines.append(line)
    return lines


def _squeezed(samples: Sequence[Sample], name: str, width: int) -> list[int]:
    """Return the greatest value of each of `width` stretches."""
    values: list[int] = [getattr(one, name) for one in samples]
    if len(values) <= width:
        return values
    bounds = [at * len(values) // width for at in range(width + 1)]
    return [max(values[low:high]) for low, high in pairwise(bounds)]


def line(outcome: Outcome) -> dict[str, Any]:
    """Return an outcome as plain data."""
    return {
        "policy": outcome.policy.title,
        "visits": outcome.visits,
        "seated": len(outcome.waits),
        "abandoned": round(outcome.abandoned, 5),
        "waitP50": round(outcome.wait(0.5), 1),
        "waitP95": round(outcome.wait(0.95), 1),
        "waitMean": round(outcome.mean_wait, 2),
        "gpuHours": {phase: round(outcome.hours(phase), 2) for phase in outcome.seconds},
        "cost": round(outcome.cost, 2),
        "most": outcome.most,
        "changes": outcome.changes,
        "cappedSeconds": round(outcome.capped),
    }
