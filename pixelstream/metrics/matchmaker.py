"""Metrics of the matchmaker.

The names of the deployment that this replaces are kept, with values that are right. The traps: who
was handed off to a seat has no socket here any more, so demand counts seats and not sockets; and
fleets come and go, so gauges by fleet are made anew at each scrape from the last `show`, while the
rest exists from the start.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum

from prometheus_client import CollectorRegistry, Gauge, Histogram
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from pixelstream.matchmaking.marks import WriteResult
from pixelstream.matchmaking.model import JoinRefusal, MatchFailure, ReleaseReason, SessionState
from pixelstream.matchmaking.views import FleetView
from pixelstream.metrics.common import Tally
from pixelstream.metrics.scaling import SizeMetrics

WAITS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800, 3600)
SHORT = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)
VISITS = (10, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14400, 28800)
RATIOS = (0.1, 0.25, 0.5, 0.67, 0.8, 0.9, 1.1, 1.25, 1.5, 2, 4, 10)

LIVE = tuple(state for state in SessionState if state is not SessionState.RELEASED)


class LinkFault(StrEnum):
    """Why a link of a signalling server was refused or closed."""

    UNAUTHORIZED = "unauthorized"
    MALFORMED = "malformed"
    SILENT = "silent"
    REPLACED = "replaced"
    NOT_ALLOWED = "not_allowed"


_BY_FLEET = {
    "matchmaker_queue_length": ("Players who wait", "waiting"),
    "matchmaker_streams": ("Streams that are known", "streams"),
    "matchmaker_streams_ready": ("Streams that are linked, have a streamer and do not drain", "ready"),
    "matchmaker_streams_available": ("Streams with a free seat", "available"),
    "matchmaker_seats_taken": ("Seats that are taken or reserved", "taken"),
}


class _Fleets(Collector):
    """Gauges by fleet, as of the last `show`."""

    def __init__(self) -> None:
        self.fleets: Sequence[FleetView] = ()

    def describe(self) -> Iterator[Metric]:
        return iter(GaugeMetricFamily(name, text, labels=["fleet"]) for name, (text, _) in _BY_FLEET.items())

    def collect(self) -> Iterator[Metric]:
        for name, (text, attribute) in _BY_FLEET.items():
            family = GaugeMetricFamily(name, text, labels=["fleet"])
            for fleet in self.fleets:
                family.add_metric([fleet.name], getattr(fleet, attribute))
            yield family


class MatchmakerMetrics:
    """Every series of the matchmaker."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._fleets = _Fleets()
        registry.register(self._fleets)
        self._sizes = SizeMetrics()
        registry.register(self._sizes)
        self._gauges(registry)
        self._histograms(registry)
        self.failures = Tally(
            "matchmaker_match_failures", "Matches that came to nothing", "reason", MatchFailure, registry
        )
        self.refusals = Tally(
            "matchmaker_joins_refused", "Players who were not let wait", "reason", JoinRefusal, registry
        )
        self.releases = Tally(
            "matchmaker_sessions_released", "Sessions that ended", "reason", ReleaseReason, registry
        )
        self.link_faults = Tally(
            "matchmaker_link_faults", "Links refused or closed", "reason", LinkFault, registry
        )
        self.pod_writes = Tally(
            "matchmaker_pod_writes", "Writes of marks to streams' pods", "result", WriteResult, registry
        )

    def _gauges(self, registry: CollectorRegistry) -> None:
        def gauge(name: str, text: str) -> Gauge:
            return Gauge(f"matchmaker_{name}", text, registry=registry)

        self.player_sockets = gauge("player_socket_connections", "Players' websockets, waiting and joined")
        self._queue = gauge("player_queue_count", "Players who wait, in all fleets")
        self._available = gauge("streamer_available_count", "Streams that are ready and have no player")
        self._demand = gauge(
            "streamer_demand_ratio", "Players, waiting or seated, for each ready stream; 1 + them without one"
        )
        self.links = gauge("streamer_connections", "Open links of signalling servers, ready or not")
        self.pods_pending = gauge("pods_pending", "Streams' pods whose marks are still to be written")
        self.joined = gauge("joined_connections", "Players' websockets that are joined to a seat")
        sessions = Gauge("matchmaker_sessions", "Sessions by state", ["state"], registry=registry)
        self._sessions = {state: sessions.labels(state) for state in LIVE}

    def _histograms(self, registry: CollectorRegistry) -> None:
        def histogram(name: str, text: str, buckets: Sequence[float]) -> Histogram:
            return Histogram(f"matchmaker_{name}", text, buckets=buckets, registry=registry)

        self.wait = Histogram(
            "matchmaker_wait_seconds",
            "Time from a player's coming to its match",
            ["fleet"],
            buckets=WAITS,
            registry=registry,
        )
        self.claim = histogram("claim_seconds", "Time from a claim to its grant", SHORT)
        self.dial = histogram("dial_seconds", "Time that a seat's websocket took to open", SHORT)
        self.visit = histogram("session_seconds", "How long sessions were played", VISITS)
        self.estimate_error = histogram(
            "wait_estimate_error_seconds", "Difference of a predicted wait and the actual one", WAITS
        )
        self.estimate_ratio = histogram("wait_estimate_ratio", "Predicted ÷ actual wait", RATIOS)

    def show(self, fleets: Sequence[FleetView], sessions: Mapping[SessionState, int]) -> None:
        """Take over what the store says now."""
        self._fleets.fleets = self._sizes.fleets = fleets
        waiting = sum(fleet.waiting for fleet in fleets)
        players = waiting + sum(fleet.taken for fleet in fleets)
        ready = sum(fleet.ready for fleet in fleets)
        self._queue.set(waiting)
        self._available.set(sum(fleet.idle for fleet in fleets))
        self._demand.set(players / ready if ready else players + 1 if players else 0)
        for state, gauge in self._sessions.items():
            gauge.set(sessions.get(state, 0))

    def matched(self, fleet: str, waited: float, predicted: float | None) -> None:
        """Count a match: how long its player waited, and how wrong the first estimate was."""
        self.wait.labels(fleet).observe(waited)
        if predicted is not None:
            self.estimate_error.observe(abs(predicted - waited))
            self.estimate_ratio.observe(predicted / max(waited, 0.001))
