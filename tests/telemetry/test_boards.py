"""Every panel of every board shows something: over a played day, from a real Prometheus.

The day (`history.py`) is made up; that its series are those of our services is held here, too.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.setup.catalogue import entries
from tests.setup.dashboards.__main__ import BOARDS
from tests.telemetry import history, upstream
from tests.telemetry.prometheus import Prometheus
from tests.telemetry.render import page

SCRAPED = {"namespace", "pod", "container", "service", "le"}
"""Labels of monitors and of histograms, which no declaration names."""
OF_STREAMS = ("signalserver_", "process_", "pixelstream_build_info")
MONITORED = SCRAPED | {"fleet"}
"""The same for series of streams, which have the fleet from their monitor."""


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    with history.served(tmp_path_factory.mktemp("day")) as found:
        yield found


@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.slug)
def test_every_query_of_a_board_shows_something(board: Any, running: Prometheus) -> None:
    empty = [
        f"{panel['title']} {letter}: {panel['targets'][number]['expr']}"
        for panel in board.json()["panels"]
        for number, (letter, series) in enumerate(running.shows(panel, history.DAY).items())
        if not series
    ]
    assert empty == []


@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.slug)
def test_every_choice_of_a_board_has_something_to_choose(board: Any, running: Prometheus) -> None:
    for it in board.json()["templating"]["list"]:
        if it["type"] == "query":
            selector, label = it["definition"].removeprefix("label_values(").removesuffix(")").rsplit(", ", 1)
            assert running.get(
                "query", query=f"count by ({label}) ({history.DAY.written(selector)})", time=history.END
            )["result"], it["name"]


@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.slug)
def test_a_board_can_be_drawn(board: Any, running: Prometheus) -> None:
    drawn = page.html(board.json(), running, history.DAY)
    assert "No data" not in drawn
    assert drawn.count("<section") == len(board.json()["panels"])


def test_the_days_series_are_those_that_services_tell() -> None:
    told = {sample: frozenset(entry.labels) for entry in entries() for sample in entry.samples}
    wrong = []
    for name, labels in sorted(history.Day().play().names(), key=str):
        more = MONITORED if name.startswith(OF_STREAMS) else SCRAPED
        if name not in upstream.KNOWN and labels - more != told.get(name, frozenset()) - more:
            wrong.append((name, sorted(labels - more), sorted(told.get(name, ()))))
    assert wrong == []
