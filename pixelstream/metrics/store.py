"""Metrics of the store that matchmakers share; with one in memory it is always up and there is one replica.

The trap: each replica says what it sees itself, so an alert takes the least of `pixelstream_store_up`, and
differing `pixelstream_replicas` show replicas that don't see each other.
"""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Gauge, Histogram

from pixelstream.matchmaking.views import Sharing

ROUND_TRIPS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5)


class StoreMetrics:
    """Every series of the store.

    Attributes:
        round_trip: of a write, in seconds.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self._up = Gauge(
            "pixelstream_store_up", "Whether the store that matchmakers share can be used", registry=registry
        )
        self._replicas = Gauge(
            "pixelstream_replicas", "Matchmakers that are seen alive, this one too", registry=registry
        )
        self._lag = Gauge(
            "pixelstream_store_lag_seconds",
            "Time from writing an event to reading it back",
            registry=registry,
        )
        self.round_trip = Histogram(
            "pixelstream_store_round_trip_seconds",
            "Time that a write to the shared store took",
            buckets=ROUND_TRIPS,
            registry=registry,
        )

    def show(self, sharing: Sharing) -> None:
        """Take over how the store is now."""
        self._up.set(sharing.up)
        self._replicas.set(sharing.replicas)
        self._lag.set(sharing.lag)
