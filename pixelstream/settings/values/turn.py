"""Values of the charts of the TURN pool: turn and turn-api."""

from typing import Annotated, Literal

from pydantic import Field

from pixelstream.settings.base import Model
from pixelstream.settings.turnapi import TurnApiSettings
from pixelstream.settings.values.kubernetes import Count, Grace, Labels, Lifecycle
from pixelstream.settings.values.shapes import (
    Image,
    Leaf,
    NetworkPolicy,
    Probes,
    Replicas,
    Served,
    ServiceAccount,
    Workload,
)

RelayPort = Annotated[int, Field(ge=1, le=65535)]

Range = Annotated[str, Field(pattern=r"^[0-9A-Fa-f.:]+(-[0-9A-Fa-f.:]+)?$")]
"""An address, or the first and last of a range, as coturn writes it."""


class _TurnApiHead(Leaf):
    image: Image
    config: TurnApiSettings
    replicas: Replicas


class TurnApiValues(Served, Workload, _TurnApiHead):
    """Values of the chart `turn-api`."""

    probes: Probes
    termination_grace_period_seconds: Grace
    lifecycle: Lifecycle


class Ports(Model):
    """Ports of a relay; `metrics` 0 is none."""

    listen: RelayPort
    tls: RelayPort
    metrics: Annotated[int, Field(ge=0, le=65535)]
    min: RelayPort
    max: RelayPort


class Tls(Model):
    """Certificate of the relays."""

    existing_secret: str


class Peers(Model):
    """Whom a relay may send to."""

    allow: tuple[Range, ...]
    deny: tuple[Range, ...]


class Quotas(Model):
    """Bounds of sessions and relays; 0 is none."""

    user: Count
    total: Count
    bytes_per_second: Count


class Taint(Model):
    """Whether relays have their nodes for themselves."""

    enabled: bool


class Drain(Model):
    """How a relay waits for its allocations once it is told to end."""

    mode: Literal["auto", "signal", "wait"]
    settle: Annotated[int, Field(ge=0, le=600)]
    min_allocations: Count


class TurnService(Model):
    """The Service of `kind: Deployment`."""

    type: Literal["ClusterIP", "NodePort", "LoadBalancer"]
    annotations: Labels
    external_traffic_policy: Literal["", "Cluster", "Local"]


class _TurnHead(Leaf):
    image: Image
    kubetools: Image
    kind: Literal["DaemonSet", "Deployment"]
    replicas: Replicas
    external_address: str
    address_annotation: str
    ports: Ports
    tls: Tls
    realm: Annotated[str, Field(pattern=r"^[A-Za-z0-9.-]+$")]
    peers: Peers
    quotas: Quotas
    extra_config: str
    taint: Taint


class TurnValues(Workload, _TurnHead):
    """Values of the chart `turn`."""

    service: TurnService
    service_account: ServiceAccount
    network_policy: NetworkPolicy
    probes: Probes
    drain: Drain
    termination_grace_period_seconds: Grace
    lifecycle: Lifecycle | None = None
