"""What a panel is drawn as: a number, a dial, bars, a table or curves, each as HTML."""

from __future__ import annotations

import math
from collections.abc import Mapping
from html import escape

from tests.setup.dashboards.panels import Panel
from tests.telemetry.prometheus import Series, View
from tests.telemetry.render.colors import by_step, palette
from tests.telemetry.render.plot import Plot
from tests.telemetry.render.units import shown

Found = Mapping[str, list[Series]]
EMPTY = '<div class="empty">No data</div>'
LEGEND = 22
"""Pixels of a line of the legend."""


def body(panel: Panel, found: Found, view: View, width: float, height: float) -> str:
    """Return what stands below a panel's title."""
    series = [it for letter in sorted(found) for it in found[letter]]
    if not series:
        return EMPTY
    if panel["type"] == "table":
        return _table(panel, found)
    if panel["type"] == "timeseries":
        return _curves(panel, series, view, width, height)
    if panel["type"] == "bargauge":
        return _bars(panel, series)
    return (
        _stat(panel, series[0], width, height)
        if panel["type"] == "stat"
        else _gauge(panel, series[0], height)
    )


def _last(panel: Panel, series: Series) -> str:
    defaults = panel["fieldConfig"]["defaults"]
    return escape(shown(series.points[-1][1], defaults["unit"], defaults.get("decimals")))


def _stat(panel: Panel, series: Series, width: float, height: float) -> str:
    color = by_step(panel["fieldConfig"]["defaults"], series.points[-1][1])
    plain = panel["options"]["graphMode"] == "none"
    spark = "" if plain else _spark(series, color, width, height * 0.55)
    top = height * 0.2 if plain else 0
    return (
        f'<div class="stat" style="color:{color};padding-top:{top:.0f}px">{_last(panel, series)}</div>{spark}'
    )


def _spark(series: Series, color: str, width: float, height: float) -> str:
    (start, _), (end, _) = series.points[0], series.points[-1]
    high = max(value for _, value in series.points) or 1.0
    low = min(0.0, *(value for _, value in series.points)) if len(series.points) > 1 else 0.0
    span = (end - start) or 1.0
    points = " ".join(
        f"{(at - start) / span * width:.1f},{height - (value - low) / (high - low or 1) * height * 0.9:.1f}"
        for at, value in series.points
    )
    shape = (
        f'<polygon points="0,{height:.0f} {points} {width:.0f},{height:.0f}" fill="{color}" opacity="0.18"/>'
    )
    line = f'<polyline points="{points}" fill="none" stroke="{color}" stroke-width="1"/>'
    return f'<svg class="spark" width="{width:.0f}" height="{height:.0f}">{shape}{line}</svg>'


def _gauge(panel: Panel, series: Series, height: float) -> str:
    defaults, value = panel["fieldConfig"]["defaults"], series.points[-1][1]
    share = (value - defaults["min"]) / (defaults["max"] - defaults["min"])
    color, radius = by_step(defaults, value), height * 0.62
    width, center = radius * 2 + 24, height * 0.8

    def arc(until: float, stroke: str, size: int) -> str:
        a, b = math.pi, math.pi * (1 - max(0.002, min(until, 1.0)))
        x1, y1 = width / 2 + radius * math.cos(a), center - radius * math.sin(a)
        x2, y2 = width / 2 + radius * math.cos(b), center - radius * math.sin(b)
        path = f"M{x1:.1f},{y1:.1f} A{radius:.1f},{radius:.1f} 0 0 1 {x2:.1f},{y2:.1f}"
        return f'<path d="{path}" fill="none" stroke="{stroke}" stroke-width="{size}"/>'

    text = (
        f'<text x="{width / 2:.0f}" y="{center - 4:.0f}" text-anchor="middle"'
        f' style="font-size:26px;fill:{color}">{_last(panel, series)}</text>'
    )
    inner = arc(1.0, "#2c3235", 16) + arc(share, color, 16) + text
    return f'<svg class="middle" width="{width:.0f}" height="{height:.0f}">{inner}</svg>'


def _bars(panel: Panel, series: list[Series]) -> str:
    defaults = panel["fieldConfig"]["defaults"]
    most = defaults.get("max") or max(it.points[-1][1] for it in series) or 1.0
    rows = []
    for it in series:
        value, color = it.points[-1][1], by_step(defaults, it.points[-1][1])
        width = 100 * min(max(value / most, 0.0), 1.0)
        rows.append(
            f'<div class="bar"><div>{escape(it.legend)}</div><div class="rail">'
            f'<div style="width:{width:.1f}%;background:{color}"></div></div>'
            f'<div style="color:{color}">{_last(panel, it)}</div></div>'
        )
    return "".join(rows)


def _table(panel: Panel, found: Found) -> str:
    key = panel["transformations"][0]["options"]["byField"]
    units = {
        it["matcher"]["options"]: it["properties"][0]["value"] for it in panel["fieldConfig"]["overrides"]
    }
    titles = dict(zip([it["refId"] for it in panel["targets"]], units, strict=True))
    first = found[panel["targets"][0]["refId"]]
    labels = [key, *sorted({name for it in first for name in it.labels} - {key})]
    decimals = panel["fieldConfig"]["defaults"].get("decimals")
    rows = []
    for it in sorted(first, key=lambda one: one.labels[key]):
        cells = [escape(it.labels.get(name, "")) for name in labels]
        for letter, title in titles.items():
            values = [one.points[-1][1] for one in found[letter] if one.labels[key] == it.labels[key]]
            cells.append(escape(shown(values[0], units[title], decimals)) if values else "")
        rows.append("<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>")
    head = "".join(f"<th>{escape(title)}</th>" for title in [*labels, *titles.values()])
    return f"<table><tr>{head}</tr>{''.join(rows)}</table>"


def _curves(panel: Panel, series: list[Series], view: View, width: float, height: float) -> str:
    last = panel["options"]["legend"]["calcs"]
    names = [f"{it.legend}: {_last(panel, it)}" if last else it.legend for it in series]
    lines = 1 + int(sum(8.0 + 6.6 * len(name) + 22 for name in names) / width)
    drawing = Plot(panel, view, width, height - LEGEND * lines).svg(series)
    marks = "".join(
        f'<span><i style="background:{palette(number)}"></i>{escape(name)}</span>'
        for number, name in enumerate(names)
    )
    return f'{drawing}<div class="legend">{marks}</div>'
