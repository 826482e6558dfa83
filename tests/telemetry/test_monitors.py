"""Monitors give every pod that tells metrics one target, and its series the labels that others go by.

A pod with two targets for one port counts everything twice; that is how scraping by annotation goes wrong.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.charts.helm import CASES, Object, Pod, name, objects, of_kind, pods, rendered, selects, template
from tests.setup.progress import ROOT
from tests.telemetry import rules

SILENT = {"player"}
"""Components whose pods tell no metrics."""
MONITORED = ["everything"]
INTRO = ROOT / "charts" / "pixelstream" / "charts" / "telemetry" / "README.intro.md"


def targets(found: list[Object]) -> Iterator[tuple[str, Pod, str]]:
    """Yield monitor, pod and container of every target that Prometheus would make."""
    for it in of_kind(found, "PodMonitor"):
        (end,) = it["spec"]["podMetricsEndpoints"]
        for pod in pods(found):
            if selects(it["spec"]["selector"]["matchLabels"], pod.labels):
                for container in pod.containers:
                    for port in container.get("ports", []):
                        if port.get("name") == end["port"]:
                            yield name(it), pod, container["name"]


@pytest.mark.parametrize("case", MONITORED)
def test_every_pod_that_tells_metrics_is_one_target(case: str) -> None:
    found = rendered(case)
    owners = [pod.owner for _, pod, _ in targets(found)]
    assert len(owners) == len(set(owners))
    jobs = {pod.owner for pod in pods(found) if _is_job(pod)}
    silent = {pod.owner for pod in pods(found) if pod.component in SILENT}
    assert set(owners) == {pod.owner for pod in pods(found)} - jobs - silent


def _is_job(pod: Pod) -> bool:
    return pod.owner.startswith(("Job/", "Pod/")) or (
        "signalserver" not in str(pod.containers)
        and (pod.component.startswith(("streamer", "prepull", "placeholder")))
    )


def test_a_case_without_monitoring_has_no_monitor() -> None:
    for case in set(CASES) - set(MONITORED):
        assert of_kind(rendered(case), "PodMonitor", "ServiceMonitor") == [], case


def test_a_streams_series_have_the_fleet_that_its_pod_is_of() -> None:
    found = rendered("everything")
    for it in of_kind(found, "PodMonitor"):
        rules = it["spec"]["podMetricsEndpoints"][0].get("relabelings", [])
        of_fleet = [rule for rule in rules if rule["targetLabel"] == "fleet"]
        chosen = [pod for pod in pods(found) if selects(it["spec"]["selector"]["matchLabels"], pod.labels)]
        assert all(("pixelstream.io/fleet" in pod.labels) == bool(of_fleet) for pod in chosen), name(it)
        for rule in of_fleet:
            assert rule["sourceLabels"] == ["__meta_kubernetes_pod_label_pixelstream_io_fleet"]


def test_the_matchmakers_series_have_its_service_either_way() -> None:
    on = {"global": {"monitoring": {"enabled": True, "labels": {"release": "prometheus"}}}}
    by_pod = objects(template(values=on))
    (it,) = [it for it in of_kind(by_pod, "PodMonitor") if it["metadata"]["name"] == "px-matchmaker"]
    (rule,) = it["spec"]["podMetricsEndpoints"][0]["relabelings"]
    assert rule == {"targetLabel": "service", "replacement": "px-matchmaker"}
    by_service = objects(template(values={**on, "matchmaker": {"monitor": {"kind": "ServiceMonitor"}}}))
    assert "px-matchmaker" not in {it["metadata"]["name"] for it in of_kind(by_service, "PodMonitor")}
    (it,) = of_kind(by_service, "ServiceMonitor")
    assert it["metadata"]["labels"]["release"] == "prometheus"
    chosen = [
        service
        for service in of_kind(by_service, "Service")
        if selects(it["spec"]["selector"]["matchLabels"], service["metadata"]["labels"])
    ]
    assert [service["metadata"]["name"] for service in chosen] == ["px-matchmaker"]
    assert it["spec"]["endpoints"][0]["port"] in {port["name"] for port in chosen[0]["spec"]["ports"]}


def test_annotations_as_the_readme_has_them_name_the_port_that_tells_metrics() -> None:
    (values,) = [yaml.safe_load(text) for text in _examples() if "podAnnotations" in text]
    found = objects(template(values=values))
    told = {pod.owner: pod for pod in pods(found) if pod.annotations.get("prometheus.io/scrape") == "true"}
    monitored = objects(template(values={"global": {"monitoring": {"enabled": True}}}))
    wanted = {pod.owner: container for _, pod, container in targets(monitored)}
    assert told.keys() == wanted.keys()
    for owner, pod in told.items():
        ports = [
            port["containerPort"]
            for container in pod.containers
            if container["name"] == wanted[owner]
            for port in container["ports"]
        ]
        assert int(pod.annotations["prometheus.io/port"]) in ports, owner
        assert pod.annotations["prometheus.io/path"] == "/metrics"


def test_the_readmes_job_makes_one_target_of_a_pod_with_many_ports() -> None:
    (job,) = [yaml.safe_load(text)[0] for text in _examples() if "relabel_configs" in text]
    kept = [rule for rule in job["relabel_configs"] if rule.get("action", "replace") in {"keep", "keepequal"}]
    assert {"action": "keepequal"}.items() <= kept[-1].items()
    assert kept[-1]["source_labels"] == ["__meta_kubernetes_pod_container_port_number"]
    assert kept[-1]["target_label"] == "__tmp_port"


def _examples() -> list[str]:
    return re.findall(r"```yaml\n(.*?)```", INTRO.read_text(), re.DOTALL)


def test_prometheus_takes_the_readmes_job(tmp_path: Path) -> None:
    (job,) = [text for text in _examples() if "relabel_configs" in text]
    file = tmp_path / "prometheus.yaml"
    file.write_text("scrape_configs:\n" + job)
    assert "SUCCESS" in rules.promtool("check", "config", file)
