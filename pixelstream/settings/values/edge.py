"""Values of the charts that browsers meet: router, player, proxy."""

from typing import Annotated, Literal

from pydantic import Field

from pixelstream.settings.base import Model
from pixelstream.settings.gate import GateSettings
from pixelstream.settings.values.kubernetes import Count, Grace, Labels, Lifecycle, Resources
from pixelstream.settings.values.shapes import (
    DisruptionBudget,
    ExposedService,
    Image,
    Leaf,
    NetworkPolicy,
    Probes,
    Replicas,
    Served,
    ServiceAccount,
    Workload,
)


class _PlayerHead(Leaf):
    image: Image
    replicas: Replicas


class PlayerValues(Served, Workload, _PlayerHead):
    """Values of the chart `player`."""

    probes: Probes
    termination_grace_period_seconds: Grace
    lifecycle: Lifecycle


class Gate(Model):
    """The container that checks leases."""

    image: Image
    resources: Resources


class Nginx(Model):
    """Limits of NGINX."""

    websocket_timeout: Annotated[int, Field(ge=1)]
    api_timeout: Annotated[int, Field(ge=1)]
    max_body: Annotated[str, Field(pattern=r"^[0-9]+[kKmMgG]?$")]


class _ProxyHead(Leaf):
    image: Image
    gate: Gate
    config: GateSettings
    nginx: Nginx
    replicas: Replicas


class ProxyValues(Served, Workload, _ProxyHead):
    """Values of the chart `proxy`."""

    probes: Probes
    termination_grace_period_seconds: Grace
    lifecycle: Lifecycle | None = None


class CertManager(Model):
    """Who signs the certificate."""

    issuer: str
    issuer_kind: Literal["Issuer", "ClusterIssuer"]


class RouterTls(Model):
    """TLS at the edge."""

    enabled: bool
    existing_secret: str
    cert_manager: CertManager


class RouterLimits(Model):
    """What one client may ask for; 0 requests a second is no limit."""

    max_body: Count
    requests_per_second: Count
    burst: Annotated[int, Field(ge=1)]


class Timeouts(Model):
    """Seconds that an answer may take, and that a websocket may be silent."""

    request: Annotated[int, Field(ge=1)]
    websocket: Annotated[int, Field(ge=1)]


class ParentRef(Model):
    """A Gateway of the cluster's."""

    name: str | None = None
    namespace: str | None = None
    section_name: str | None = None
    port: Annotated[int, Field(ge=1, le=65535)] | None = None
    group: str | None = None
    kind: str | None = None


class Gateway(Model):
    """Where routes attach."""

    parent_ref: ParentRef


class Ingress(Model):
    """The controller of an Ingress."""

    class_name: str
    annotations: Labels


class _RouterHead(Leaf):
    kind: Literal["traefik", "gateway", "ingress", "none"]
    host: Annotated[str, Field(pattern=r"^[A-Za-z0-9.*-]*$")]
    path: Annotated[str, Field(pattern=r"^/[A-Za-z0-9/._~-]*$")]
    tls: RouterTls
    limits: RouterLimits
    timeouts: Timeouts
    headers: Labels
    gateway: Gateway
    ingress: Ingress
    image: Image
    replicas: Replicas


class RouterValues(Workload, _RouterHead):
    """Values of the chart `router`."""

    service: ExposedService
    service_account: ServiceAccount
    network_policy: NetworkPolicy
    pod_disruption_budget: DisruptionBudget
    probes: Probes
    termination_grace_period_seconds: Grace
    lifecycle: Lifecycle | None = None
