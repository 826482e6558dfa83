"""Pods under the restricted standard, tokens only where they are used, rights no wider than their use."""

import pytest

from tests.charts import pss
from tests.charts.helm import Object, Pod, name, objects, of_kind, pods, rendered, template

WITH_TOKEN = {"matchmaker", "proxy", "turn-api", "turn-untaint"}
"""They watch the cluster; in a TURN pod the container alone that reads the node's address has a token."""


def test_every_pod_passes_the_restricted_standard(found: list[Object]) -> None:
    for pod in pods(found):
        excepted = {"hostNetwork is true"} if pod.owner == "DaemonSet/px-turn" else set()
        assert set(pss.faults(pod)) <= excepted, pod.owner


def test_nothing_is_excepted_where_the_namespace_is_restricted() -> None:
    assert [fault for pod in pods(rendered("restricted")) for fault in pss.faults(pod)] == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"securityContext": {"privileged": True}}, "is privileged"),
        ({"securityContext": {"capabilities": {"drop": ["ALL"], "add": ["SYS_ADMIN"]}}}, "adds capabilities"),
        ({"securityContext": {"runAsUser": 0}}, "may run as root"),
        ({"ports": [{"containerPort": 80, "hostPort": 80}]}, "uses ports of the host"),
        ({"securityContext": {}}, "may escalate its privileges"),
    ],
)
def test_the_check_sees_what_the_standard_refuses(change: Object, words: str) -> None:
    good = next(pods(rendered("default")))
    spec = {**good.spec, "initContainers": [], "containers": [{**good.spec["containers"][0], **change}]}
    assert any(words in fault for fault in pss.faults(Pod(good.owner, good.labels, good.annotations, spec)))


def test_a_token_is_mounted_only_where_it_is_used(found: list[Object]) -> None:
    for pod in pods(found):
        mounted = pod.spec.get("automountServiceAccountToken", True)
        assert mounted == (pod.component in WITH_TOKEN), pod.owner
    for it in of_kind(found, "ServiceAccount"):
        assert it["automountServiceAccountToken"] is False, name(it)


def test_no_container_with_users_code_can_reach_a_token(found: list[Object]) -> None:
    for pod in pods(found):
        tokens = {
            volume["name"]
            for volume in pod.spec.get("volumes", [])
            for source in volume.get("projected", {}).get("sources", [])
            if "serviceAccountToken" in source
        }
        holders = {
            c["name"] for c in pod.containers for m in c.get("volumeMounts", []) if m["name"] in tokens
        }
        assert holders == ({"configure"} if pod.component == "turn" else set()), pod.owner


def test_a_pod_holds_only_the_keys_that_it_needs(found: list[Object]) -> None:
    needs = {
        "matchmaker": {"control-key", "lease-keys"},
        "streamer": {"control-key", "lease-keys"},
        "signalserver": {"control-key", "lease-keys", "streamer-token"},
        "proxy": {"lease-keys"},
        "turn-api": {"control-key", "lease-keys", "turn-secret"},
        "turn": {"turn-secret"},
        "test": {"control-key"},
    }
    for pod in pods(found):
        keys = [volume["secret"] for volume in pod.spec.get("volumes", []) if volume["name"] == "keys"]
        held = {item["key"] for secret in keys for item in secret["items"]}
        assert held == needs.get(pod.component, set()), pod.owner


def test_the_streamer_itself_sees_no_key(found: list[Object]) -> None:
    for pod in pods(found):
        for container in pod.containers:
            if container["name"] == "streamer":
                assert "keys" not in {mount["name"] for mount in container["volumeMounts"]}, pod.owner


def test_roles_are_narrow(found: list[Object]) -> None:
    for it in of_kind(found, "Role", "ClusterRole"):
        for rule in it["rules"]:
            assert set(rule["verbs"]) <= {"get", "list", "watch", "patch"}, name(it)
            assert set(rule["resources"]) <= {"pods", "nodes", "endpointslices"}, name(it)
    assert {name(it) for it in of_kind(found, "ClusterRole")} <= {
        "ClusterRole/streams-px-turn",
        "ClusterRole/streams-px-turn-api",
    }


def test_nodes_are_changed_only_where_they_are_tainted() -> None:
    def verbs(found: list[Object]) -> set[str]:
        return {
            verb
            for it in of_kind(found, "ClusterRole")
            for rule in it["rules"]
            for verb in rule["verbs"]
            if "nodes" in rule["resources"]
        }

    assert verbs(rendered("default")) == {"get", "list", "watch"}
    assert "patch" in verbs(objects(template(values={"turn": {"taint": {"enabled": True}}})))


def test_keys_of_your_own_replace_the_releases() -> None:
    found = rendered("existing-secrets")
    assert of_kind(found, "Secret") == []
    used = {
        v["secret"]["secretName"] for pod in pods(found) for v in pod.spec["volumes"] if v["name"] == "keys"
    }
    assert used == {"streaming-keys"}


def test_openshift_may_choose_the_user() -> None:
    values = {"player": {"podSecurityContext": {"runAsUser": None, "runAsGroup": None, "fsGroup": None}}}
    (player,) = [pod for pod in pods(objects(template(values=values))) if pod.component == "player"]
    assert player.spec["securityContext"] == {
        "runAsNonRoot": True,
        "seccompProfile": {"type": "RuntimeDefault"},
    }
