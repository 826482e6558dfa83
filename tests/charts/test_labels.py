"""Labels as Kubernetes recommends them, and selectors that hold over upgrades and pick what is meant."""

import pytest

from pixelstream import __version__
from tests.charts.helm import Object, name, objects, of_kind, pods, rendered, selects, template

RECOMMENDED = {f"app.kubernetes.io/{key}" for key in ("name", "instance", "version", "component", "part-of")}
FIXED = {"app.kubernetes.io/name", "app.kubernetes.io/instance", "pixelstream.io/fleet"}
"""What may stand in a selector: things that an upgrade never changes."""


def test_every_object_and_pod_wears_the_recommended_labels(found: list[Object]) -> None:
    for it in found:
        if name(it).endswith("-extra"):
            continue
        labels = it["metadata"]["labels"]
        assert labels.keys() >= RECOMMENDED | {"app.kubernetes.io/managed-by", "helm.sh/chart"}, name(it)
        assert labels["app.kubernetes.io/instance"] == "px"
        assert labels["app.kubernetes.io/part-of"] == "pixelstream"
        assert labels["app.kubernetes.io/version"] == __version__
    for pod in pods(found):
        assert pod.labels.keys() >= RECOMMENDED, pod.owner


def test_an_object_says_which_chart_made_it(found: list[Object]) -> None:
    for it in found:
        if not name(it).endswith("-extra"):
            chart, component = (
                it["metadata"]["labels"][key] for key in ("helm.sh/chart", "app.kubernetes.io/name")
            )
            assert chart.removesuffix(f"-{__version__}") in {component, "pixelstream"}, name(it)


def test_common_labels_and_annotations_are_on_everything() -> None:
    for it in rendered("everything"):
        if not name(it).endswith("-extra"):
            assert it["metadata"]["labels"]["team"] == "streams", name(it)
            assert it["metadata"]["annotations"]["example.org/owner"] == "streams", name(it)
    for pod in pods(rendered("everything")):
        assert pod.labels["team"] == "streams", pod.owner


def _selectors(found: list[Object]) -> list[tuple[str, dict[str, str]]]:
    made = []
    for it in found:
        spec = it.get("spec") or {}
        selector = spec.get("selector") or spec.get("podSelector") or {}
        made.append((name(it), selector.get("matchLabels", selector)))
    return [(title, selector) for title, selector in made if selector]


def test_no_selector_holds_what_an_upgrade_changes(found: list[Object]) -> None:
    for title, selector in _selectors(found):
        allowed = FIXED | {"app.kubernetes.io/part-of"} if title.endswith("default-deny") else FIXED
        if title.startswith("PodDisruptionBudget/"):
            allowed |= {"pixelstream.io/state"}
        assert selector.keys() <= allowed, title
        assert "app.kubernetes.io/instance" in selector, title


@pytest.mark.parametrize("kind", ["Deployment", "DaemonSet"])
def test_a_workload_selects_its_own_pods_and_no_others(found: list[Object], kind: str) -> None:
    for it in of_kind(found, kind):
        selector = it["spec"]["selector"]["matchLabels"]
        assert [pod.owner for pod in pods(found) if selects(selector, pod.labels)] == [name(it)]


def test_a_service_leads_to_ports_of_one_workload(found: list[Object]) -> None:
    for it in of_kind(found, "Service"):
        (pod,) = [pod for pod in pods(found) if selects(it["spec"]["selector"], pod.labels)]
        open_ports = {port["name"] for container in pod.containers for port in container.get("ports", [])}
        assert {port["targetPort"] for port in it["spec"]["ports"]} <= open_ports, name(it)


def test_a_monitor_reads_a_port_that_its_pods_have() -> None:
    found = rendered("everything")
    monitors = of_kind(found, "PodMonitor")
    assert {it["metadata"]["labels"]["release"] for it in monitors} == {"prometheus"}
    for it in monitors:
        chosen = [pod for pod in pods(found) if selects(it["spec"]["selector"]["matchLabels"], pod.labels)]
        assert chosen, name(it)
        for pod in chosen:
            ports = {port["name"] for container in pod.containers for port in container.get("ports", [])}
            assert {end["port"] for end in it["spec"]["podMetricsEndpoints"]} <= ports, pod.owner


def test_labels_of_the_user_never_replace_what_selectors_need() -> None:
    mine = {"app.kubernetes.io/name": "mine", "app.kubernetes.io/instance": "mine"}
    values = {"global": {"commonLabels": mine}, "player": {"podLabels": mine}}
    found = objects(template(values=values))
    (player,) = [it for it in of_kind(found, "Deployment") if it["metadata"]["name"] == "px-player"]
    assert selects(
        player["spec"]["selector"]["matchLabels"], player["spec"]["template"]["metadata"]["labels"]
    )


def test_a_changed_setting_rolls_the_pods_that_read_it_and_no_others() -> None:
    before = {pod.owner: pod.annotations for pod in pods(rendered("default"))}
    changed = objects(template(values={"matchmaker": {"config": {"queue": {"capacity": 7}}}}))
    after = {pod.owner: pod.annotations for pod in pods(changed)}
    assert [owner for owner in before if before[owner] != after[owner]] == ["Deployment/px-matchmaker"]
