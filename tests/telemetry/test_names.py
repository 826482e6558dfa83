"""Rules, boards and adapter rules read metrics that are told: by us, by a rule, or as upstream documents."""

from typing import Any

import pytest
import yaml

from tests.charts.helm import CHART
from tests.setup import catalogue
from tests.setup.dashboards.__main__ import BOARDS
from tests.setup.progress import ROOT
from tests.telemetry import rules, upstream
from tests.telemetry.promql import names

TELEMETRY = CHART / "charts" / "telemetry"
TOLD = {sample for entry in catalogue.entries() for sample in entry.samples}
PROMETHEUS = {"ALERTS"}


def recorded() -> set[str]:
    return {rule["record"] for group in rules.groups() for rule in group["rules"] if "record" in rule}


def unknown(queries: list[str]) -> dict[str, list[str]]:
    known = TOLD | recorded() | upstream.KNOWN.keys() | PROMETHEUS
    return {query: sorted(missing) for query in queries if (missing := names(query) - known)}


def queries_of(board: dict[str, Any]) -> list[str]:
    asked = [target["expr"] for panel in board["panels"] for target in panel["targets"]]
    choices = [it["definition"] for it in board["templating"]["list"] if it["type"] == "query"]
    return asked + [f"sum({choice.removeprefix('label_values(').split(',')[0]})" for choice in choices]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        (
            'sum by (fleet) (rate(a_total{x="b_c", y=~"d"}[5m])) / on (fleet) group_left () b:c:d',
            {"a_total", "b:c:d"},
        ),
        ("1e6 * max by (gpu) (A_B{}) or vector(0) unless c offset 5m", {"A_B", "c"}),
        ("histogram_quantile(0.95, sum by (le) (rate(x_bucket[$__rate_interval])))", {"x_bucket"}),
    ],
)
def test_the_names_of_a_query_are_found(query: str, found: set[str]) -> None:
    assert names(query) == found


def test_rules_read_what_is_told() -> None:
    assert unknown([rule["expr"] for group in rules.groups() for rule in group["rules"]]) == {}


@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.slug)
def test_a_board_reads_what_is_told(board: Any) -> None:
    assert unknown(queries_of(board.json())) == {}


def test_the_adapter_reads_what_is_told() -> None:
    found = yaml.safe_load((TELEMETRY / "values.yaml").read_text())["prometheus-adapter"]["rules"]
    queries = [rule["seriesQuery"] for kind in ("external", "custom") for rule in found[kind]]
    assert queries
    assert unknown(queries) == {}


def test_everything_that_is_listed_of_others_is_read() -> None:
    queries = [rule["expr"] for group in rules.groups() for rule in group["rules"]]
    queries += [query for board in BOARDS for query in queries_of(board.json())]
    assert sorted(upstream.KNOWN.keys() - set().union(*map(names, queries))) == []


def test_every_class_of_metrics_is_in_the_catalogue() -> None:
    text = (ROOT / "tests" / "setup" / "catalogue.py").read_text()
    for path in (ROOT / "pixelstream" / "metrics").glob("*.py"):
        for line in path.read_text().splitlines():
            if line.startswith("class ") and line.split("(")[0].rstrip(":").endswith("Metrics"):
                title = line.removeprefix("class ").split("(")[0].rstrip(":")
                users = ROOT / "pixelstream" / "metrics"
                used = any(f"{title}(" in it.read_text() for it in users.glob("*.py") if it != path)
                assert title in text or used, f"{path.name}: {title}"


def test_the_page_of_metrics_is_what_make_docs_writes() -> None:
    assert catalogue.PAGE.read_text() == catalogue.page(), "run: make docs"
