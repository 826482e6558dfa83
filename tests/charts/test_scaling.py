"""Who scales what, and what an eviction may take."""

import base64
from typing import Any

import pytest
import yaml

from pixelstream.settings.base import parse
from pixelstream.settings.fleets import FleetsFile
from tests.charts.helm import Object, name, objects, of_kind, pods, rendered, selects, template, values_of

SCALERS = ("HorizontalPodAutoscaler", "ScaledObject")


def fleets_of(found: list[Object]) -> dict[str, Any]:
    """Return what the matchmaker is told of each fleet."""
    (it,) = [it for it in of_kind(found, "ConfigMap") if name(it) == "ConfigMap/px-streamer-fleets"]
    return {fleet["name"]: fleet for fleet in yaml.safe_load(it["data"]["fleets.yaml"])["fleets"]}


def scaler(found: list[Object], fleet: str) -> Any:
    """Return the spec of what scales a fleet."""
    (it,) = [it for it in of_kind(found, *SCALERS) if it["metadata"]["name"] == f"px-streamer-{fleet}"]
    return it["spec"]


def test_replicas_are_left_out_where_an_autoscaler_counts(found: list[Object]) -> None:
    scaled = {it["spec"]["scaleTargetRef"]["name"] for it in of_kind(found, *SCALERS)}
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
    fleets = fleets_of(rendered("everything"))
    assert fleets.keys() == {"default", "object", "pods", "plain", "ue4"}
    assert fleets["default"].items() >= {"buffer": 1, "minimum": 1, "maximum": 4, "scaled": True}.items()
    assert fleets["plain"].keys() == {"name", "gpus", "pricePerGpuHour"}


def test_the_matchmaker_is_told_of_buffers_budgets_and_prices() -> None:
    fleets = fleets_of(rendered("scaling"))
    assert fleets["default"]["buffer"]["percent"] == 20
    assert fleets["default"]["budget"]["gpuHoursPerDay"] == 200
    assert fleets["shared"]["budget"]["schedule"][1]["streams"] == 12
    assert {name: fleet["gpus"] for name, fleet in fleets.items() if fleet["gpus"] != 1} == {"shared": 0.25}
    assert {fleet["pricePerGpuHour"] for fleet in fleets.values()} == {1.2}
    read = parse(FleetsFile, yaml.safe_dump({"fleets": [*fleets.values()]}))
    assert read.fleets[0].sizing().minimum == 0


@pytest.mark.parametrize(("version", "tolerance"), [("1.34.9", 0.1), ("1.35.0", 0)])
def test_small_differences_count_whether_or_not_the_autoscaler_ignores_them(
    version: str, tolerance: float
) -> None:
    found = objects(
        template("--kube-version", version, values={"streamer": {"autoscaling": {"enabled": True}}})
    )
    behavior = scaler(found, "default")["behavior"]
    assert {behavior[way].get("tolerance") for way in ("scaleUp", "scaleDown")} == {
        None if tolerance else "0"
    }
    assert fleets_of(found)["default"]["tolerance"] == tolerance


def test_a_users_tolerance_wins() -> None:
    scaling = {"enabled": True, "behavior": {"scaleDown": {"tolerance": 0.2}}}
    found = objects(template("--kube-version", "1.35.0", values={"streamer": {"autoscaling": scaling}}))
    behavior = scaler(found, "default")["behavior"]
    assert (behavior["scaleUp"]["tolerance"], behavior["scaleDown"]["tolerance"]) == ("0", 0.2)


# --- KEDA --------------------------------------------------------------------------------------


def test_keda_asks_the_matchmaker_with_the_releases_key_and_is_let_in() -> None:
    found = rendered("scaling")
    (trigger,) = scaler(found, "asked")["triggers"]
    assert trigger["metadata"]["url"] == "http://px-matchmaker.streams.svc:3000/api/v1/fleets/asked"
    assert trigger["metadata"]["valueLocation"] == "wanted"
    (reference,) = of_kind(found, "TriggerAuthentication")
    assert trigger["authenticationRef"] == {"name": reference["metadata"]["name"]}
    (secret,) = reference["spec"]["secretTargetRef"]
    assert secret == {"parameter": "token", "name": "px-keys", "key": "control-key"}
    (policy,) = [it for it in of_kind(found, "NetworkPolicy") if name(it) == "NetworkPolicy/px-streamer-keda"]
    (rule,) = policy["spec"]["ingress"]
    (peer,) = rule["from"]
    (namespace,) = peer["namespaceSelector"]["matchExpressions"]
    assert (namespace["key"], namespace["values"]) == ("kubernetes.io/metadata.name", ["keda"])
    assert rule["ports"] == [{"protocol": "TCP", "port": 3000}]


def test_keda_takes_no_answer_of_prometheus_for_no_need() -> None:
    (trigger,) = scaler(rendered("scaling"), "counted")["triggers"]
    assert trigger["metadata"]["ignoreNullValues"] == "false"
    assert 'fleet="counted"' in trigger["metadata"]["query"]
    assert "authenticationRef" not in trigger


def test_every_target_of_keda_is_an_average_so_that_wanted_streams_are_replicas() -> None:
    for it in of_kind(rendered("scaling"), "ScaledObject"):
        for trigger in it["spec"]["triggers"]:
            targets = {trigger["metadata"].get(key, "1") for key in ("targetValue", "threshold")}
            assert (trigger["metricType"], targets) == ("AverageValue", {"1"})


def test_both_kinds_go_to_zero() -> None:
    found = rendered("scaling")
    assert scaler(found, "default")["minReplicas"] == 0
    assert scaler(found, "asked")["minReplicaCount"] == 0


NOTE = {
    "apiVersion": "v1",
    "kind": "ConfigMap",
    "metadata": {"name": "note"},
    "data": {"text": '{{ include "streamer.scalingNotes" . | b64enc }}'},
}
"""Helm's template shows no notes, so their words are put where it shows them."""


@pytest.mark.parametrize(
    ("served", "blind"),
    [(("external", "custom"), ""), (("custom",), "default, shared"), ((), "default, seed, shared")],
)
def test_the_notes_name_fleets_whose_metric_nobody_serves(served: tuple[str, ...], blind: str) -> None:
    apis = [f"--api-versions={group}.metrics.k8s.io/v1beta1" for group in served]
    text = template("--values", values_of("scaling"), *apis, values={"streamer": {"extraObjects": [NOTE]}})
    (it,) = [it for it in of_kind(objects(text), "ConfigMap") if name(it) == "ConfigMap/note"]
    told = base64.b64decode(it["data"]["text"]).decode()
    assert f"until it does: {blind}.\n" in told if blind else told == ""


def test_without_keda_there_is_nothing_of_it() -> None:
    found = rendered("everything")
    assert of_kind(found, "ScaledObject", "TriggerAuthentication") == []
    assert "NetworkPolicy/px-streamer-keda" not in {name(it) for it in found}


def test_nothing_restarts_when_buffers_and_budgets_change() -> None:
    scaling = {"enabled": True, "buffer": {"percent": 50}, "budget": {"gpuHoursPerDay": 500}}
    changed = objects(template(values={"streamer": {"autoscaling": scaling, "pricePerGpuHour": 2}}))
    assert [*pods(changed)] == [*pods(rendered("default"))]


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
