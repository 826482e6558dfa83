"""Prometheus and prometheus-adapter in the cluster, for tests of what scales by their word.

What Prometheus reads is what the charts' PodMonitors say, turned into its own configuration as its operator
does it; what the adapter serves is what the telemetry chart hands the upstream one. The trap: the two APIs
that the adapter serves are the whole cluster's, so there is one of it at a time.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import yaml

from tests.cluster.node import host
from tests.cluster.node.kubectl import Kubectl
from tests.cluster.node.pins import pins
from tests.setup.progress import ROOT

IMAGES = ("prometheus", "prometheus-adapter")
NAMESPACE = "monitoring"
SECONDS = 120.0
APIS = ("custom.metrics.k8s.io", "external.metrics.k8s.io")
_TELEMETRY = ROOT / "charts" / "pixelstream" / "charts" / "telemetry" / "values.yaml"
_META = "__meta_kubernetes_"

Object = dict[str, Any]


class Monitoring:
    """Prometheus with its adapter.

    Attributes:
        kubectl: of their namespace.
    """

    def __init__(self, kubectl: Kubectl) -> None:
        self.kubectl = kubectl

    def start(self) -> None:
        """Start both; Prometheus reads nothing yet."""
        Kubectl(self.kubectl.kubeconfig).apply(*_prometheus(), *_adapter())
        self.kubectl.ready("deployment/prometheus", "deployment/adapter", seconds=SECONDS)

    def watch(self, namespace: str, monitors: Iterable[Object], interval: str = "5s") -> None:
        """Have Prometheus read what these PodMonitors of a namespace name, each so often."""
        jobs = [job for it in monitors for job in _jobs(namespace, it, interval)]
        config = {"global": {"scrape_interval": interval, "scrape_timeout": interval}, "scrape_configs": jobs}
        self.kubectl.apply(_config_map("prometheus", {"prometheus.yml": yaml.safe_dump(config)}))
        self.restart("prometheus")

    def restart(self, name: str) -> None:
        """Start one of the two anew, and wait for it."""
        self.kubectl("rollout", "restart", f"deployment/{name}")
        self.kubectl(
            "rollout", "status", f"deployment/{name}", f"--timeout={SECONDS:g}s", timeout=SECONDS + 10
        )

    def scale(self, name: str, replicas: int) -> None:
        """Take one of the two away, or bring it back."""
        self.kubectl("scale", f"deployment/{name}", f"--replicas={replicas}")
        if replicas:
            self.kubectl.ready(f"deployment/{name}", seconds=SECONDS)
        else:
            host.wait(f"no {name}", lambda: not self._pods(name), SECONDS)

    def query(self, expression: str) -> list[Object]:
        """What Prometheus answers now: `[{metric, value: [time, text]}]`."""
        path = f"/api/v1/namespaces/{self.kubectl.namespace}/services/prometheus:9090/proxy/api/v1/query"
        found = json.loads(self.kubectl("get", "--raw", f"{path}?query={_quoted(expression)}"))
        result: list[Object] = found["data"]["result"]
        return result

    def asked(self) -> int:
        """How often Prometheus was asked for values so far: once at each look of the only autoscaler."""
        path = f"/api/v1/namespaces/{self.kubectl.namespace}/services/prometheus:9090/proxy/metrics"
        name = 'prometheus_http_requests_total{code="200",handler="/api/v1/query"}'
        lines = (line.rsplit(" ", 1) for line in self.kubectl("get", "--raw", path).splitlines())
        return int(next((float(value) for found, value in lines if found == name), 0))

    def serves(self, namespace: str, metric: str) -> bool:
        """Whether the adapter serves an external metric with a value now."""
        path = f"/apis/external.metrics.k8s.io/v1beta1/namespaces/{namespace}/{metric}"
        if not self.kubectl.succeeds("get", "--raw", path):
            return False
        return bool(json.loads(self.kubectl("get", "--raw", path))["items"])

    def _pods(self, name: str) -> list[Object]:
        found: list[Object] = self.kubectl.json(
            "get", "pods", "--selector", f"app.kubernetes.io/name={name}"
        )["items"]
        return found


@contextmanager
def monitoring(kubectl: Kubectl) -> Iterator[Monitoring]:
    """Prometheus and the adapter, in a namespace that goes with them; their images must be in the cluster."""
    labels = {"pod-security.kubernetes.io/enforce": "restricted"}
    kubectl.apply(
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE, "labels": labels}}
    )
    inside = kubectl.within(NAMESPACE)
    host.wait("service account", lambda: inside.succeeds("get", "serviceaccount", "default"), 30)
    found = Monitoring(inside)
    try:
        found.start()
        yield found
    finally:
        for api in APIS:
            kubectl("delete", "apiservice", f"v1beta1.{api}", "--ignore-not-found")
        kubectl("delete", "namespace", NAMESPACE, "--timeout=90s", timeout=100)
        kubectl("delete", "clusterrole", *(f"{NAMESPACE}-{name}" for name in ("prometheus", "adapter")))
        bindings = (f"{NAMESPACE}-{name}" for name in ("prometheus", "adapter", "delegator"))
        kubectl("delete", "clusterrolebinding", *bindings)
        kubectl.within("kube-system")("delete", "rolebinding", f"{NAMESPACE}-reader")


def _jobs(namespace: str, monitor: Object, interval: str) -> Iterator[Object]:
    """Prometheus' own configuration of a PodMonitor, a job for each of its endpoints."""
    spec = monitor["spec"]
    for number, endpoint in enumerate(spec["podMetricsEndpoints"]):
        wanted = [
            {
                "action": "keep",
                "source_labels": [f"{_META}pod_label_{_legal(label)}"],
                "regex": value,
            }
            for label, value in spec["selector"]["matchLabels"].items()
        ]
        port = {
            "action": "keep",
            "source_labels": [f"{_META}pod_container_port_name"],
            "regex": endpoint["port"],
        }
        target = [
            {"source_labels": [f"{_META}{source}"], "target_label": label}
            for source, label in (
                ("namespace", "namespace"),
                ("pod_name", "pod"),
                ("pod_container_name", "container"),
            )
        ]
        yield {
            "job_name": f"{namespace}/{monitor['metadata']['name']}/{number}",
            "scrape_interval": interval,
            "metrics_path": endpoint["path"],
            "kubernetes_sd_configs": [{"role": "pod", "namespaces": {"names": [namespace]}}],
            "relabel_configs": [*wanted, port, *target, *map(_relabelling, endpoint.get("relabelings", []))],
        }


