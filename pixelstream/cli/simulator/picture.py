"""Outcomes as an SVG: one panel for each policy, all on the same scales.

The trap: the file is shown by browsers without anything around it, so it names no font or style sheet of
others, and all text in it is escaped.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from html import escape

from pixelstream.cli.simulator.outcome import Outcome, Sample

WIDTH, PANEL, LEFT, TOP, GAP = 960, 200, 56, 40, 44
COLOURS = {"busy": "#2f9e6e", "idle": "#f2c14e", "starting": "#a77bd1"}
LINES = {"wanted": "#1c6dd0", "waiting": "#d64545"}
GRID = "#d8dde6"
SHORT = 3600.0
"""Seconds; of a span no longer than this, minutes are shown and no days."""


def svg(outcomes: Sequence[Outcome]) -> str:
    """Return the picture."""
    top = max((_height(sample) for one in outcomes for sample in one.samples), default=1) or 1
    height = TOP + len(outcomes) * (PANEL + GAP)
    box = f'viewBox="0 0 {WIDTH} {height}" font-family="system-ui, sans-serif" font-size="12"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {box}>',
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
        *_legend(),
    ]
    for number, one in enumerate(outcomes):
        parts += _panel(one, TOP + number * (PANEL + GAP) + 20, top)
    return "\n".join([*parts, "</svg>", ""])


def _height(sample: Sample) -> int:
    return max(sample.busy + sample.idle + sample.starting, sample.wanted, sample.waiting)


def _legend() -> list[str]:
    parts, x = [], LEFT
    for name, colour in {**COLOURS, **LINES}.items():
        text = "players waiting" if name == "waiting" else f"streams {name}"
        parts.append(f'<rect x="{x}" y="14" width="14" height="10" fill="{colour}"/>')
        parts.append(f'<text x="{x + 20}" y="23">{text}</text>')
        x += 150
    return parts


def _panel(outcome: Outcome, y: int, top: int) -> list[str]:
    span = max(1.0, outcome.end - outcome.begin)
    right = WIDTH - 16

    def across(at: float) -> float:
        return LEFT + (at - outcome.begin) / span * (right - LEFT)

    def up(value: float) -> float:
        return y + PANEL - value / top * PANEL

    summary = f"wait p95 {outcome.wait(0.95):.0f} s, gave up {100 * outcome.abandoned:.1f} %"
    parts = [
        f'<text x="{LEFT}" y="{y - 6}" font-weight="600">{escape(outcome.policy.title)}: {summary}</text>'
    ]
    parts += [
        f'<path d="M{LEFT} {up(value):.1f}H{right}" stroke="{GRID}"/>'
        f'<text x="{LEFT - 8}" y="{up(value) + 4:.1f}" text-anchor="end">{value}</text>'
        for value in sorted({0, top // 2, top})
    ]
    floor = [0] * len(outcome.samples)
    for name, colour in COLOURS.items():
        roof = [low + getattr(sample, name) for low, sample in zip(floor, outcome.samples, strict=True)]
        edges = [(across(one.at), up(value)) for one, value in zip(outcome.samples, roof, strict=True)]
        edges += [(across(one.at), up(value)) for one, value in zip(outcome.samples, floor, strict=True)][
            ::-1
        ]
        parts.append(f'<path d="{_path(edges)}Z" fill="{colour}"/>')
        floor = roof
    for name, colour in LINES.items():
        points = [(across(one.at), up(getattr(one, name))) for one in outcome.samples]
        parts.append(f'<path d="{_path(points)}" fill="none" stroke="{colour}" stroke-width="1.5"/>')
    for at in _times(outcome):
        stamp = datetime.fromtimestamp(at, UTC).strftime("%d.%m. %H:%M" if span > SHORT else "%M:%S")
        parts.append(f'<text x="{across(at):.1f}" y="{y + PANEL + 16}" text-anchor="middle">{stamp}</text>')
    return parts


def _path(points: Sequence[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points) if points else "M0 0"


def _times(outcome: Outcome) -> list[float]:
    return [outcome.begin + (outcome.end - outcome.begin) * share / 8 for share in range(1, 8)]
