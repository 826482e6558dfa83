"""A board as one HTML page of the size of a screen."""

from __future__ import annotations

from html import escape
from typing import Any

from tests.telemetry.prometheus import Prometheus, View
from tests.telemetry.render import widgets

WIDTH = 1920
UNIT, GAP, HEAD = 30, 8, 92
"""Pixels of Grafana's grid: a row, what is between two, and what stands above the panels."""

STYLE = """
body {margin: 0; background: #111217; color: #ccccdc; font: 13px/1.4 "Liberation Sans", Arial, sans-serif}
header {height: 40px; padding: 12px 16px 0; font-size: 18px}
nav {padding: 0 16px; height: 34px}
nav b {font-weight: 400; background: #22252b; padding: 5px 9px; margin-right: 2px}
nav span {border: 1px solid #34383e; padding: 4px 10px; margin-right: 10px; background: #111217}
section {position: absolute; overflow: hidden; background: #181b1f; border: 1px solid #2c3033}
h2 {font-size: 14px; font-weight: 500; margin: 6px 10px 2px; white-space: nowrap}
h2 small {color: #6e9fff; float: right; font-weight: 400}
svg text {fill: #9fa3ab; font-size: 11.5px}
svg .grid {stroke: #2a2e33}
svg.middle {display: block; margin: auto}
.stat {font-size: 34px; font-weight: 500; text-align: center; position: relative; z-index: 1}
.spark {position: absolute; left: 0; bottom: 0}
.legend {padding: 2px 10px; font-size: 12px} .legend span {margin-right: 14px; white-space: nowrap}
.legend i {display: inline-block; width: 14px; height: 4px; margin: 0 6px 3px 0; border-radius: 2px}
.empty {text-align: center; color: #8e8e98; padding-top: 8%}
.bar {display: grid; grid-template-columns: 30% 1fr 22%; gap: 10px; padding: 8px 12px; align-items: center}
.rail {background: #2c3235; height: 20px} .rail div {height: 20px}
table {width: 100%; border-collapse: collapse} th {text-align: left; color: #6e9fff; font-weight: 500}
th, td {padding: 3.5px 10px; border-bottom: 1px solid #2c3033}
"""


def html(board: dict[str, Any], running: Prometheus, view: View) -> str:
    """Return a board as a page, drawn from what Prometheus answers."""
    panels = "".join(_panel(panel, running, view) for panel in board["panels"])
    chosen = "".join(
        f"<b>{escape(it['label'])}</b><span>{escape(_choice(it['name'], view))}</span>"
        for it in board["templating"]["list"]
    )
    title = escape(board["title"])
    return (
        f'<!doctype html><meta charset="utf-8"><title>{title}</title><style>{STYLE}</style>'
        f"<header>{title}</header><nav>{chosen}</nav>{panels}"
    )


def height(board: dict[str, Any]) -> int:
    """Return the pixels that a board needs."""
    rows: int = max(it["gridPos"]["y"] + it["gridPos"]["h"] for it in board["panels"])
    return HEAD + rows * (UNIT + GAP)


def _choice(name: str, view: View) -> str:
    value = view.variables.get(name, "Prometheus")
    return "All" if value == ".*" else value


def _panel(panel: dict[str, Any], running: Prometheus, view: View) -> str:
    place = panel["gridPos"]
    column = (WIDTH - 2 * GAP) / 24
    wide, high = place["w"] * column - GAP, place["h"] * (UNIT + GAP) - GAP
    left, top = GAP + place["x"] * column, HEAD - 6 + place["y"] * (UNIT + GAP)
    mark = "<small>runbook</small>" if panel.get("links") else ""
    inner = widgets.body(panel, running.shows(panel, view), view, wide - 2, high - 32)
    style = f"left:{left:.0f}px;top:{top:.0f}px;width:{wide:.0f}px;height:{high:.0f}px"
    return f'<section style="{style}"><h2>{escape(panel["title"])}{mark}</h2>{inner}</section>'