def _relabelling(rule: Object) -> Object:
    names = {"sourceLabels": "source_labels", "targetLabel": "target_label"}
    return {names.get(key, key): value for key, value in rule.items()}


def _legal(label: str) -> str:
    return "".join(letter if letter.isalnum() else "_" for letter in label)


def _quoted(text: str) -> str:
    return "".join(
        letter if letter.isalnum() else "".join(f"%{it:02X}" for it in letter.encode()) for letter in text
    )


def _prometheus() -> list[Object]:
    rules = [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list", "watch"]}]
    arguments = [
        "--config.file=/etc/prometheus/prometheus.yml",
        "--storage.tsdb.path=/prometheus",
        "--storage.tsdb.retention.time=2h",
    ]
    container = {
        "args": arguments,
        "readinessProbe": {"httpGet": {"path": "/-/ready", "port": 9090}, "periodSeconds": 1},
        "volumeMounts": [
            {"name": "config", "mountPath": "/etc/prometheus"},
            {"name": "data", "mountPath": "/prometheus"},
        ],
    }
    return [
        *_account("prometheus", rules),
        _config_map("prometheus", {"prometheus.yml": "scrape_configs: []"}),
        _deployment("prometheus", "prometheus", container, {"data": {"emptyDir": {}}}),
        _service("prometheus", 9090, 9090),
    ]


def _adapter() -> list[Object]:
    reads = [
        {
            "apiGroups": [""],
            "resources": ["pods", "services", "namespaces", "nodes"],
            "verbs": ["get", "list", "watch"],
        }
    ]
    given = yaml.safe_load(_TELEMETRY.read_text())["prometheus-adapter"]["rules"]
    config = {"rules": given["custom"], "externalRules": given["external"]}
    arguments = [
        "--secure-port=6443",
        "--cert-dir=/tmp",
        f"--prometheus-url=http://prometheus.{NAMESPACE}.svc:9090",
        "--metrics-relist-interval=5s",
        "--config=/etc/adapter/config.yaml",
    ]
    container = {
        "args": arguments,
        "readinessProbe": {
            "httpGet": {"path": "/healthz", "port": 6443, "scheme": "HTTPS"},
            "periodSeconds": 1,
        },
        "volumeMounts": [
            {"name": "config", "mountPath": "/etc/adapter"},
            {"name": "tmp", "mountPath": "/tmp"},  # noqa: S108 - in its own container
        ],
    }
    return [
        *_account("adapter", reads),
        _binding("ClusterRoleBinding", "delegator", "ClusterRole", "system:auth-delegator"),
        _binding("RoleBinding", "reader", "Role", "extension-apiserver-authentication-reader"),
        _config_map("adapter", {"config.yaml": yaml.safe_dump(config)}),
        _deployment("adapter", "prometheus-adapter", container, {"tmp": {"emptyDir": {}}}),
        _service("adapter", 443, 6443),
        *map(_api, APIS),
    ]


def _account(name: str, rules: list[Object]) -> list[Object]:
    title = f"{NAMESPACE}-{name}"
    role = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": title}}
    return [
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name, "namespace": NAMESPACE}},
        {**role, "rules": rules},
        _binding("ClusterRoleBinding", name, "ClusterRole", title, account=name),
    ]


