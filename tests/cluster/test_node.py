"""The cluster does what the charts' tests build on."""

import json
import os
import socket
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from tests.cluster.node import build, cgroups, host, link, paths, provider, schemas
from tests.cluster.node.kubectl import Kubectl, eventually, pod
from tests.cluster.node.pins import pins
from tests.cluster.node.shell import CommandError, run

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(600)]

SERVER = {"app": "server"}


@pytest.fixture
def image(cluster: provider.Cluster) -> str:
    cluster.load("probe")
    return pins().image_name("probe")


def service(name: str, selector: dict[str, str]) -> dict[str, Any]:
    ports = [
        {"name": "tcp", "port": 80, "targetPort": 8080},
        {"name": "udp", "port": 53, "targetPort": 8080, "protocol": "UDP"},
    ]
    spec = {"selector": selector, "ports": ports}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": spec}


def serve(namespace: Kubectl, image: str) -> None:
    """Start the pod `server`, which answers with its name, behind the Service `front`."""
    namespace.apply(pod("server", image, ["/probe", "serve", ":8080"], SERVER), service("front", SERVER))
    namespace.ready("pod/server")


def test_the_node_is_ready_and_runs_the_pinned_kubernetes(kubectl: Kubectl) -> None:
    (node,) = kubectl.json("get", "nodes")["items"]
    conditions = {one["type"]: one["status"] for one in node["status"]["conditions"]}
    assert conditions["Ready"] == "True"
    assert node["status"]["nodeInfo"]["kubeletVersion"] == pins().groups["core"].version


def test_a_pod_answers_the_host_by_its_own_address(namespace: Kubectl, image: str) -> None:
    serve(namespace, image)
    address = namespace.json("get", "pod", "server")["status"]["podIP"]
    with urllib.request.urlopen(f"http://{address}:8080/", timeout=5) as answer:
        assert answer.read() == b"server\n"


def test_the_host_reaches_a_service(namespace: Kubectl, image: str) -> None:
    serve(namespace, image)
    address = namespace.json("get", "service", "front")["spec"]["clusterIP"]

    def reached() -> bool:
        try:
            with urllib.request.urlopen(f"http://{address}/", timeout=2) as answer:
                return bool(answer.read() == b"server\n")
        except OSError:
            return False

    eventually("service", reached)


def test_the_host_reaches_a_service_by_udp(namespace: Kubectl, image: str) -> None:
    serve(namespace, image)
    address = namespace.json("get", "service", "front")["spec"]["clusterIP"]

    def echoed() -> bool:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as packets:
            packets.settimeout(1)
            try:
                packets.sendto(b"here", (address, 53))
                return packets.recv(16) == b"here"
            except OSError:
                return False

    eventually("echo", echoed)


def test_names_of_services_resolve_inside(namespace: Kubectl, image: str) -> None:
    serve(namespace, image)
    address = namespace.json("get", "service", "front")["spec"]["clusterIP"]
    name = f"front.{namespace.namespace}.svc.cluster.local"
    assert namespace("exec", "server", "--", "/probe", "lookup", name) == f"{address}\n"
    eventually(
        "by name", lambda: namespace.succeeds("exec", "server", "--", "/probe", "get", "http://front/")
    )


def test_names_outside_the_cluster_do_not_exist(namespace: Kubectl, image: str) -> None:
    serve(namespace, image)
    with pytest.raises(CommandError):
        namespace("exec", "server", "--", "/probe", "lookup", "example.test")


def test_a_pod_that_breaks_the_namespaces_standard_is_refused(namespace: Kubectl, image: str) -> None:
    careless = pod("careless", image, ["/probe"], {})
    careless["spec"]["securityContext"] = {}
    with pytest.raises(CommandError, match="violates PodSecurity"):
        namespace.apply(careless)


def test_a_network_policy_lets_friends_in_and_keeps_strangers_out(namespace: Kubectl, image: str) -> None:
    serve(namespace, image)
    namespace.apply(
        pod("friend", image, ["/probe"], {"friend": "yes"}), pod("stranger", image, ["/probe"], {})
    )
    namespace.ready("pod/friend", "pod/stranger")

    def reaches(name: str) -> bool:
        return namespace.succeeds("exec", name, "--", "/probe", "get", "http://front/")

    eventually("no policy yet", lambda: reaches("friend") and reaches("stranger"))
    policy = {
        "podSelector": {"matchLabels": SERVER},
        "policyTypes": ["Ingress"],
        "ingress": [{"from": [{"podSelector": {"matchLabels": {"friend": "yes"}}}]}],
    }
    kind = {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy"}
    namespace.apply({**kind, "metadata": {"name": "friends"}, "spec": policy})
    eventually("stranger kept out", lambda: not reaches("stranger"))
    assert reaches("friend")


DEPLOYMENT = """
apiVersion: apps/v1
kind: Deployment
metadata: {{name: some}}
spec:
  selector: {{matchLabels: {{app: some}}}}
  template:
    metadata: {{labels: {{app: some}}}}
    spec: {{containers: [{{name: some, image: "some:1", {field}: [a], ports: [{{containerPort: 1}}]}}]}}
"""


def test_kubeconform_knows_the_clusters_own_kinds_and_refuses_unknown_fields(
    kubectl: Kubectl, tmp_path: Path
) -> None:
    document = kubectl("get", "--raw", "/openapi/v2")
    assert schemas.write(json.loads(document), tmp_path) > 100
    location = f"{tmp_path}/{{{{.ResourceKind}}}}{{{{.KindSuffix}}}}.json"
    words = [str(build.program("kubeconform")), "-strict", "-schema-location", location, "-"]
    run(words, stdin=DEPLOYMENT.format(field="args"))
    with pytest.raises(CommandError, match="argz"):
        run(words, stdin=DEPLOYMENT.format(field="argz"))


def mentions_of_the_node(table: str) -> list[str]:
    places = (str(paths.NODE), str(paths.BUILDAH), "kubelet", "containerd")
    return [line for line in table.splitlines() if any(place in line for place in places)]


def members_of(namespace: str) -> list[str]:
    """Processes whose network namespace is the given one."""
    found = []
    for process in Path("/proc").iterdir():
        if process.name.isdecimal():
            try:
                if str((process / "ns/net").readlink()) == namespace:
                    found.append(process.name)
            except OSError:
                continue
    return found


@pytest.mark.own_node
def test_down_leaves_nothing_behind(cluster: provider.Cluster) -> None:
    running = host.state()
    assert running is not None
    network = running.inner.namespace("net")
    assert members_of(network)
    cluster.end()
    assert host.state() is None
    assert members_of(network) == []
    assert mentions_of_the_node(Path("/proc/self/mounts").read_text()) == []
    assert not link.exists()
    assert link.overlapping(run(["ip", "-json", "route", "show"])) == []
    assert cgroups.remaining(running.cgroups) == []
    assert not paths.NODE.exists()


@pytest.mark.own_node
def test_a_second_start_is_ready_within_thirty_seconds(cluster: provider.Cluster) -> None:
    before = os.times().elapsed
    again = provider.ensure()
    assert os.times().elapsed - before < 30
    assert again.kubeconfig == cluster.kubeconfig
