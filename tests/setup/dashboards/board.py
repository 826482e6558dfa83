"""A Grafana board: rows of panels under some variables, laid out so that it fits one screen.

The trap: Grafana places panels on a grid of 24 columns; a row here is as many panels as fill it, and a
board must be no higher than `HIGHEST`, which is what 1080 lines of a screen show.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tests.setup.dashboards.panels import RUNBOOKS, SOURCE, Panel

COLUMNS = 24
HIGHEST = 23
TAG = "pixelstream"


@dataclass(frozen=True)
class Variable:
    """A choice at the top of a board; `query` is Prometheus's `label_values`."""

    name: str
    label: str
    query: str
    many: bool = False

    def json(self) -> dict[str, Any]:
        """Return it as Grafana keeps it."""
        every = {"allValue": ".*", "current": {"text": ["All"], "value": ["$__all"]}} if self.many else {}
        return {
            "name": self.name,
            "label": self.label,
            "type": "query",
            "datasource": SOURCE,
            "query": {"query": self.query, "refId": self.name},
            "definition": self.query,
            "refresh": 2,
            "sort": 1,
            "multi": self.many,
            "includeAll": self.many,
            **every,
        }


DATASOURCE = {
    "name": "datasource",
    "label": "Data source",
    "type": "datasource",
    "query": "prometheus",
    "refresh": 1,
}
NAMESPACE = Variable("namespace", "Namespace", "label_values(pixelstream_streams_wanted, namespace)")
FLEET = Variable(
    "fleet", "Fleet", 'label_values(pixelstream_streams_wanted{namespace="$namespace"}, fleet)', many=True
)


@dataclass(frozen=True)
class Row:
    """Panels beside each other, with their widths; the widths fill the board's 24 columns."""

    height: int
    panels: Sequence[tuple[int, Panel]]


@dataclass(frozen=True)
class Board:
    """A board: the part of the file's name and of its address, what it is about, what is on it."""

    slug: str
    title: str
    text: str
    rows: Sequence[Row]
    variables: Sequence[Variable] = (NAMESPACE, FLEET)

    def json(self) -> dict[str, Any]:
        """Return it as Grafana keeps it."""
        return {
            "uid": f"{TAG}-{self.slug}",
            "title": f"Pixel Streaming / {self.title}",
            "description": self.text,
            "tags": [TAG],
            "schemaVersion": 39,
            "editable": True,
            "graphTooltip": 1,
            "refresh": "30s",
            "time": {"from": "now-6h", "to": "now"},
            "timezone": "browser",
            "links": _links(),
            "templating": {"list": [DATASOURCE, *(it.json() for it in self.variables)]},
            "annotations": {"list": []},
            "panels": list(self._panels()),
        }

    def _panels(self) -> Sequence[dict[str, Any]]:
        placed: list[dict[str, Any]] = []
        top = 0
        for row in self.rows:
            if sum(width for width, _ in row.panels) != COLUMNS:
                raise ValueError(f"a row of {self.slug} does not fill {COLUMNS} columns")
            left = 0
            for width, panel in row.panels:
                place = {"h": row.height, "w": width, "x": left, "y": top}
                placed.append({"id": len(placed) + 1, "gridPos": place, **panel})
                left += width
            top += row.height
        if top > HIGHEST:
            raise ValueError(f"{self.slug} is {top} high and would not fit a screen of {HIGHEST}")
        return placed


def _links() -> list[dict[str, Any]]:
    others = {"type": "dashboards", "tags": [TAG], "title": "Boards", "asDropdown": True, "keepTime": True}
    return [
        {**others, "includeVars": True},
        {"type": "link", "title": "Runbooks", "url": RUNBOOKS, "targetBlank": True, "icon": "doc"},
    ]
