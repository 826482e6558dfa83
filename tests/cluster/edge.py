"""What a cluster may have at its edge: a certificate, and Traefik as its Gateway and its Ingress controller.

Trap: browsers know no authority of ours, so Chromium is told the key of the one that it may trust here,
and the chain that is served must hold that authority's own certificate.
"""

from __future__ import annotations

import base64
import hashlib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.cluster.node import modules
from tests.cluster.node.kubectl import Kubectl, pod
from tests.cluster.node.pins import pins
from tests.cluster.node.pki import SERVER, Authority

HOST = "stream.test"
GATEWAY_API = "sigs.k8s.io/gateway-api"
CLASS = "pixelstream-tests"
ARGUMENTS = (
    "--entryPoints.web.address=:8000",
    "--entryPoints.websecure.address=:8443",
    "--entryPoints.websecure.http.tls=true",
    "--ping=true",
    "--ping.entryPoint=web",
    "--providers.kubernetesGateway=true",
    "--providers.kubernetesIngress=true",
    f"--providers.kubernetesIngress.ingressClass={CLASS}",
)


@dataclass(frozen=True)
class Certificate:
    """A certificate for `HOST` of an authority that nobody knows but these tests."""

    authority: Authority = field(default_factory=lambda: Authority("pixelstream tests"))

    def secret(self, name: str) -> dict[str, Any]:
        """The certificate, with its authority's behind it, as a Secret."""
        chain, key = self.authority.issue(HOST, "", SERVER, [HOST])
        data = {"tls.crt": chain + self.authority.pem, "tls.key": key}
        encoded = {name: base64.b64encode(text).decode() for name, text in data.items()}
        metadata = {"name": name}
        return {
            "apiVersion": "v1",
            "kind": "Secret",
            "type": "kubernetes.io/tls",
            "metadata": metadata,
            "data": encoded,
        }

    def flags(self) -> tuple[str, str]:
        """Flags of a Chromium that trusts the authority and finds `HOST` on this machine."""
        key = x509.load_pem_x509_certificate(self.authority.pem).public_key()
        packed = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        known = base64.b64encode(hashlib.sha256(packed).digest()).decode()
        return f"--ignore-certificate-errors-spki-list={known}", f"--host-resolver-rules=MAP {HOST} 127.0.0.1"

    def context(self) -> ssl.SSLContext:
        """TLS that accepts the authority's certificates only."""
        return ssl.create_default_context(cadata=self.authority.pem.decode())


@contextmanager
def gateway_api(kubectl: Kubectl) -> Iterator[None]:
    """The kinds of the Gateway API; where the cluster lacks them, they are there for as long as this."""
    if kubectl.succeeds("get", "customresourcedefinition", "httproutes.gateway.networking.k8s.io"):
        yield
        return
    source = modules.folder(GATEWAY_API, modules.required("traefik")[GATEWAY_API])
    files = [str(file) for file in _definitions(source)]
    words = [f"--filename={file}" for file in files]
    kubectl("apply", "--server-side", *words)
    try:
        kubectl("wait", "--for=condition=Established", *words, timeout=90)
        yield
    finally:
        kubectl("delete", "--ignore-not-found", *words, timeout=120)


def _definitions(source: Path) -> list[Path]:
    found = sorted((source / "config" / "crd" / "standard").glob("gateway.networking.k8s.io_*.yaml"))
    return [file for file in found if "_vap_" not in file.name]


@contextmanager
def controller(kubectl: Kubectl, certificate: Certificate) -> Iterator[Kubectl]:
    """Traefik as Gateway `edge` and as the Ingress controller of `CLASS`; yields kubectl of its namespace."""
    name = f"{CLASS}-edge"
    kubectl.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    inside = kubectl.within(name)
    try:
        kubectl.apply(*_rights(name), *_classes())
        inside.apply(certificate.secret("certificate"), _account(), _deployment(), _gateway())
        inside.ready("deployment/traefik", seconds=90)
        yield inside
    finally:
        kubectl("delete", "namespace", name, timeout=120)
        kubectl("delete", "clusterrolebinding", CLASS)
        kubectl("delete", "ingressclass", CLASS)
        kubectl("delete", "gatewayclass", CLASS)


def _rights(namespace: str) -> list[dict[str, Any]]:
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"}
    subject = {"kind": "ServiceAccount", "name": "traefik", "namespace": namespace}
    kind = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding"}
    return [{**kind, "metadata": {"name": CLASS}, "roleRef": role, "subjects": [subject]}]


def _classes() -> list[dict[str, Any]]:
    return [
        {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "IngressClass",
            "metadata": {"name": CLASS},
            "spec": {"controller": "traefik.io/ingress-controller"},
        },
        {
            "apiVersion": "gateway.networking.k8s.io/v1",
            "kind": "GatewayClass",
            "metadata": {"name": CLASS},
            "spec": {"controllerName": "traefik.io/gateway-controller"},
        },
    ]


def _account() -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "traefik"}}


def _deployment() -> dict[str, Any]:
    labels = {"app": "traefik"}
    made = pod("traefik", pins().image_name("traefik"), [], labels)
    (container,) = made["spec"]["containers"]
    del container["command"]
    probe = {"httpGet": {"path": "/ping", "port": 8000}, "periodSeconds": 1}
    container |= {"args": list(ARGUMENTS), "readinessProbe": probe}
    made["spec"] |= {"serviceAccountName": "traefik", "automountServiceAccountToken": True}
    template = {"metadata": {"labels": labels}, "spec": made["spec"]}
    spec = {"selector": {"matchLabels": labels}, "template": template}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "traefik"}, "spec": spec}


def _gateway() -> dict[str, Any]:
    listener = {
        "name": "websecure",
        "protocol": "HTTPS",
        "port": 8443,
        "hostname": HOST,
        "tls": {"certificateRefs": [{"name": "certificate"}]},
        "allowedRoutes": {"namespaces": {"from": "All"}},
    }
    return {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "Gateway",
        "metadata": {"name": "edge"},
        "spec": {"gatewayClassName": CLASS, "listeners": [listener]},
    }
