"""Metrics that charts name exist: autoscalers and the adapter's rules read what services tell."""

import re
from functools import cache
from pathlib import Path

import yaml

from tests.charts.helm import CHART, of_kind, rendered
from tests.setup.progress import ROOT

NAMED = re.compile(r"\b(?:pixelstream|signalserver|matchmaker|turnapi)_[a-z_]+\b")


@cache
def catalogue() -> str:
    """Return the text of all modules that declare metrics."""
    return "\n".join(path.read_text() for path in sorted((ROOT / "pixelstream" / "metrics").glob("*.py")))


def declared(metric: str) -> bool:
    """Tell whether a metric is declared, under its whole name or with its service's prefix put before."""
    whole = metric.removesuffix("_total")
    short = whole.split("_", 1)[1]
    return any(f'"{title}"' in catalogue() for title in (metric, whole, short))


def test_an_autoscaler_reads_metrics_that_services_declare() -> None:
    scalers = of_kind(rendered("everything"), "HorizontalPodAutoscaler")
    names = {
        metric[metric["type"].lower()]["metric"]["name"] for it in scalers for metric in it["spec"]["metrics"]
    }
    assert names == {"pixelstream_streams_wanted", "signalserver_stream_allocated"}
    assert [title for title in names if not declared(title)] == []


def test_the_adapter_serves_what_autoscalers_read() -> None:
    telemetry = yaml.safe_load((CHART / "charts" / "telemetry" / "values.yaml").read_text())
    rules = telemetry["prometheus-adapter"]["rules"]
    external = {NAMED.findall(rule["seriesQuery"])[0] for rule in rules["external"]}
    custom = {NAMED.findall(rule["seriesQuery"])[0] for rule in rules["custom"]}
    for it in of_kind(rendered("everything"), "HorizontalPodAutoscaler"):
        for metric in it["spec"]["metrics"]:
            served = external if metric["type"] == "External" else custom
            assert metric[metric["type"].lower()]["metric"]["name"] in served, metric["type"]


def test_every_metric_that_a_chart_names_is_declared() -> None:
    files = [path for path in Path(CHART).rglob("*") if path.suffix in {".yaml", ".tpl", ".json"}]
    names = {
        title
        for path in files
        if path.name != "values.schema.json"
        for title in NAMED.findall(path.read_text())
    }
    assert names >= {"pixelstream_streams_wanted"}
    assert sorted(title for title in names if not declared(title)) == []