def _binding(kind: str, name: str, role_kind: str, role: str, account: str = "adapter") -> Object:
    metadata = {"name": f"{NAMESPACE}-{name}"}
    if kind == "RoleBinding":
        metadata["namespace"] = "kube-system"
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": kind,
        "metadata": metadata,
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": role_kind, "name": role},
        "subjects": [{"kind": "ServiceAccount", "name": account, "namespace": NAMESPACE}],
    }


def _config_map(name: str, data: dict[str, str]) -> Object:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, "namespace": NAMESPACE},
        "data": data,
    }


def _deployment(name: str, image: str, container: Object, volumes: Object) -> Object:
    labels = {"app.kubernetes.io/name": name}
    security = {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "readOnlyRootFilesystem": True,
    }
    main = {
        "name": "main",
        "image": pins().image_name(image),
        "imagePullPolicy": "IfNotPresent",
        "securityContext": security,
        **container,
    }
    spec = {
        "serviceAccountName": name,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": 65534,
            "fsGroup": 65534,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "terminationGracePeriodSeconds": 2,
        "containers": [main],
        "volumes": [
            {"name": "config", "configMap": {"name": name}},
            *({"name": title, **kind} for title, kind in volumes.items()),
        ],
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": NAMESPACE},
        "spec": {
            "selector": {"matchLabels": labels},
            "strategy": {"type": "Recreate"},
            "template": {"metadata": {"labels": labels}, "spec": spec},
        },
    }


def _service(name: str, port: int, target: int) -> Object:
    spec = {"selector": {"app.kubernetes.io/name": name}, "ports": [{"port": port, "targetPort": target}]}
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "namespace": NAMESPACE},
        "spec": spec,
    }


def _api(group: str) -> Object:
    return {
        "apiVersion": "apiregistration.k8s.io/v1",
        "kind": "APIService",
        "metadata": {"name": f"v1beta1.{group}"},
        "spec": {
            "group": group,
            "version": "v1beta1",
            "service": {"name": "adapter", "namespace": NAMESPACE},
            "insecureSkipTLSVerify": True,
            "groupPriorityMinimum": 100,
            "versionPriority": 100,
        },
    }
