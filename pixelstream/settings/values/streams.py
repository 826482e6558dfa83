"""Values of the charts of streams: streamer, signalserver, matchmaker."""

from typing import Annotated, Literal

from pydantic import Field

from pixelstream.settings.base import Model, WsUrl
from pixelstream.settings.matchmaker import STORE_URL, MatchmakerSettings
from pixelstream.settings.signalserver import Engine, Reset, SignalserverSettings
from pixelstream.settings.streamer import StreamerSettings
from pixelstream.settings.values.autoscaling import Autoscaling
from pixelstream.settings.values.gpu import Gpu, Warm
from pixelstream.settings.values.kubernetes import (
    Anything,
    Grace,
    IpBlock,
    Labels,
    Lifecycle,
    Probe,
    Resources,
    Strategy,
    Variable,
    VariableSource,
)
from pixelstream.settings.values.shapes import (
    DisruptionBudget,
    Ending,
    ExposedService,
    Extras,
    Global,
    Image,
    Leaf,
    Library,
    NetworkPolicy,
    Replicas,
    Scheduling,
    Served,
    ServiceAccount,
    StartProbes,
    Workload,
)

FleetName = Annotated[str, Field(pattern=r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?$", max_length=40)]
"""Part of the names of a fleet's objects."""


class StoreTls(Model):
    """Files for TLS towards the store, by their keys in a Secret."""

    existing_secret: str
    authority: str
    certificate: str
    private_key: str
    server_name: str


class StoreKeys(Model):
    """Keys of the Secret with user and passwords."""

    username: str
    password: Annotated[str, Field(pattern=r"^[-._a-zA-Z0-9]+$")]
    sentinel_password: str


class Store(Model):
    """Where the waiting room is kept."""

    kind: Literal["auto", "memory", "valkey"]
    url: Annotated[str, Field(pattern=rf"^$|{STORE_URL}")]
    existing_secret: str
    keys: StoreKeys
    tls: StoreTls


class _MatchmakerHead(Leaf):
    image: Image
    config: MatchmakerSettings
    replicas: Replicas | None = None
    store: Store


class Upstream(Model, extra="allow"):
    """A chart of others: `enabled` is ours, the rest is judged there."""

    enabled: bool


class Monitor(Model):
    """How Prometheus finds the pods."""

    kind: Literal["PodMonitor", "ServiceMonitor"]


class MatchmakerValues(Served, Workload, _MatchmakerHead):
    """Values of the chart `matchmaker`."""

    probes: StartProbes
    termination_grace_period_seconds: Grace
    lifecycle: Lifecycle
    monitor: Monitor
    valkey: Upstream


class _SignalserverHead(Leaf):
    image: Image
    config: SignalserverSettings
    fleet: FleetName
    replicas: Replicas


class SignalserverValues(Workload, _SignalserverHead):
    """Values of the chart `signalserver`."""

    service: ExposedService
    service_account: ServiceAccount
    network_policy: NetworkPolicy
    pod_disruption_budget: DisruptionBudget
    probes: StartProbes
    termination_grace_period_seconds: Grace
    lifecycle: Lifecycle


class Unreal(Model):
    """Environment of Unreal Engine's container."""

    res_x: Annotated[int, Field(ge=16, le=16384)]
    res_y: Annotated[int, Field(ge=16, le=16384)]
    signal_url: WsUrl
    max_fps: Annotated[int, Field(ge=0, le=240)]
    extra_args: tuple[str, ...]


class Sidecar(Model):
    """The signalserver beside a streamer."""

    sidecar: Literal["auto", "native", "plain"]
    image: Image
    config: SignalserverSettings
    resources: Resources
    probes: StartProbes
    extra_env: tuple[Variable, ...] = ()
    extra_env_from: tuple[VariableSource, ...] = ()
    extra_volume_mounts: tuple[Anything, ...] = ()
    container_security_context: Anything | None = None
    lifecycle: Lifecycle | None = None


class FleetService(Model):
    """The discovery Service of a fleet."""

    annotations: Labels


class FleetNetworkPolicy(Model):
    """Where a fleet's video may flow, and rules beside the chart's own."""

    media: tuple[IpBlock, ...]
    extra_ingress: tuple[Anything, ...]
    extra_egress: tuple[Anything, ...]


class FleetProbes(Model):
    """Timings of the checks of a streamer, by way of its signalserver."""

    startup: Probe
    liveness: Probe


class _FleetScheduling(Scheduling):
    runtime_class_name: str


class _FleetHead(Model):
    kind: Literal["synthetic", "unreal"]
    image: Image
    image_pull_secrets: tuple[str, ...]
    config: StreamerSettings
    engine: Engine
    unreal: Unreal
    signalserver: Sidecar
    replicas: Replicas
    autoscaling: Autoscaling
    strategy: Strategy
    resources: Resources
    gpu: Gpu
    price_per_gpu_hour: Annotated[float, Field(ge=0)]
    warm: Warm


class _FleetTail(Model):
    service: FleetService
    service_account: ServiceAccount
    network_policy: FleetNetworkPolicy
    pod_disruption_budget: DisruptionBudget
    probes: FleetProbes
    reset: Reset


class _FleetBody(Ending, _FleetTail, Extras, _FleetScheduling, _FleetHead):
    """What is said for all fleets, or by one of them for itself."""


class Fleet(_FleetBody):
    """One fleet, in place of what is said for all; written in part, so only its schema is of use."""

    enabled: bool | None = None


class _StreamerHead(Model):
    enabled: bool
    common: Library | None = None
    fleets: dict[str, Fleet]
    global_: Annotated[Global, Field(alias="global")]


class StreamerValues(_FleetBody, _StreamerHead):
    """Values of the chart `streamer`."""
