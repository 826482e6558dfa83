"""What the metrics of all services share: a registry with build and process, and counters as plain ints.

The trap: `Counter.inc()` takes a lock and costs as much as relaying a message, so whatever counts
messages adds to an int, and a `Tally` shows the ints at the next scrape.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import StrEnum
from typing import Generic, TypeVar, cast

from prometheus_client import CollectorRegistry, Gauge, ProcessCollector
from prometheus_client.metrics_core import CounterMetricFamily, Metric
from prometheus_client.registry import Collector

from pixelstream import __version__

_K = TypeVar("_K", bound=StrEnum)


def new_registry() -> CollectorRegistry:
    """Make the registry of one running service, with `pixelstream_build_info` and the process's metrics."""
    registry = CollectorRegistry()
    build = Gauge(
        "pixelstream_build_info", "Always 1; the version is a label", ["version"], registry=registry
    )
    build.labels(__version__).set(1)
    ProcessCollector(registry=registry)
    return registry


def show_lease_keys(registry: CollectorRegistry, read: Callable[[], int]) -> None:
    """Show how many keys of leases a service knows: two while one takes the other's place."""
    gauge = Gauge("pixelstream_lease_keys", "Keys of leases that are known here", registry=registry)
    gauge.set_function(read)


class Counted(Collector):
    """A counter with one label whose ints somebody else keeps; `read` is called at each scrape."""

    def __init__(
        self,
        name: str,
        text: str,
        label: str,
        read: Callable[[], Mapping[str, int]],
        registry: CollectorRegistry,
    ) -> None:
        self._name, self._text, self._label, self._read = name, text, label, read
        registry.register(self)

    def describe(self) -> Iterator[Metric]:
        """Tell the registry the name without a scrape."""
        yield CounterMetricFamily(self._name, self._text, labels=[self._label])

    def collect(self) -> Iterator[Metric]:
        """Make the series of a scrape."""
        family = CounterMetricFamily(self._name, self._text, labels=[self._label])
        for value, count in self._read().items():
            family.add_metric([str(value)], count)
        yield family


class Tally(Counted, Generic[_K]):
    """A counter with one label, kept as ints in `counts`, a key for each member of its enum.

    Count with `tally.counts[Kind.X] += 1`.
    """

    def __init__(
        self, name: str, text: str, label: str, keys: Iterable[_K], registry: CollectorRegistry
    ) -> None:
        self.counts: dict[_K, int] = dict.fromkeys(keys, 0)
        super().__init__(name, text, label, lambda: cast("Mapping[str, int]", self.counts), registry)
