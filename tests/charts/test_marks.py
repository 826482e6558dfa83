"""What the marks on the pods of streams need of the charts: rights, a budget, a word about Karpenter."""

import pytest

from pixelstream.matchmaking.marks import STATE, PodState
from pixelstream.settings.base import parse
from pixelstream.settings.matchmaker import MatchmakerSettings
from tests.charts.helm import Object, name, objects, of_kind, pods, rendered, template

NOTE: Object = {
    "matchmaker": {
        "extraObjects": [
            {
                "apiVersion": "v1",
                "kind": "ConfigMap",
                "metadata": {"name": "note"},
                "data": {"text": '{{ include "matchmaker.karpenter" . | quote }}'},
            }
        ]
    }
}
"""Helm's template shows no notes, so their words are put where it shows them."""


def test_the_matchmaker_may_patch_pods_of_its_namespace_and_change_nothing_else() -> None:
    found = rendered("default")
    (role,) = [it for it in of_kind(found, "Role") if name(it).endswith("matchmaker")]
    assert role["metadata"]["namespace"] == "streams"
    assert {kind: set(rule["verbs"]) for rule in role["rules"] for kind in rule["resources"]} == {
        "pods": {"get", "list", "watch", "patch"},
        "endpointslices": {"get", "list", "watch"},
    }
    bound = [it for it in of_kind(found, "ClusterRoleBinding") if "matchmaker" in str(it["subjects"])]
    assert bound == []


def test_every_pod_with_a_fleet_is_within_reach_of_the_marks(found: list[Object]) -> None:
    selector = MatchmakerSettings().marks.selector
    for pod in pods(found):
        if pod.component in {"streamer", "signalserver"}:
            assert selector in pod.labels, pod.owner
            assert STATE not in pod.labels, pod.owner  # it is the matchmaker's to write


def test_only_taken_streams_stand_in_a_budget(found: list[Object]) -> None:
    for it in of_kind(found, "PodDisruptionBudget"):
        labels = it["spec"]["selector"]["matchLabels"]
        if "pixelstream.io/fleet" in labels or labels["app.kubernetes.io/name"] == "signalserver":
            assert labels[STATE] == PodState.TAKEN.value, name(it)


def test_marks_are_on_where_the_chart_looks_for_streams_and_can_be_switched_off() -> None:
    def settings(values: Object) -> MatchmakerSettings:
        found = objects(template(values={"matchmaker": {"config": values}}))
        (it,) = [it for it in of_kind(found, "ConfigMap") if name(it) == "ConfigMap/px-matchmaker"]
        (text,) = it["data"].values()
        return parse(MatchmakerSettings, text)

    assert settings({}).kubernetes is not None
    assert settings({}).marks.enabled
    assert not settings({"marks": {"enabled": False}}).marks.enabled


@pytest.mark.parametrize(("versions", "warned"), [((), False), (("--api-versions", "karpenter.sh/v1"), True)])
def test_the_notes_warn_of_karpenters_own_deletion_costs(versions: tuple[str, ...], *, warned: bool) -> None:
    found = objects(template(*versions, values=NOTE))
    (it,) = [it for it in of_kind(found, "ConfigMap") if name(it) == "ConfigMap/note"]
    assert ("PodDeletionCostManagement" in it["data"]["text"]) == warned
