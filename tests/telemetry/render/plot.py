"""Curves over time as SVG: axes with round numbers, areas one upon the other, lines where it gets bad."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from html import escape
from typing import Any

from tests.setup.dashboards.panels import Panel
from tests.telemetry.prometheus import Series, View
from tests.telemetry.render.colors import COLORS, palette
from tests.telemetry.render.units import shown

RIGHT, TOP, BOTTOM = 10, 8, 20
LETTER = 6.4
"""Pixels of a letter on an axis."""
GAP = 2.5
"""Steps without a point after which a curve is broken."""

Point = tuple[float, float]


class Plot:
    """One panel's curves in a box of pixels."""

    def __init__(self, panel: Panel, view: View, width: float, height: float) -> None:
        defaults = panel["fieldConfig"]["defaults"]
        self.defaults: dict[str, Any] = defaults
        self.custom: dict[str, Any] = defaults["custom"]
        self.view, self.width, self.height = view, width, height
        self.low, self.high, self.left = 0.0, 1.0, 40.0

    def svg(self, found: list[Series]) -> str:
        """Return the drawing."""
        curves = self._stacked(found) if self.custom["stacking"]["mode"] == "normal" else self._plain(found)
        ticks = self._scale([value for points, _ in curves for _, value in points])
        parts = [self._grid(ticks), self._times(), self._limits()]
        for number, (points, floor) in reversed(list(enumerate(curves))):
            parts += [self._curve(part, base, palette(number)) for part, base in self._pieces(points, floor)]
        size = f'width="{self.width:.0f}" height="{self.height:.0f}"'
        return f'<svg xmlns="http://www.w3.org/2000/svg" {size}>{"".join(parts)}</svg>'

    @staticmethod
    def _plain(found: list[Series]) -> list[tuple[list[Point], list[Point] | None]]:
        return [(it.points, None) for it in found]

    def _stacked(self, found: list[Series]) -> list[tuple[list[Point], list[Point] | None]]:
        times = sorted({at for it in found for at, _ in it.points})
        floor = [(at, 0.0) for at in times]
        curves: list[tuple[list[Point], list[Point] | None]] = []
        for it in found:
            values = dict(it.points)
            top = [(at, base + values.get(at, 0.0)) for at, base in floor]
            curves.append((top, floor))
            floor = top
        return curves

    def _scale(self, values: list[float]) -> list[float]:
        """Choose the range of values; returns round numbers in it."""
        steps = (
            self.defaults["thresholds"]["steps"][1:]
            if self.custom["thresholdsStyle"]["mode"] != "off"
            else []
        )
        low = self.defaults.get("min", min(values))
        high = self.defaults.get("max", max(values))
        near = [step["value"] for step in steps if step["value"] <= 1.6 * high]
        high = max([high, *near])
        if high <= low:
            low, high = (low - 1, high + 1) if low else (0.0, 1.0)
        step = _round_step((high - low) / max(2, (self.height - TOP - BOTTOM) / 34), self.defaults["unit"])
        self.low = math.floor(low / step) * step
        self.high = self.defaults.get("max", math.ceil(high / step - 1e-9) * step)
        count = int((self.high - self.low) / step + 1e-6)
        ticks = [self.low + number * step for number in range(count + 1)]
        self.left = 14 + LETTER * max(len(self._text(value)) for value in ticks)
        return ticks

    def _text(self, value: float) -> str:
        return shown(value, self.defaults["unit"], self.defaults.get("decimals"))

    def _x(self, at: float) -> float:
        share = (at - self.view.start) / (self.view.end - self.view.start)
        return self.left + share * (self.width - self.left - RIGHT)

    def _y(self, value: float) -> float:
        share = (min(max(value, self.low), self.high) - self.low) / (self.high - self.low)
        return self.height - BOTTOM - share * (self.height - TOP - BOTTOM)

    def _grid(self, ticks: list[float]) -> str:
        lines = []
        for value in ticks:
            y = self._y(value)
            text = escape(self._text(value))
            ends = f'x1="{self.left:.1f}" x2="{self.width - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"'
            lines.append(f'<line class="grid" {ends}/>')
            lines.append(f'<text x="{self.left - 6:.1f}" y="{y + 4:.1f}" text-anchor="end">{text}</text>')
        return "".join(lines)

    def _times(self) -> str:
        span = self.view.end - self.view.start
        wanted = span / max(2, (self.width - self.left - RIGHT) / 80)
        step = next(
            (it for it in (15, 30, 60, 300, 900, 1800, 3600, 7200, 10800, 21600) if it >= wanted), 43200
        )
        texts = []
        at = math.ceil(self.view.start / step) * step
        while at <= self.view.end:
            clock = datetime.fromtimestamp(at, UTC).strftime("%H:%M" if step >= 60 else "%H:%M:%S")
            anchor = "end" if self._x(at) > self.width - 26 else "middle"
            texts.append(
                f'<text x="{self._x(at):.1f}" y="{self.height - 5}" text-anchor="{anchor}">{clock}</text>'
            )
            at += step
        return "".join(texts)

    def _limits(self) -> str:
        if self.custom["thresholdsStyle"]["mode"] == "off":
            return ""
        lines = []
        for step in self.defaults["thresholds"]["steps"][1:]:
            if self.low < step["value"] <= self.high:
                y, color = self._y(step["value"]), COLORS[step["color"]]
                place = f'x1="{self.left:.1f}" x2="{self.width - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"'
                lines.append(f'<line {place} stroke="{color}" stroke-dasharray="6 5" opacity="0.8"/>')
        return "".join(lines)

    def _pieces(
        self, points: list[Point], floor: list[Point] | None
    ) -> list[tuple[list[Point], list[Point] | None]]:
        """Cut a curve where points are missing."""
        longest = GAP * self.view.step
        cuts = [0, *(n for n in range(1, len(points)) if points[n][0] - points[n - 1][0] > longest)]
        ends = [*cuts[1:], len(points)]
        return [(points[a:b], floor[a:b] if floor else None) for a, b in zip(cuts, ends, strict=True)]

    def _curve(self, points: list[Point], floor: list[Point] | None, color: str) -> str:
        top = self._path(points)
        base = self._path(floor)[::-1] if floor else [(top[-1][0], self._y(0)), (top[0][0], self._y(0))]
        opacity = self.custom["fillOpacity"] / 100
        area = " ".join(f"{x:.1f},{y:.1f}" for x, y in [*top, *base])
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y in top)
        return (
            f'<polygon points="{area}" fill="{color}" fill-opacity="{opacity:g}"/>'
            f'<polyline points="{line}" fill="none" stroke="{color}" stroke-width="1.3"/>'
        )

    def _path(self, points: list[Point]) -> list[Point]:
        path: list[Point] = []
        for at, value in points:
            if path and self.custom["lineInterpolation"] == "stepAfter":
                path.append((self._x(at), path[-1][1]))
            path.append((self._x(at), self._y(value)))
        return path


def _round_step(wanted: float, unit: str) -> float:
    if unit == "bytes":
        return 2.0 ** math.ceil(math.log2(wanted))
    if unit == "s" and wanted > 10:
        return next(
            (it for it in (15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0) if it >= wanted), 7200.0
        )
    size = 10.0 ** math.floor(math.log10(wanted))
    return next(size * it for it in (1, 2, 2.5, 5, 10) if size * it >= wanted * 0.999)
