"""What the values of every chart have in common.

The trap: pydantic takes the fields of several bases from right to left, so a chart's model is written
`class XValues(Workload, _XHead)`: the head's fields come first, as in values.yaml.
"""

from typing import Annotated, Any, Literal

from pydantic import Field

from pixelstream.settings.base import Model
from pixelstream.settings.values.kubernetes import (
    Affinity,
    Anything,
    ContainerSecurity,
    CountOrPercentage,
    Labels,
    Lifecycle,
    PodSecurity,
    Probe,
    Resources,
    Toleration,
    Variable,
    VariableSource,
)

Replicas = Annotated[int, Field(ge=0, le=10_000)]


class Image(Model):
    """An image; `digest` wins over `tag`, and `global.imageRegistry` over `registry`."""

    registry: str
    repository: Annotated[str, Field(pattern=r"^[a-z0-9]+([._/-]+[a-z0-9]+)*$")]
    tag: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{0,128}$")]
    digest: Annotated[str, Field(pattern=r"^(sha256:[0-9a-f]{64})?$")]
    pull_policy: Literal["Always", "IfNotPresent", "Never"]


class GlobalNetworkPolicy(Model):
    """The release's default deny, and who else may reach what the edge reaches."""

    enabled: bool
    edge: tuple[Anything, ...] = ()


class Monitoring(Model):
    """Monitors for the Prometheus operator."""

    enabled: bool
    interval: Annotated[str, Field(pattern=r"^([0-9]+(ms|s|m|h))+$")]
    labels: Labels


class Global(Model):
    """What all components share."""

    image_registry: str
    image_pull_secrets: tuple[str, ...]
    existing_secret: str
    fullname_override: Annotated[str, Field(pattern=r"^[a-z0-9.-]*$")]
    common_labels: Labels
    common_annotations: Labels
    network_policy: GlobalNetworkPolicy
    monitoring: Monitoring


class Library(Model):
    """What Helm hands to the library chart: nothing of its own."""

    global_: Annotated[Global | None, Field(alias="global")] = None


class Leaf(Model):
    """The head of most charts' values."""

    enabled: bool
    common: Library | None = None
    global_: Annotated[Global, Field(alias="global")]


class Scheduling(Model):
    """Where pods may run."""

    node_selector: Labels
    affinity: Affinity
    tolerations: tuple[Toleration, ...]
    topology_spread_constraints: tuple[Anything, ...]
    priority_class_name: str


class Extras(Model):
    """What pods wear, and what users add to them."""

    pod_labels: Labels
    pod_annotations: Labels
    pod_security_context: PodSecurity
    container_security_context: ContainerSecurity
    extra_env: tuple[Variable, ...]
    extra_env_from: tuple[VariableSource, ...]
    extra_volumes: tuple[Anything, ...]
    extra_volume_mounts: tuple[Anything, ...]
    extra_containers: tuple[Anything, ...]
    extra_objects: tuple[dict[str, Any] | str, ...]


class _Resources(Model):
    resources: Resources


class Workload(Extras, Scheduling, _Resources):
    """From the resources of the pods to what users add to them."""


class Service(Model):
    """A Service of the cluster."""

    type: Literal["ClusterIP", "NodePort", "LoadBalancer"]
    annotations: Labels


class ExposedService(Model):
    """A Service that may stand behind a load balancer."""

    type: Literal["ClusterIP", "NodePort", "LoadBalancer"]
    load_balancer_class: str
    load_balancer_source_ranges: tuple[str, ...]
    external_traffic_policy: Literal["", "Cluster", "Local"]
    annotations: Labels


class ServiceAccount(Model):
    """The ServiceAccount of the pods."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9.-]*$")]
    annotations: Labels


class NetworkPolicy(Model):
    """Rules beside the chart's own."""

    extra_ingress: tuple[Anything, ...]
    extra_egress: tuple[Anything, ...]


class DisruptionBudget(Model):
    """How many pods may be evicted at once; `minAvailable` wins over `maxUnavailable`."""

    enabled: bool
    max_unavailable: CountOrPercentage
    min_available: CountOrPercentage | None = None


class Probes(Model):
    """Timings of the checks of a pod that starts at once."""

    readiness: Probe
    liveness: Probe


class StartProbes(Model):
    """Timings of the checks of a pod that takes a while to start."""

    startup: Probe
    liveness: Probe
    readiness: Probe


class Served(Model):
    """The tail of a chart of pods behind a Service."""

    service: Service
    service_account: ServiceAccount
    network_policy: NetworkPolicy
    pod_disruption_budget: DisruptionBudget


class Ending(Model):
    """How pods end."""

    termination_grace_period_seconds: Annotated[int, Field(ge=0, le=31_536_000)]
    lifecycle: Lifecycle
