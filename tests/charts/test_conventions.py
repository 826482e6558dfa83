"""What every component takes, it takes in the same way: a user's additions reach its pods."""

from functools import cache
from typing import Any

import pytest

from tests.charts.helm import LEAVES, Object, Pod, name, objects, of_kind, pods, template

COMPONENTS = [leaf for leaf in LEAVES if leaf not in {"common", "telemetry"}]
MAIN = {"proxy": "nginx", "router": "traefik", "streamer": "streamer"}
"""Name of the container that a component's values are about, where it isn't the component's."""

TERM = {"matchExpressions": [{"key": "zone", "operator": "Exists"}]}
AFFINITY = {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [TERM]}}}
SPREAD = {
    "maxSkew": 2,
    "topologyKey": "rack",
    "whenUnsatisfiable": "DoNotSchedule",
    "labelSelector": {"matchLabels": {}},
}
INGRESS = {"from": [{"ipBlock": {"cidr": "192.0.2.0/24"}}]}
EGRESS = {"to": [{"ipBlock": {"cidr": "198.51.100.0/24"}}]}
EXTRA_OBJECT = {
    "apiVersion": "v1",
    "kind": "ConfigMap",
    "metadata": {"name": "{{ .Release.Name }}-{{ .Chart.Name }}-more"},
}
ADDED: dict[str, Any] = {
    "nodeSelector": {"disk": "fast"},
    "affinity": AFFINITY,
    "tolerations": [{"key": "mine", "operator": "Exists"}],
    "topologySpreadConstraints": [SPREAD],
    "priorityClassName": "high",
    "podLabels": {"mine": "label"},
    "podAnnotations": {"mine": "annotation"},
    "podSecurityContext": {"fsGroup": 1234},
    "containerSecurityContext": {"runAsUser": 1234},
    "resources": {"requests": {"cpu": "7m", "memory": "7Mi"}, "limits": {"memory": "7Mi"}},
    "extraEnv": [{"name": "MINE", "value": "1"}],
    "extraEnvFrom": [{"configMapRef": {"name": "mine"}}],
    "extraVolumes": [{"name": "mine", "emptyDir": {}}],
    "extraVolumeMounts": [{"name": "mine", "mountPath": "/mine"}],
    "extraContainers": [{"name": "mine", "image": "registry.example.org/mine:1"}],
    "extraObjects": [EXTRA_OBJECT],
    "serviceAccount": {"name": "mine", "annotations": {"mine": "annotation"}},
    "networkPolicy": {"extraIngress": [INGRESS], "extraEgress": [EGRESS]},
    "terminationGracePeriodSeconds": 777,
    "lifecycle": {"preStop": {"exec": {"command": ["mine"]}}},
}


@cache
def found() -> list[Object]:
    """Return a rendering in which every component is given all additions."""
    return objects(template(values={component: {"enabled": True, **ADDED} for component in COMPONENTS}))


def pod_of(component: str) -> Pod:
    """Return the pod of a component."""
    (pod,) = [pod for pod in pods(found()) if pod.component == component]
    return pod


def container_of(component: str) -> dict[str, Any]:
    """Return the container that a component's values are about."""
    (container,) = [c for c in pod_of(component).containers if c["name"] == MAIN.get(component, component)]
    return container


@pytest.mark.parametrize("component", COMPONENTS)
def test_a_pod_goes_where_the_user_says(component: str) -> None:
    spec = pod_of(component).spec
    for key in (
        "nodeSelector",
        "affinity",
        "tolerations",
        "priorityClassName",
        "terminationGracePeriodSeconds",
    ):
        assert spec[key] == ADDED[key], key
    assert spec["topologySpreadConstraints"][0].items() >= {"maxSkew": 2, "topologyKey": "rack"}.items()


@pytest.mark.parametrize("component", COMPONENTS)
def test_a_pod_wears_and_runs_as_what_the_user_says(component: str) -> None:
    pod, container = pod_of(component), container_of(component)
    assert pod.labels["mine"] == "label"
    assert pod.annotations["mine"] == "annotation"
    assert pod.spec["securityContext"].items() >= {"fsGroup": 1234, "runAsNonRoot": True}.items()
    security = container["securityContext"]
    assert security.items() >= {"runAsUser": 1234, "allowPrivilegeEscalation": False}.items()
    assert container["resources"] == ADDED["resources"]
    assert container["lifecycle"] == ADDED["lifecycle"]


@pytest.mark.parametrize("component", COMPONENTS)
def test_a_container_has_the_users_environment_and_volumes(component: str) -> None:
    pod, container = pod_of(component), container_of(component)
    assert ADDED["extraEnv"][0] in container["env"]
    assert ADDED["extraEnvFrom"] == container["envFrom"]
    assert ADDED["extraVolumes"][0] in pod.spec["volumes"]
    assert ADDED["extraVolumeMounts"][0] in container["volumeMounts"]
    assert ADDED["extraContainers"][0] in pod.spec["containers"]


@pytest.mark.parametrize("component", COMPONENTS)
def test_a_component_brings_the_users_objects_with_templates_in_them(component: str) -> None:
    assert f"ConfigMap/px-{component}-more" in {name(it) for it in found()}


@pytest.mark.parametrize("component", COMPONENTS)
def test_a_component_runs_under_the_users_service_account(component: str) -> None:
    assert pod_of(component).spec["serviceAccountName"] == "mine"
    account = next(it for it in of_kind(found(), "ServiceAccount") if _component(it) == component)
    assert account["metadata"]["annotations"]["mine"] == "annotation"
    bound = [
        it for it in of_kind(found(), "RoleBinding", "ClusterRoleBinding") if _component(it) == component
    ]
    assert {subject["name"] for it in bound for subject in it["subjects"]} <= {"mine"}


@pytest.mark.parametrize("component", COMPONENTS)
def test_a_components_policy_has_the_users_rules(component: str) -> None:
    policy = next(it for it in of_kind(found(), "NetworkPolicy") if _component(it) == component)
    assert INGRESS in policy["spec"]["ingress"]
    assert EGRESS in policy["spec"]["egress"]


def _component(it: Object) -> str:
    return str(it["metadata"]["labels"]["app.kubernetes.io/name"]) if "labels" in it["metadata"] else ""
