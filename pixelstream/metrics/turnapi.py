"""Metrics of turn-api.

One object for each running service, with a registry of its own, so that two in one process don't add up.
"""

from collections.abc import Callable
from enum import StrEnum

from prometheus_client import CollectorRegistry, Gauge

from pixelstream.metrics.common import Tally
from pixelstream.turn.pool import RelayState


class Answer(StrEnum):
    """How a request for relays ended."""

    OK = "ok"
    EMPTY = "empty"
    UNAUTHORIZED = "unauthorized"
    BAD_REQUEST = "bad_request"


class Source(StrEnum):
    """Where relays come from."""

    STATIC = "static"
    FILE = "file"
    KUBERNETES = "kubernetes"


WATCHED = (Source.FILE, Source.KUBERNETES)
"""Sources whose list can grow old; the settings' own list can't."""


class TurnApiMetrics:
    """Every series of turn-api; all exist from the start, at zero."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.answers = Tally(
            "turnapi_answers", "Requests for relays by how they ended", "result", Answer, registry
        )
        self.faults = Tally(
            "turnapi_source_faults", "Lists that could not be used", "source", Source, registry
        )
        relays = Gauge("turnapi_relays", "Relays in the last good list", ["source"], registry=registry)
        states = Gauge(
            "pixelstream_turn_relays",
            "Relays by whether callers are told of them",
            ["state"],
            registry=registry,
        )
        self._age = Gauge(
            "turnapi_relays_age_seconds",
            "Time since the list was known to be right",
            ["source"],
            registry=registry,
        )
        self.offered = Gauge(
            "turnapi_relays_offered", "Relays that callers can be offered", registry=registry
        )
        self.lifetime = Gauge(
            "turnapi_credentials_lifetime_seconds", "How long new credentials last", registry=registry
        )
        self.relays = {source: relays.labels(source) for source in Source}
        self.states = {state: states.labels(state) for state in RelayState}

    def watch_age(self, source: Source, age: Callable[[], float | None]) -> None:
        """Read the age of a source's list at every scrape; it is NaN before the first list."""

        def seconds() -> float:
            known = age()
            return float("nan") if known is None else known

        self._age.labels(source).set_function(seconds)
