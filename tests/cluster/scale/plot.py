"""The growth as a picture: four small charts over the number of streams, as SVG without any library.

The trap: each chart has its own scale and begins at zero, so that a line that looks steep is steep.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from tests.cluster.scale.measure import Figures

WIDTH, HEIGHT, MARGIN = 420, 260, 56
COLOURS = ("#2563eb", "#f59e0b")
FONT = "font-family='sans-serif'"
CHARTS: tuple[tuple[str, str, tuple[tuple[str, str], ...]], ...] = (
    ("Memory of the matchmaker", "MB", (("rss", "players waiting"), ("rss_idle", "all streams free"))),
    ("Processor time of a session, its wait included", "ms", (("cpu", ""),)),
    ("Cores while nothing happens", "cores", (("cpu_idle", ""),)),
    ("Writes of pods for a session", "writes", (("writes", ""),)),
)
"""Title, unit, and what is drawn: names of `Figures` with their words."""
FACTORS = {"cpu": 1000.0}


def svg(figures: Sequence[Figures]) -> str:
    """Return the picture of all sizes that were measured."""
    width, height = 2 * WIDTH, 2 * HEIGHT + 34
    players = ", ".join(f"{one.streams:,} / {one.players:,}" for one in figures)
    parts = [
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {width} {height}' width='{width}'>",
        f"<rect width='{width}' height='{height}' fill='white'/>",
        _text(width / 2, 20, f"One matchmaker; streams / players: {players}", size=13, anchor="middle"),
    ]
    for number, (title, unit, lines) in enumerate(CHARTS):
        x, y = WIDTH * (number % 2), 30 + HEIGHT * (number // 2)
        parts.append(f"<g transform='translate({x},{y})'>{_chart(figures, title, unit, lines)}</g>")
    return "\n".join([*parts, "</svg>\n"])


def _chart(figures: Sequence[Figures], title: str, unit: str, lines: Sequence[tuple[str, str]]) -> str:
    def values(name: str) -> list[float]:
        return [one.row()[name] * FACTORS.get(name, 1.0) for one in figures]

    right, low = WIDTH - 20, HEIGHT - 36
    most_x = max(one.streams for one in figures)
    most_y = _round(max(max(values(name)) for name, _ in lines))

    def place(streams: float, value: float) -> tuple[float, float]:
        return MARGIN + streams / most_x * (right - MARGIN), low - value / most_y * (low - 34)

    parts = [_text(MARGIN, 20, f"{title}, {unit}", size=13, weight="bold")]
    for step in range(5):
        _, y = place(0, most_y * step / 4)
        parts.append(f"<line x1='{MARGIN}' x2='{right}' y1='{y:.1f}' y2='{y:.1f}' stroke='#ddd'/>")
        parts.append(_text(MARGIN - 6, y + 4, f"{most_y * step / 4:.3g}", anchor="end"))
    parts += [_text(place(one.streams, 0)[0], low + 18, str(one.streams), anchor="middle") for one in figures]
    for colour, beside, (name, words) in zip(COLOURS, (-8, 16), lines, strict=False):
        points = [place(one.streams, value) for one, value in zip(figures, values(name), strict=True)]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        parts.append(f"<polyline points='{path}' fill='none' stroke='{colour}' stroke-width='2'/>")
        parts += [f"<circle cx='{x:.1f}' cy='{y:.1f}' r='3.5' fill='{colour}'/>" for x, y in points]
        if words:
            x, y = points[-1]
            parts.append(_text(x, y + beside, words, anchor="end", colour=colour))
    return "".join(parts)


def _round(most: float) -> float:
    """Return the next greater of 1, 2, 4, 5, 8 times a power of ten."""
    power = 1.0
    while power > most:
        power /= 10
    while power * 10 <= most:
        power *= 10
    return next((power * n for n in (1, 2, 4, 5, 8) if power * n >= most), power * 10) or 1.0


def _text(
    x: float, y: float, words: str, *, size: int = 11, anchor: str = "start", weight: str = "normal",
    colour: str = "#333",
) -> str:  # fmt: skip
    return (
        f"<text x='{x:.1f}' y='{y:.1f}' {FONT} font-size='{size}' text-anchor='{anchor}' "
        f"font-weight='{weight}' fill='{colour}'>{escape(words)}</text>"
    )
