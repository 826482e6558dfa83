"""Parts of Kubernetes' own API that values pass on, as far as a typo in them is worth catching early.

The trap: what Kubernetes adds in a later release must still pass, so `Anything` blocks, such as a volume
or an affinity term, are left to the API server, which refuses unknown fields itself.
"""

from typing import Annotated, Any, Literal

from pydantic import Field, WithJsonSchema

from pixelstream.settings.base import Model

Anything = dict[str, Any]
"""An object of Kubernetes that the API server judges."""

_QUANTITY = r"^[0-9]+(\.[0-9]+)?([munkKMGTPE]|[KMGTPE]i)?$"
_PERCENTAGE = r"^[0-9]{1,3}%$"

Quantity = Annotated[
    Annotated[str, Field(pattern=_QUANTITY)] | float,
    WithJsonSchema({"type": ["string", "number"], "pattern": _QUANTITY}),
]
"""An amount, such as `100m`, `1.5`, `64Mi`."""

Count = Annotated[int, Field(ge=0)]

CountOrPercentage = Annotated[
    Count | Annotated[str, Field(pattern=_PERCENTAGE)],
    WithJsonSchema({"type": ["integer", "string"], "minimum": 0, "pattern": _PERCENTAGE}),
]

Labels = dict[str, str]
Grace = Annotated[int, Field(ge=0, le=31_536_000)]
"""Seconds that a pod has to end."""


class Resources(Model):
    """CPU, memory and devices of a container."""

    requests: dict[str, Quantity] | None = None
    limits: dict[str, Quantity] | None = None
    claims: tuple[Anything, ...] | None = None


class Toleration(Model):
    """A taint that pods put up with."""

    key: str | None = None
    operator: Literal["Exists", "Equal"] | None = None
    value: str | None = None
    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] | None = None
    toleration_seconds: int | None = None


class Affinity(Model):
    """Nodes and neighbours that pods want or shun."""

    node_affinity: Anything | None = None
    pod_affinity: Anything | None = None
    pod_anti_affinity: Anything | None = None


class PodSecurity(Model):
    """What is laid over the chart's security context of pods; null takes a key away."""

    run_as_non_root: bool | None = None
    run_as_user: int | None = None
    run_as_group: int | None = None
    fs_group: int | None = None
    fs_group_change_policy: str | None = None
    supplemental_groups: tuple[int, ...] | None = None
    supplemental_groups_policy: str | None = None
    seccomp_profile: Anything | None = None
    app_armor_profile: Anything | None = None
    se_linux_options: Anything | None = None
    se_linux_change_policy: str | None = None
    sysctls: tuple[Anything, ...] | None = None
    windows_options: Anything | None = None


class ContainerSecurity(Model):
    """What is laid over the chart's security context of containers; null takes a key away."""

    allow_privilege_escalation: bool | None = None
    read_only_root_filesystem: bool | None = None
    run_as_non_root: bool | None = None
    run_as_user: int | None = None
    run_as_group: int | None = None
    privileged: bool | None = None
    proc_mount: str | None = None
    capabilities: Anything | None = None
    seccomp_profile: Anything | None = None
    app_armor_profile: Anything | None = None
    se_linux_options: Anything | None = None
    windows_options: Anything | None = None


class Variable(Model):
    """A variable of a container's environment."""

    name: Annotated[str, Field(min_length=1)]
    value: str | None = None
    value_from: Anything | None = None


class VariableSource(Model):
    """A ConfigMap or Secret whose keys become variables."""

    prefix: str | None = None
    config_map_ref: Anything | None = None
    secret_ref: Anything | None = None


class Lifecycle(Model):
    """Hooks of a container."""

    post_start: Anything | None = None
    pre_stop: Anything | None = None
    stop_signal: str | None = None


class Probe(Model):
    """Timings of a check; what is asked stands in the chart."""

    initial_delay_seconds: Count | None = None
    period_seconds: Annotated[int, Field(ge=1)] | None = None
    timeout_seconds: Annotated[int, Field(ge=1)] | None = None
    success_threshold: Annotated[int, Field(ge=1)] | None = None
    failure_threshold: Annotated[int, Field(ge=1)] | None = None
    termination_grace_period_seconds: Annotated[int, Field(ge=1)] | None = None


class RollingUpdate(Model):
    """How many pods more or fewer there may be while they are replaced."""

    max_surge: CountOrPercentage | None = None
    max_unavailable: CountOrPercentage | None = None


class Strategy(Model):
    """How a new version replaces the old."""

    type: Literal["RollingUpdate", "Recreate"] | None = None
    rolling_update: RollingUpdate | None = None


class ScalingPolicy(Model):
    """One bound on the speed of scaling."""

    type: Literal["Pods", "Percent"]
    value: Annotated[int, Field(ge=1)]
    period_seconds: Annotated[int, Field(ge=1, le=1800)]


class ScalingRules(Model):
    """Speed of scaling in one direction."""

    stabilization_window_seconds: Annotated[int, Field(ge=0, le=3600)] | None = None
    select_policy: Literal["Max", "Min", "Disabled"] | None = None
    policies: tuple[ScalingPolicy, ...] | None = None
    tolerance: Quantity | None = None


class Behavior(Model):
    """Speed of scaling, up and down."""

    scale_up: ScalingRules | None = None
    scale_down: ScalingRules | None = None


class IpBlock(Model):
    """A range of addresses, and what in it is left out."""

    cidr: str
    except_: Annotated[tuple[str, ...], Field(alias="except")] = ()
