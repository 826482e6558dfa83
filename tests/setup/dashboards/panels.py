"""Panels of Grafana as plain dictionaries: numbers, curves, gauges, bars and tables.

The trap: a panel shows whatever it is given without a word about what it means, so none is made without
a description, a unit, and names for its curves.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

Panel = dict[str, Any]
RUNBOOKS = "https://github.com/pixelstream/pixelstream/blob/main/docs/runbooks.md"
SOURCE = {"type": "prometheus", "uid": "${datasource}"}
GOOD, FAIR, BAD, PLAIN = "green", "orange", "red", "blue"

MOST_FILLED = 1
"""Curves up to which the area below is tinted; more of them would hide each other."""

Steps = Sequence[tuple[float | None, str]]
"""Colours from a value upwards; the first has None."""
Queries = Sequence[tuple[str, str]]
"""Queries with the names of what they show."""

NEUTRAL: Steps = ((None, PLAIN),)


def rising(fair: float, bad: float) -> Steps:
    """Return colours for what should be low."""
    return ((None, GOOD), (fair, FAIR), (bad, BAD))


def falling(bad: float, fair: float) -> Steps:
    """Return colours for what should be high."""
    return ((None, BAD), (bad, FAIR), (fair, GOOD))


def stat(title: str, text: str, query: str, unit: str = "short", **more: Any) -> Panel:
    """Return a number, coloured by `steps`, with its curve behind it unless `instant`."""
    steps, instant = more.pop("steps", NEUTRAL), more.pop("instant", False)
    panel = _panel("stat", title, text, [(query, title)], unit=unit, steps=steps, instant=instant, **more)
    panel["options"] = {
        "colorMode": "value",
        "graphMode": "none" if instant else "area",
        "justifyMode": "auto",
        "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
        "textMode": "value",
    }
    return panel


def gauge(title: str, text: str, query: str, unit: str, **more: Any) -> Panel:
    """Return a number on a dial between `min` and `max`."""
    steps = more.pop("steps", NEUTRAL)
    panel = _panel("gauge", title, text, [(query, title)], unit=unit, steps=steps, instant=True, **more)
    panel["options"] = {
        "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
        "showThresholdLabels": False,
        "showThresholdMarkers": True,
    }
    return panel


def curves(title: str, text: str, queries: Queries, unit: str = "short", **more: Any) -> Panel:
    """Return curves over time: `stacked` areas, `steps` as lines across, `stairs` for whole numbers.

    `many` is for more curves than a legend with their values has room for.
    """
    stacked, stairs, many = more.pop("stacked", False), more.pop("stairs", False), more.pop("many", False)
    steps = more.pop("steps", None)
    panel = _panel("timeseries", title, text, queries, unit=unit, steps=steps or ((None, GOOD),), **more)
    panel["fieldConfig"]["defaults"]["color"] = {"mode": "palette-classic"}
    panel["fieldConfig"]["defaults"]["custom"] = {
        "drawStyle": "line",
        "fillOpacity": 40 if stacked else 0 if many or len(queries) > MOST_FILLED else 10,
        "lineInterpolation": "stepAfter" if stairs else "linear",
        "lineWidth": 1,
        "showPoints": "never",
        "spanNulls": 120_000,
        "stacking": {"group": "A", "mode": "normal" if stacked else "none"},
        "thresholdsStyle": {"mode": "dashed" if steps else "off"},
    }
    panel["options"] = {
        "legend": {
            "calcs": [] if many else ["lastNotNull"],
            "displayMode": "list",
            "placement": "bottom",
            "showLegend": True,
        },
        "tooltip": {"mode": "multi", "sort": "desc"},
    }
    return panel


def bars(title: str, text: str, query: str, legend: str, unit: str = "short", **more: Any) -> Panel:
    """Return a bar for each series as it is now."""
    steps = more.pop("steps", NEUTRAL)
    panel = _panel("bargauge", title, text, [(query, legend)], unit=unit, steps=steps, instant=True, **more)
    panel["options"] = {
        "displayMode": "basic",
        "orientation": "horizontal",
        "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
        "showUnfilled": True,
        "valueMode": "text",
    }
    return panel


def table(title: str, text: str, key: str, columns: Sequence[tuple[str, str, str]], **more: Any) -> Panel:
    """Return a table with a row for each value of the label `key`; a column is its query, title and unit.

    Further labels of the first query become columns, too.
    """
    queries = [(query, name) for query, name, _ in columns]
    panel = _panel("table", title, text, queries, unit="short", steps=NEUTRAL, instant=True, **more)
    names = {f"Value #{target['refId']}": it for target, it in zip(panel["targets"], columns, strict=True)}
    for target in panel["targets"]:
        target["format"] = "table"
    panel["transformations"] = [
        {"id": "joinByField", "options": {"byField": key, "mode": "outer"}},
        {
            "id": "organize",
            "options": {
                "excludeByName": {f"Time {n}": True for n in range(1, len(columns) + 1)} | {"Time": True},
                "renameByName": {field: name for field, (_, name, _) in names.items()},
            },
        },
    ]
    panel["fieldConfig"]["overrides"] = [
        {"matcher": {"id": "byName", "options": name}, "properties": [{"id": "unit", "value": unit}]}
        for _, name, unit in columns
    ]
    panel["options"] = {
        "cellHeight": "sm",
        "showHeader": True,
        "sortBy": [{"desc": False, "displayName": key}],
    }
    return panel


def runbook(panel: Panel, alert: str) -> Panel:
    """Return the panel with a link to the runbook of the alert that watches what it shows."""
    link = {"title": f"Runbook: {alert}", "url": f"{RUNBOOKS}#{alert.lower()}", "targetBlank": True}
    return {**panel, "links": [link]}


def _panel(
    kind: str,
    title: str,
    text: str,
    queries: Queries,
    *,
    unit: str,
    steps: Steps,
    instant: bool = False,
    **defaults: Any,
) -> Panel:
    return {
        "type": kind,
        "title": title,
        "description": text,
        "datasource": SOURCE,
        "targets": [_target(number, *query, instant=instant) for number, query in enumerate(queries)],
        "fieldConfig": {
            "defaults": {
                "unit": unit,
                "color": {"mode": "thresholds"},
                "thresholds": {
                    "mode": "absolute",
                    "steps": [{"value": value, "color": color} for value, color in steps],
                },
                **defaults,
            },
            "overrides": [],
        },
    }


def _target(number: int, query: str, legend: str, *, instant: bool) -> dict[str, Any]:
    return {
        "refId": chr(ord("A") + number),
        "datasource": SOURCE,
        "expr": " ".join(query.split()),
        "legendFormat": legend,
        "range": not instant,
        "instant": instant,
    }
