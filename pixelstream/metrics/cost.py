"""Metrics of what fleets use: GPU-seconds, their cost, and seconds of sessions.

The trap: each replica tells what it counted itself (`pixelstream.matchmaking.usage`), so sums over replicas
are right and a maximum is not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from prometheus_client.metrics_core import CounterMetricFamily, Metric
from prometheus_client.registry import Collector

from pixelstream.matchmaking.usage import Account


class CostMetrics(Collector):
    """Counters by fleet; `read` is called at each scrape."""

    def __init__(self, read: Callable[[], Mapping[str, Account]]) -> None:
        self._read = read

    def describe(self) -> Iterator[Metric]:
        """Yield the families without a sample."""
        return iter(_families())

    def collect(self) -> Iterator[Metric]:
        """Yield the families with the samples of each fleet."""
        gpu, cost, sessions = families = _families()
        for fleet, account in sorted(self._read().items()):
            for state, seconds in account.gpu_seconds.items():
                gpu.add_metric([fleet, state], seconds)
                cost.add_metric([fleet, state], account.cost[state])
            sessions.add_metric([fleet], account.session_seconds)
        return iter(families)


def _families() -> tuple[CounterMetricFamily, CounterMetricFamily, CounterMetricFamily]:
    return (
        CounterMetricFamily(
            "pixelstream_gpu_seconds",
            "GPU-seconds of streams, by what they were for; counted by the replica that has their link",
            labels=["fleet", "state"],
        ),
        CounterMetricFamily(
            "pixelstream_gpu_cost",
            "What they cost, by the fleet's price of a GPU-hour",
            labels=["fleet", "state"],
        ),
        CounterMetricFamily(
            "pixelstream_session_seconds", "Seconds that players were on seats", labels=["fleet"]
        ),
    )
