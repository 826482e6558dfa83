"""Names: legal, of this release, and each leads somewhere."""

import re
from collections import Counter
from collections.abc import Iterator

import yaml

from tests.charts.helm import (
    CASES,
    NAMESPACE,
    RELEASE,
    Object,
    Pod,
    name,
    objects,
    of_kind,
    pods,
    rendered,
    template,
)

LEGAL = re.compile(r"[a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?")
MADE_ELSEWHERE = {
    "Secret/more",  # named by the case `everything` for its environment
    "Secret/streaming-keys",
    "Secret/stream-certificate",
    "Secret/turn-certificate",
    "Secret/px-router-tls",  # cert-manager's
    "ConfigMap/kube-root-ca.crt",
    "Secret/store",
    "Secret/store-tls",
}


def test_every_name_is_legal_and_begins_with_the_release(found: list[Object]) -> None:
    own = f"{NAMESPACE}-{RELEASE}-"
    for it in found:
        title = it["metadata"]["name"]
        assert LEGAL.fullmatch(title), title
        assert title.startswith(own if it["kind"].startswith("Cluster") else RELEASE), title


def test_no_two_objects_share_a_name(found: list[Object]) -> None:
    assert [it for it, times in Counter(map(name, found)).items() if times > 1] == []


def test_every_object_says_its_namespace_unless_it_is_the_clusters(found: list[Object]) -> None:
    for it in found:
        if not (it["kind"].startswith("Cluster") or name(it).endswith("-extra")):
            assert it["metadata"]["namespace"] == NAMESPACE, name(it)


def test_the_longest_release_name_still_gives_legal_names() -> None:
    release = "a" * 52 + "z"
    made = objects(template(values={"signalserver": {"enabled": True}}, release=release))
    assert [name(it) for it in made if not LEGAL.fullmatch(it["metadata"]["name"])] == []


def test_whatever_is_named_exists(found: list[Object]) -> None:
    there = {name(it) for it in found} | MADE_ELSEWHERE
    assert sorted(set(_named(found)) - there) == []


def _named(found: list[Object]) -> Iterator[str]:
    for pod in pods(found):
        yield from _of_pod(pod)
    for it in of_kind(found, "RoleBinding", "ClusterRoleBinding"):
        yield from (f"{end['kind']}/{end['name']}" for end in [it["roleRef"], *it["subjects"]])
    for it in of_kind(found, "HorizontalPodAutoscaler"):
        yield f"Deployment/{it['spec']['scaleTargetRef']['name']}"
        described = [metric.get("object", {}).get("describedObject") for metric in it["spec"]["metrics"]]
        yield from (f"Service/{end['name']}" for end in described if end)
    for it in of_kind(found, "Ingress", "HTTPRoute"):
        backends = re.findall(r"'name': '(px-[a-z-]+)', 'port'", str(it["spec"]))
        yield from (f"Service/{title}" for title in backends)


def _of_pod(pod: Pod) -> Iterator[str]:
    if "serviceAccountName" in pod.spec:
        yield f"ServiceAccount/{pod.spec['serviceAccountName']}"
    for volume in pod.spec.get("volumes", []):
        for source in [volume, *volume.get("projected", {}).get("sources", [])]:
            yield from _sources(source)
    for container in pod.containers:
        for source in container.get("envFrom", []):
            yield from _sources(source)


def _sources(volume: Object) -> Iterator[str]:
    for key, field in (
        ("configMap", "name"),
        ("secret", "secretName"),
        ("secretRef", "name"),
        ("secret", "name"),
    ):
        source = volume.get(key, {})
        if field in source and not source.get("optional"):
            kind = "ConfigMap" if key == "configMap" else "Secret"
            yield f"{kind}/{source[field]}"


def test_settings_name_services_that_exist() -> None:
    found = rendered("everything")
    services = {it["metadata"]["name"] for it in of_kind(found, "Service")}
    text = yaml.safe_dump([it["data"] for it in of_kind(found, "ConfigMap")], width=10_000)
    called = set(re.findall(r"(?:http|ws)://(px-[a-z-]+):", text))
    assert called >= {"px-matchmaker", "px-turn-api"}
    assert called <= services


def test_there_is_a_case_for_each_kind_of_edge() -> None:
    assert {"router-traefik", "router-gateway", "router-ingress", "router-none"} <= set(CASES)
