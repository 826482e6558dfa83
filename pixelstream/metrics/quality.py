"""Metrics of what players' pages report, by fleet.

The trap: a report is counted by the replica that it came to and by no other, so sums over replicas are
right; and its words come from outside, so every label is a member of an enum, or a fleet that a signed
lease names.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum

from prometheus_client import CollectorRegistry, Counter, Histogram

from pixelstream.metrics.common import Tally
from pixelstream.protocol.quality import Candidate, IceFailure, PlayerDrop, Report, VisitPhase

PHASES = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 300, 1800)
FIRST_FRAME = (0.25, 0.5, 0.75, 1, 1.5, 2, 3, 4, 5, 8, 12, 20, 30, 60)
ROUND_TRIPS = (0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.5, 1, 2)
FRAME_RATES = (1, 5, 10, 15, 20, 24, 28, 30, 45, 55, 60, 75, 90, 120)


class ReportResult(StrEnum):
    """What became of a report."""

    TAKEN = "taken"
    NO_LEASE = "no_lease"
    OVER = "over"
    MALFORMED = "malformed"
    TOO_MANY = "too_many"


class QualityMetrics:
    """Every series of players' reports."""

    def __init__(self, registry: CollectorRegistry) -> None:
        def histogram(name: str, text: str, buckets: Sequence[float], *labels: str) -> Histogram:
            return Histogram(
                f"pixelstream_{name}", text, ["fleet", *labels], buckets=buckets, registry=registry
            )

        def counter(name: str, text: str, *labels: str) -> Counter:
            return Counter(f"pixelstream_{name}", text, ["fleet", *labels], registry=registry)

        self.phases = histogram("visit_phase_seconds", "Time of each step to a picture", PHASES, "phase")
        self.first_frame = histogram(
            "first_frame_seconds", "Time from a match to the player's first picture", FIRST_FRAME, "candidate"
        )
        self.rtt = histogram("player_rtt_seconds", "Round trip of the media's path, as reported", ROUND_TRIPS)
        self.fps = histogram("player_frames_per_second", "Frames a second, as reported", FRAME_RATES)
        self.freezes = counter("player_freezes", "Freezes of the picture")
        self.drops = counter("player_drops", "Sessions that ended against their player's will", "reason")
        self.ice_failures = counter(
            "ice_failures", "Paths for the media that were not found or broke", "reason"
        )
        self.results = Tally(
            "pixelstream_quality_reports", "Reports of players' pages", "result", ReportResult, registry
        )
        self._known: set[str] = set()

    def know(self, fleets: Iterable[str]) -> None:
        """Let every series of these fleets exist, so that a rate is right from the first event."""
        for fleet in fleets:
            if fleet in self._known:
                continue
            self._known.add(fleet)
            for phase in VisitPhase:
                self.phases.labels(fleet, phase)
            for candidate in Candidate:
                self.first_frame.labels(fleet, candidate)
            for family in (self.rtt, self.fps, self.freezes):
                family.labels(fleet)
            for drop in PlayerDrop:
                self.drops.labels(fleet, drop)
            for failure in IceFailure:
                self.ice_failures.labels(fleet, failure)

    def count(self, fleet: str, report: Report, *, first: bool) -> None:
        """Count a report; `first`: the session's steps were not counted before."""
        self.know((fleet,))
        if first:
            self._count_steps(fleet, report)
        if report.rtt is not None:
            self.rtt.labels(fleet).observe(report.rtt)
        if report.fps is not None:
            self.fps.labels(fleet).observe(report.fps)
        self.freezes.labels(fleet).inc(report.freezes)
        if report.drop is not None:
            self.drops.labels(fleet, report.drop).inc()
        if report.ice is not None:
            self.ice_failures.labels(fleet, report.ice).inc()

    def _count_steps(self, fleet: str, report: Report) -> None:
        for phase, seconds in report.phases.items():
            self.phases.labels(fleet, phase).observe(seconds)
        if report.first_frame is not None:
            candidate = report.candidate or Candidate.UNKNOWN
            self.first_frame.labels(fleet, candidate).observe(report.first_frame)
