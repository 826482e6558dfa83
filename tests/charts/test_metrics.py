"""Metrics that charts name exist: autoscalers and the adapter's rules read what services tell."""

import re

import yaml

from tests.charts.helm import CHART, of_kind, rendered
from tests.setup.catalogue import entries

NAMED = re.compile(r"\b(?:pixelstream|signalserver|matchmaker|turnapi|gate)_[a-z_]+\b")
TOLD = {sample for entry in entries() for sample in entry.samples}


def test_an_autoscaler_reads_metrics_that_services_declare() -> None:
    scalers = of_kind(rendered("everything"), "HorizontalPodAutoscaler")
    names = {
        metric[metric["type"].lower()]["metric"]["name"] for it in scalers for metric in it["spec"]["metrics"]
    }
    assert names == {"pixelstream_streams_wanted", "signalserver_stream_allocated"}
    assert names <= TOLD


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
    files = [path for path in CHART.rglob("*") if path.suffix in {".yaml", ".tpl", ".json"}]
    names = {
        title
        for path in files
        if path.name != "values.schema.json"
        for title in NAMED.findall(path.read_text())
    }
    histograms = {entry.name for entry in entries() if entry.type == "histogram"}
    recorded = {title for title in names if title.startswith("pixelstream_visits")}
    assert names >= {"pixelstream_streams_wanted"}
    assert sorted(names - TOLD - histograms - recorded) == []
