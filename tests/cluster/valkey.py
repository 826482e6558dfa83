"""A Valkey of the tests' own beside a release, for two matchmakers that share a store.

Trap: it keeps nothing on disk, so a pod that comes anew is empty: the worst that can happen to a store.
"""

from __future__ import annotations

import base64
import secrets
from typing import Any

from tests.cluster.node.kubectl import Kubectl
from tests.cluster.node.pins import pins

IMAGE = "valkey"
NAME = "store"
SECRET = "store"
VALUES: dict[str, Any] = {"store": {"url": f"valkey://{NAME}:6379", "existingSecret": SECRET}}
"""Values of the matchmaker that uses it."""


def start(kubectl: Kubectl, seconds: float = 90.0) -> None:
    """Start it in a namespace, with a password; the image must be in the cluster."""
    password = base64.b64encode(secrets.token_urlsafe(24).encode()).decode()
    kubectl.apply(
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": SECRET},
            "data": {"store-password": password},
        },
        _deployment(),
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": NAME},
            "spec": {"selector": {"app": NAME}, "ports": [{"port": 6379}]},
        },
    )
    kubectl.ready(f"deployment/{NAME}", seconds=seconds)


def _deployment() -> dict[str, Any]:
    security = {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "readOnlyRootFilesystem": True,
    }
    password = {"secretKeyRef": {"name": SECRET, "key": "store-password"}}
    container = {
        "name": "valkey",
        "image": pins().image_name(IMAGE),
        "imagePullPolicy": "IfNotPresent",
        "command": ["valkey-server", "--save", "", "--requirepass", "$(PASSWORD)"],
        "env": [{"name": "PASSWORD", "valueFrom": password}],
        "readinessProbe": {"tcpSocket": {"port": 6379}, "periodSeconds": 1},
        "securityContext": security,
    }
    spec = {
        "automountServiceAccountToken": False,
        "terminationGracePeriodSeconds": 2,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": 999,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [container],
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": NAME},
        "spec": {
            "selector": {"matchLabels": {"app": NAME}},
            "strategy": {"type": "Recreate"},
            "template": {"metadata": {"labels": {"app": NAME}}, "spec": spec},
        },
    }
