"""Grafana's colours on its dark ground."""

from __future__ import annotations

from typing import Any

COLORS = {"green": "#73BF69", "orange": "#FF9830", "red": "#F2495C", "blue": "#5794F2"}
_PALETTE = (
    "#73BF69", "#F2CC0C", "#8AB8FF", "#FF780A", "#F2495C", "#5794F2",
    "#B877D9", "#96D98D", "#FFCB7D", "#705DA0", "#37872D", "#FFA6B0",
)  # fmt: skip


def palette(number: int) -> str:
    """Return the colour of a curve by its place."""
    return _PALETTE[number % len(_PALETTE)]


def by_step(defaults: dict[str, Any], value: float) -> str:
    """Return the colour that thresholds give to a value."""
    found = "green"
    for step in defaults["thresholds"]["steps"]:
        if step["value"] is None or value >= step["value"]:
            found = step["color"]
    return COLORS[found]
