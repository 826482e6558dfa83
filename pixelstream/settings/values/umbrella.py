"""Values of the umbrella, and of the telemetry chart that holds upstream's."""

from typing import Annotated, Any

from pydantic import Field

from pixelstream.settings.base import Model
from pixelstream.settings.values.shapes import Global, Image, Leaf, Library
from pixelstream.settings.values.streams import Upstream


class TelemetryValues(Leaf):
    """Values of the chart `telemetry`."""

    extra_objects: tuple[dict[str, Any] | str, ...]
    prometheus_adapter: Annotated[Upstream, Field(alias="prometheus-adapter")]
    dcgm_exporter: Annotated[Upstream, Field(alias="dcgm-exporter")]
    kube_prometheus_stack: Annotated[Upstream, Field(alias="kube-prometheus-stack")]


class Component(Model, extra="allow"):
    """Values of a subchart, which that chart's own schema judges: one fault is told once."""


class Tests(Model):
    """What `helm test` runs."""

    image: Image
    deadline: Annotated[int, Field(ge=1)]


class PixelstreamValues(Model):
    """Values of the umbrella."""

    common: Library | None = None
    global_: Annotated[Global, Field(alias="global")]
    router: Component
    player: Component
    matchmaker: Component
    proxy: Component
    streamer: Component
    signalserver: Component
    turn: Component
    turn_api: Annotated[Component, Field(alias="turn-api")]
    telemetry: Component
    tests: Tests
