"""Our client of the API server against a real one."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, Self

import pytest
import yaml

from pixelstream.apps.streams import ClusterStreams
from pixelstream.kube import access
from pixelstream.kube.client import NODES, PODS, SLICES, ApiError, Client
from pixelstream.kube.relays import RelayWatch
from pixelstream.kube.streams import Streams, StreamWatch, read_slice
from pixelstream.kube.watch import Watch
from pixelstream.settings.kubernetes import Kubernetes
from pixelstream.turn.pool import Relay
from tests.cluster.node import provider
from tests.cluster.node.kubectl import Kubectl, pod
from tests.cluster.node.pins import pins

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(300)]

DEADLINE = 60.0
LABELS = {"app": "stream"}
DISCOVERY = "pixelstream.io/discovery=true"


@pytest.fixture
def image(cluster: provider.Cluster) -> str:
    cluster.load("probe")
    return pins().image_name("probe")


@pytest.fixture
async def client(kubeconfig: Path) -> AsyncIterator[Client]:
    client = Client(access.of_kubeconfig(kubeconfig))
    yield client
    await client.close()


async def until(condition: Callable[[], bool], seconds: float = DEADLINE) -> None:
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - what is waited for is plain state
            await asyncio.sleep(0.01)


class Following:
    """A watch that runs while the block does, with what it told."""

    def __init__(self, watch: Any) -> None:
        self.told: list[Any] = []
        self.faults: list[str] = []
        self._watch = watch

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._watch.run(self.told.append, self.faults.append))
        return self

    async def __aexit__(self, *_: object) -> None:
        assert not self._task.done()
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def shows(self, condition: Callable[[Any], bool], seconds: float = DEADLINE) -> None:
        await until(lambda: bool(self.told) and condition(self.told[-1]), seconds)


class FollowingStreams(Following):
    """The same of the streams as services follow them, which keep faults to themselves."""

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._watch.run(self.told.append))
        return self


def discovery() -> dict[str, Any]:
    labels = {"pixelstream.io/discovery": "true", "pixelstream.io/fleet": "big"}
    ports = [{"name": "http", "port": 3000, "targetPort": 8080}]
    spec = {"clusterIP": "None", "selector": LABELS, "ports": ports}
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "big", "labels": labels},
        "spec": spec,
    }


def stream(name: str, image: str) -> dict[str, Any]:
    """A pod that is ready while it serves, and takes its time to end."""
    one = pod(name, image, ["/probe", "serve", ":8080"], LABELS)
    probe = {"tcpSocket": {"port": 8080}, "periodSeconds": 1}
    one["spec"]["containers"][0]["readinessProbe"] = probe
    return one


async def test_streams_come_with_their_pods_and_go_with_them(
    namespace: Kubectl, image: str, client: Client
) -> None:
    watch = StreamWatch(client, namespace.namespace, DISCOVERY)
    async with Following(watch) as seen:
        await seen.shows(lambda streams: streams == {})
        await asyncio.to_thread(namespace.apply, discovery(), stream("s-1", image), stream("s-2", image))

        def both(streams: Streams) -> bool:
            return {name for name, one in streams.items() if one.offered} == {"s-1", "s-2"}

        await seen.shows(both)
        found = await asyncio.to_thread(namespace.json, "get", "pod", "s-1")
        assert seen.told[-1]["s-1"].address == f"{found['status']['podIP']}:8080"
        assert seen.told[-1]["s-1"].fleet == "big"
        await asyncio.to_thread(namespace, "delete", "pod", "s-1", "--wait=false")
        await seen.shows(lambda streams: "s-1" not in streams)
        assert any(one["s-1"].terminating for one in seen.told if "s-1" in one)
        assert seen.told[-1]["s-2"].offered
        assert seen.faults == []


async def test_a_pod_that_vanished_is_gone_within_a_second(
    namespace: Kubectl, image: str, kubeconfig: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBECONFIG", str(kubeconfig))
    wanted = Kubernetes(namespace=namespace.namespace, selector=DISCOVERY)
    async with FollowingStreams(ClusterStreams(wanted, "app=stream")) as seen:
        await asyncio.to_thread(namespace.apply, discovery(), stream("s-1", image), stream("s-2", image))
        await seen.shows(lambda found: {n for n, one in found.items() if one.offered} == {"s-1", "s-2"})
        await asyncio.to_thread(
            namespace, "delete", "pod", "s-1", "--grace-period=0", "--force", "--wait=false"
        )
        await seen.shows(lambda found: set(found) == {"s-2"}, 1.0)


async def test_a_version_that_the_server_has_forgotten_means_a_new_list(
    namespace: Kubectl, image: str, client: Client
) -> None:
    watch = Watch(client, SLICES, read_slice, namespace=namespace.namespace)
    watch._version = "1"
    async with Following(watch) as seen:
        await until(lambda: watch.current and watch._version != "1")
        await asyncio.to_thread(namespace.apply, discovery(), stream("s-1", image))
        await seen.shows(lambda slices: any(one.pods for one in slices.values()))
        assert seen.faults == []


async def test_a_relay_is_a_ready_pod_on_its_nodes_address_until_it_is_to_end(
    namespace: Kubectl, image: str, client: Client
) -> None:
    label = f"namespace/{namespace.namespace}"
    await asyncio.to_thread(
        namespace, "label", label, "pod-security.kubernetes.io/enforce=privileged", "--overwrite"
    )
    relay = stream("turn", image)
    relay["spec"]["hostNetwork"] = True
    container = relay["spec"]["containers"][0]
    container["command"] = ["/probe", "serve", ":18478"]
    container["readinessProbe"]["tcpSocket"]["port"] = 18478
    container["ports"] = [
        {"name": "turn-udp", "containerPort": 18478, "protocol": "UDP"},
        {"name": "turn-tcp", "containerPort": 18478},
    ]
    nodes = (await client.read(NODES.path(None), {}))["items"]
    addresses = {one["address"] for node in nodes for one in node["status"]["addresses"]}
    async with Following(RelayWatch(client, namespace.namespace, "app=stream")) as seen:
        await seen.shows(lambda relays: relays == [])
        await asyncio.to_thread(namespace.apply, relay)
        await seen.shows(lambda relays: [one.ready for one in relays] == [True])
        [found] = seen.told[-1]
        assert found.host in addresses
        assert found == Relay(found.host, 18478, 18478, None, zone=found.zone)
        await asyncio.to_thread(namespace, "delete", "pod", "turn", "--wait=false")
        await seen.shows(lambda relays: relays == [])
        assert any(one.draining for relays in seen.told for one in relays)


async def test_a_pod_is_patched(namespace: Kubectl, image: str, client: Client) -> None:
    await asyncio.to_thread(namespace.apply, stream("s-1", image))
    body = {"metadata": {"labels": {"pixelstream.io/state": "taken"}, "annotations": {"a": "b"}}}
    answer = await client.patch(PODS.path(namespace.namespace, "s-1"), body)
    assert answer["metadata"]["labels"] == {**LABELS, "pixelstream.io/state": "taken"}
    with pytest.raises(ApiError, match='404: pods "s-9" not found'):
        await client.patch(PODS.path(namespace.namespace, "s-9"), body)


async def test_a_pods_token_opens_what_its_role_says_and_may_be_replaced(
    namespace: Kubectl, kubeconfig: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await asyncio.to_thread(namespace.apply, *_may_watch_slices())
    (tmp_path / "ca.crt").write_bytes(_authority(kubeconfig))
    (tmp_path / "token").write_text("not.a.token")
    front = await asyncio.to_thread(namespace.json, "get", "service", "kubernetes", "--namespace=default")
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", front["spec"]["clusterIP"])
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", str(front["spec"]["ports"][0]["port"]))
    client = Client(access.of_pod(tmp_path))
    watch = StreamWatch(client, namespace.namespace, DISCOVERY)
    async with Following(watch) as seen:
        await until(lambda: bool(seen.faults))
        assert "401" in seen.faults[0]
        token = await asyncio.to_thread(namespace, "create", "token", "watcher")
        (tmp_path / "token").write_text(token)
        await seen.shows(lambda streams: streams == {})
    with pytest.raises(ApiError, match="403: pods is forbidden"):
        await client.read(PODS.path(namespace.namespace), {})
    await client.close()


def _authority(kubeconfig: Path) -> bytes:
    cluster = yaml.safe_load(kubeconfig.read_text())["clusters"][0]["cluster"]
    inline = cluster.get("certificate-authority-data")
    return base64.b64decode(inline) if inline else Path(cluster["certificate-authority"]).read_bytes()


def _may_watch_slices() -> list[dict[str, Any]]:
    group = "rbac.authorization.k8s.io"
    meta = {"metadata": {"name": "watcher"}}
    rule = {"apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"], "verbs": ["list", "watch"]}
    return [
        {"apiVersion": "v1", "kind": "ServiceAccount", **meta},
        {"apiVersion": f"{group}/v1", "kind": "Role", **meta, "rules": [rule]},
        {
            "apiVersion": f"{group}/v1",
            "kind": "RoleBinding",
            **meta,
            "roleRef": {"apiGroup": group, "kind": "Role", "name": "watcher"},
            "subjects": [{"kind": "ServiceAccount", "name": "watcher"}],
        },
    ]
