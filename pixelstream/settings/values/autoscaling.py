"""Values of a fleet's autoscaling.

The trap: `buffer` and `budget` go to the matchmaker and act while it runs; the rest is the autoscaler's.
"""

from typing import Annotated, Literal

from pydantic import Field

from pixelstream.settings.base import Model
from pixelstream.settings.fleets import BudgetSettings, Buffer
from pixelstream.settings.values.kubernetes import Behavior, Count, Labels, Quantity


class Metric(Model):
    """What the HPA of a fleet reads."""

    type: Literal["External", "Object", "Pods"]
    name: Annotated[str, Field(min_length=1)]
    average_value: Quantity
    labels: Labels | None = None


class Keda(Model):
    """What KEDA asks, and how often, in seconds; after `cooldownPeriod` without need a fleet goes to 0."""

    trigger: Literal["metrics-api", "prometheus"]
    namespace: Annotated[str, Field(pattern=r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?$")]
    prometheus_url: Annotated[str, Field(pattern=r"^(https?://[^\s]+)?$")]
    polling_interval: Annotated[int, Field(ge=1, le=3600)]
    cooldown_period: Count


class Autoscaling(Model):
    """Scaling of a fleet by the number of streams wanted."""

    enabled: bool
    kind: Literal["hpa", "keda"]
    min_replicas: Count
    max_replicas: Annotated[int, Field(ge=1)]
    zero_gate: bool
    buffer: Buffer
    budget: BudgetSettings
    metric: Metric
    keda: Keda
    behavior: Behavior
