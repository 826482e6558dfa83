"""Who scales what, and what an eviction may take."""

import pytest
import yaml

from tests.charts.helm import Object, name, objects, of_kind, pods, rendered, selects, template


def test_replicas_are_left_out_where_an_autoscaler_counts(found: list[Object]) -> None:
    scaled = {it["spec"]["scaleTargetRef"]["name"] for it in of_kind(found, "HorizontalPodAutoscaler")}
    for it in of_kind(found, "Deployment"):
        assert ("replicas" in it["spec"]) == (it["metadata"]["name"] not in scaled), name(it)


def test_an_autoscaler_aims_at_an_average_so_that_wanted_streams_are_replicas() -> None:
    scalers = of_kind(rendered("everything"), "HorizontalPodAutoscaler")
    metrics = [metric for it in scalers for metric in it["spec"]["metrics"]]
    assert {metric["type"] for metric in metrics} == {"External", "Object", "Pods"}
    for metric in metrics:
        target = metric[metric["type"].lower()]["target"]
        assert target == {"type": "AverageValue", "averageValue": "1"}


def test_a_fleets_autoscaler_asks_for_its_own_fleet() -> None:
    for it in of_kind(rendered("everything"), "HorizontalPodAutoscaler"):
        for metric in it["spec"]["metrics"]:
            if metric["type"] != "Pods":
                labels = metric[metric["type"].lower()]["metric"]["selector"]["matchLabels"]
                assert labels["fleet"] == it["metadata"]["labels"]["pixelstream.io/fleet"]


def test_every_deployment_has_one_disruption_budget(found: list[Object]) -> None:
    budgets = of_kind(found, "PodDisruptionBudget")
    for it in of_kind(found, "Deployment"):
        labels = {**it["spec"]["template"]["metadata"]["labels"], "pixelstream.io/state": "taken"}
        chosen = [b for b in budgets if selects(b["spec"]["selector"]["matchLabels"], labels)]
        wanted = 0 if labels["app.kubernetes.io/name"] == "turn" else 1
        assert len(chosen) == wanted, name(it)


def test_free_streams_may_be_evicted_and_taken_ones_never(found: list[Object]) -> None:
    for it in of_kind(found, "PodDisruptionBudget"):
        selector = it["spec"]["selector"]["matchLabels"]
        if selector["app.kubernetes.io/name"] in {"streamer", "signalserver"}:
            assert it["spec"]["maxUnavailable"] == 0, name(it)
            assert selector["pixelstream.io/state"] == "taken", name(it)
        else:
            assert 1 in {it["spec"].get("maxUnavailable"), it["spec"].get("minAvailable")}, name(it)


def test_changed_scaling_changes_no_pod() -> None:
    scaling = {"replicas": 5, "autoscaling": {"enabled": True, "maxReplicas": 7, "buffer": 3}}
    changed = objects(template(values={"streamer": scaling}))
    assert [*pods(changed)] == [*pods(rendered("default"))]


def test_the_matchmaker_is_told_of_every_fleet_and_its_bounds() -> None:
    (it,) = [
        it for it in of_kind(rendered("everything"), "ConfigMap") if name(it).endswith("px-streamer-fleets")
    ]
    fleets = {fleet["name"]: fleet for fleet in yaml.safe_load(it["data"]["fleets.yaml"])["fleets"]}
    assert fleets.keys() == {"default", "object", "pods", "plain", "ue4"}
    assert fleets["default"].items() >= {"buffer": 1, "minimum": 1, "maximum": 4}.items()


@pytest.mark.parametrize(("version", "native"), [("1.28.9", False), ("1.29.0", True), ("1.37.2", True)])
def test_the_signalserver_is_a_native_sidecar_where_the_cluster_knows_them(
    version: str, *, native: bool
) -> None:
    found = objects(template("--kube-version", version))
    (streamer,) = [pod for pod in pods(found) if pod.component == "streamer"]
    first = [c["name"] for c in streamer.spec.get("initContainers", []) if c.get("restartPolicy") == "Always"]
    assert ("signalserver" in first) == native
    assert {c["name"] for c in streamer.containers} >= {"signalserver", "streamer"}


def test_players_have_hours_to_end() -> None:
    for pod in pods(rendered("everything")):
        if pod.component in {"streamer", "signalserver"}:
            assert pod.spec["terminationGracePeriodSeconds"] >= 7200, pod.owner
