"""Metrics of a fleet's size: what autoscalers read, and why it is what it is.

The trap: only a fleet with a budget has the series of one, except for `pixelstream_budget_capped`, which
alerts go by and which is 0 without.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from pixelstream.matchmaking.scaling.policy import Size
from pixelstream.matchmaking.views import FleetView


class _Gauge(NamedTuple):
    text: str
    value: Callable[[Size], float | None]


_GAUGES = {
    "pixelstream_streams_wanted": _Gauge(
        "Streams that the fleet should have: taken + waiting + buffer", lambda size: size.wanted
    ),
    "pixelstream_streams_buffer": _Gauge(
        "Streams to be free beyond those that are taken and waited for", lambda size: size.buffer
    ),
    "pixelstream_streams_minimum": _Gauge("Fewest streams that may be wanted", lambda size: size.minimum),
    "pixelstream_streams_maximum": _Gauge("Most streams that may be wanted", lambda size: size.maximum),
    "pixelstream_budget_capped": _Gauge(
        "1 if more streams would be wanted without the budget", lambda size: int(size.capped)
    ),
    "pixelstream_budget_streams": _Gauge("Streams that the budget allows now", lambda size: size.cap),
    "pixelstream_budget_gpu_hours_left": _Gauge(
        "GPU-hours that are left of the day's", lambda size: size.gpu_hours_left
    ),
}


class SizeMetrics(Collector):
    """Gauges by fleet, as of the last `show`."""

    def __init__(self) -> None:
        self.fleets: Sequence[FleetView] = ()

    def describe(self) -> Iterator[Metric]:
        """Yield the families without a sample."""
        return iter(GaugeMetricFamily(name, gauge.text, labels=["fleet"]) for name, gauge in _GAUGES.items())

    def collect(self) -> Iterator[Metric]:
        """Yield the families with a sample for each fleet that has one."""
        for name, gauge in _GAUGES.items():
            family = GaugeMetricFamily(name, gauge.text, labels=["fleet"])
            for fleet in self.fleets:
                if (value := gauge.value(fleet.size)) is not None:
                    family.add_metric([fleet.name], value)
            yield family
