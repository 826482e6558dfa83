"""Metrics of the gate: whom it let through, whom not and why, and what it knows of the cluster."""

from collections.abc import Callable
from enum import StrEnum

from prometheus_client import CollectorRegistry, Gauge

from pixelstream.metrics.common import Tally


class Check(StrEnum):
    """How a request was judged; besides the first and the last, the codes of `LeaseError`."""

    ADMITTED = "admitted"
    MALFORMED = "malformed"
    EXPIRED = "expired"
    FORGED = "forged"
    UNKNOWN_KEY = "unknown_key"
    UNKNOWN_STREAM = "unknown_stream"
    NOT_READY = "not_ready"


class GateMetrics:
    """Every series of the gate; all exist from the start, at zero."""

    def __init__(
        self, registry: CollectorRegistry, streams: Callable[[], int], current: Callable[[], bool]
    ) -> None:
        self.checks = Tally("gate_checks", "Requests by how they were judged", "result", Check, registry)
        Gauge("gate_streams", "Streams that leases may lead to", registry=registry).set_function(streams)
        following = Gauge(
            "gate_discovery_current", "Whether the list of streams is how things are now", registry=registry
        )
        following.set_function(current)
