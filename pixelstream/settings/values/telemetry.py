"""Values of the telemetry chart: rules, boards, and the upstream charts that it holds."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, WithJsonSchema

from pixelstream.settings.base import Model
from pixelstream.settings.values.kubernetes import Labels
from pixelstream.settings.values.shapes import Leaf
from pixelstream.settings.values.streams import Upstream

Percent = Annotated[float, Field(ge=0, le=100)]
Positive = Annotated[float, Field(gt=0)]
Alert = Annotated[str, Field(pattern=r"^Pixelstream[A-Za-z]+$")]
PromDuration = Annotated[str, Field(pattern=r"^([0-9]+(ms|s|m|h|d|w))+$")]
"""A duration as Prometheus writes it."""


FIRST_FRAME_LIMITS = (0.25, 0.5, 0.75, 1, 1.5, 2, 3, 4, 5, 8, 12, 20, 30, 60)
"""Seconds: the limits of the histogram of first frames; what lies between two of them can't be told."""


def _limit(seconds: float) -> float:
    if seconds not in FIRST_FRAME_LIMITS:
        raise ValueError(f"must be one of {', '.join(map(str, FIRST_FRAME_LIMITS))}")
    return seconds


FirstFrame = Annotated[
    float, AfterValidator(_limit), WithJsonSchema({"type": "number", "enum": list(FIRST_FRAME_LIMITS)})
]


class Thresholds(Model):
    """The numbers at which alerts begin."""

    first_frame_seconds: FirstFrame
    first_frame_percent: Annotated[float, Field(gt=0, lt=100)]
    fewest_visits: Positive
    ice_failure_percent: Percent
    queue_wait_seconds: Positive
    no_free_stream_for: PromDuration
    budget_capped_for: PromDuration
    idle_gpu_hours: Annotated[float, Field(ge=0)]
    encoder_percent: Percent
    turn_list_seconds: Positive
    turn_credentials_seconds: Positive
    certificate_days: Positive


class Rules(Model):
    """Recording and alert rules."""

    kind: Literal["auto", "PrometheusRule", "ConfigMap", "none"]
    labels: Labels
    alert_labels: Labels
    disabled: tuple[Alert, ...]
    runbooks: Annotated[str, Field(pattern=r"^https?://[^#]+$")]
    thresholds: Thresholds


class Dashboards(Model):
    """Boards for Grafana."""

    kind: Literal["auto", "ConfigMap", "none"]
    labels: Labels
    annotations: Labels


class TelemetryValues(Leaf):
    """Values of the chart `telemetry`."""

    rules: Rules
    dashboards: Dashboards
    extra_objects: tuple[dict[str, Any] | str, ...]
    prometheus_adapter: Annotated[Upstream, Field(alias="prometheus-adapter")]
    dcgm_exporter: Annotated[Upstream, Field(alias="dcgm-exporter")]
    kube_prometheus_stack: Annotated[Upstream, Field(alias="kube-prometheus-stack")]
