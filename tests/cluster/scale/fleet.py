"""A fleet of pods without machines: kwok beside the cluster, its nodes, a Service and a Deployment.

The trap: kwok must still run while pods are deleted, or they stay for ever; so the namespace is emptied
within the block.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.cluster.node import build, modules
from tests.cluster.node.kubectl import Kubectl, eventually

NODES, PODS_EACH = 4, 512
MARK = f"scale-{os.getpid()}"
"""Of this run's nodes; another may run at the same time."""
CIDR = "10.250.0.1/16"
"""Addresses of kwok's pods; nobody answers there."""
LABELS = {"app": "scale", "pixelstream.io/fleet": "default"}
BALLAST = "x" * 4096
"""What a real stream's pod has more than these."""
SELECTOR = "pixelstream.io/discovery=true"
SECONDS = 600.0
STAGES = (
    "node/fast/node-initialize.yaml",
    "node/heartbeat-with-lease/node-heartbeat-with-lease.yaml",
    "pod/fast/pod-ready.yaml",
    "pod/fast/pod-complete.yaml",
    "pod/fast/pod-delete.yaml",
)


@contextmanager
def kwok(kubectl: Kubectl, folder: Path) -> Iterator[None]:
    """Run kwok with its nodes within the block."""
    names = [f"{MARK}-{n}" for n in range(NODES)]
    kubectl.apply(*map(_node, names))
    stages = folder / "stages.yaml"
    stages.write_text(_stages())
    options = [
        f"--config={stages}",
        f"--kubeconfig={kubectl.kubeconfig}",
        "--manage-all-nodes=false",
        f"--manage-nodes-with-annotation-selector=kwok.x-k8s.io/node={MARK}",
        f"--cidr={CIDR}",
        "--node-ip=10.249.0.1",
        "--node-lease-duration-seconds=40",
    ]
    with (folder / "kwok.log").open("w") as log:
        process = subprocess.Popen([build.program("kwok"), *options], stdout=log, stderr=log)
        try:
            yield
        finally:
            kubectl("delete", "node", *names, "--wait=false")
            process.terminate()
            process.wait(30)


class Fleet:
    """The pods of one namespace."""

    def __init__(self, kubectl: Kubectl) -> None:
        self._kubectl = kubectl
        self._pods = f"/api/v1/namespaces/{kubectl.namespace}/pods"
        kubectl.apply(_service(), _deployment())

    def size(self, count: int) -> list[str]:
        """Have so many pods; returns their names once all are ready and in the slices."""
        self._kubectl("scale", "deployment/scale", f"--replicas={count}")
        eventually("the fleet", lambda: len(self._serving()) == count, SECONDS)
        return sorted(self._serving())

    def end(self) -> None:
        """Delete all pods and wait until they are gone."""
        self._kubectl("delete", "deployment/scale", "--cascade=foreground", "--wait=false")
        # One request for all: kubectl by itself waits for each.
        self._kubectl("delete", "--raw", f"{self._pods}?gracePeriodSeconds=0", timeout=SECONDS)
        eventually("the fleet's end", self._gone, SECONDS)

    def _gone(self) -> bool:
        return not self._kubectl("get", "pod", "--output=name").strip()

    def _serving(self) -> list[str]:
        slices = self._kubectl.json("get", "endpointslices", "--selector", SELECTOR)["items"]
        return [
            one["targetRef"]["name"]
            for found in slices
            for one in found.get("endpoints") or ()
            if one["conditions"].get("serving")
        ]


def patches(kubectl: Kubectl) -> int:
    """How many patches of pods themselves, not of their status, the API server has carried out."""
    metrics = kubectl("get", "--raw", "/metrics")
    wanted = ('verb="PATCH"', 'resource="pods"', 'subresource=""', 'code="200"')
    lines = (line for line in metrics.splitlines() if line.startswith("apiserver_request_total{"))
    return sum(int(float(line.rsplit(" ", 1)[1])) for line in lines if all(word in line for word in wanted))


def reader(kubectl: Kubectl, kubeconfig: Path) -> None:
    """Write a kubeconfig that may do what the matchmaker's Role lets it do, and nothing else."""
    kubectl.apply(*_role())
    token = kubectl("create", "token", "matchmaker", "--duration=4h").strip()
    view = kubectl.json("config", "view", "--raw", "--minify", "--flatten")
    cluster = view["clusters"][0]["cluster"]
    authority = cluster.get("certificate-authority-data", "")
    kubeconfig.write_text(
        "apiVersion: v1\nkind: Config\ncurrent-context: here\n"
        "contexts: [{name: here, context: {cluster: here, user: me}}]\n"
        f"clusters: [{{name: here, cluster: {{server: '{cluster['server']}', "
        f"certificate-authority-data: '{authority}'}}}}]\n"
        f"users: [{{name: me, user: {{token: '{token}'}}}}]\n"
    )


def _stages() -> str:
    """What kwok's nodes and pods go through: its own quick ones, which it doesn't carry within itself."""
    module = modules.folder("sigs.k8s.io/kwok", modules.required("kubernetes")["sigs.k8s.io/kwok"])
    return "\n---\n".join((module / "kustomize" / "stage" / name).read_text() for name in STAGES)


def _node(name: str) -> dict[str, Any]:
    room = {"cpu": "1k", "memory": "4Ti", "pods": str(PODS_EACH)}
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": name,
            "annotations": {"kwok.x-k8s.io/node": MARK},
            "labels": {"type": MARK, "kubernetes.io/hostname": name},
        },
        "spec": {"taints": [{"key": "kwok.x-k8s.io/node", "value": MARK, "effect": "NoSchedule"}]},
        "status": {"allocatable": room, "capacity": room},
    }


def _service() -> dict[str, Any]:
    labels = {"pixelstream.io/discovery": "true", "pixelstream.io/fleet": "default"}
    ports = [{"name": "http", "port": 3000}]
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "scale", "labels": labels},
        "spec": {"clusterIP": "None", "selector": {"app": "scale"}, "ports": ports},
    }


def _deployment() -> dict[str, Any]:
    container = {"name": "unreal", "image": "none", "ports": [{"name": "http", "containerPort": 3000}]}
    spec = {
        "nodeSelector": {"type": MARK},
        "tolerations": [{"key": "kwok.x-k8s.io/node", "value": MARK}],
        "containers": [container],
        "automountServiceAccountToken": False,
    }
    template = {"metadata": {"labels": LABELS, "annotations": {"ballast": BALLAST}}, "spec": spec}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "scale"},
        "spec": {"replicas": 0, "selector": {"matchLabels": {"app": "scale"}}, "template": template},
    }


def _role() -> list[dict[str, Any]]:
    api, meta = "rbac.authorization.k8s.io", {"metadata": {"name": "matchmaker"}}
    watch = ["get", "list", "watch"]
    rules = [
        {"apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"], "verbs": watch},
        {"apiGroups": [""], "resources": ["pods"], "verbs": [*watch, "patch"]},
    ]
    return [
        {"apiVersion": "v1", "kind": "ServiceAccount", **meta},
        {"apiVersion": f"{api}/v1", "kind": "Role", **meta, "rules": rules},
        {
            "apiVersion": f"{api}/v1",
            "kind": "RoleBinding",
            **meta,
            "roleRef": {"apiGroup": api, "kind": "Role", "name": "matchmaker"},
            "subjects": [{"kind": "ServiceAccount", "name": "matchmaker"}],
        },
    ]
