"""The signalserver's metrics: the original's names with right values, all series from the start."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from pixelstream.metrics.signalserver import Levels, SignalserverMetrics
from pixelstream.protocol.control import EndedReason, SeatState
from pixelstream.relay.counts import Counts
from pixelstream.relay.vocabulary import Drop, Phase, Refusal, ResetOutcome

EMPTY = Levels(
    players=0,
    streamers=0,
    sfus=0,
    streaming=0,
    matchmaker=False,
    seats=1,
    taken=0,
    resetting=0,
    draining=False,
    sessions={},
)
ATTACHED = replace(EMPTY, streamers=1, streaming=1)


class Source(StrEnum):
    FRESH = "fresh"


class Scene:
    def __init__(self) -> None:
        self.levels = EMPTY
        self.counts = Counts()
        self.registry = CollectorRegistry()
        self.metrics = SignalserverMetrics(
            self.registry,
            levels=lambda: self.levels,
            counts=lambda: self.counts,
            ice_sources=Source,
        )

    def value(self, name: str, **labels: str) -> float | None:
        return self.registry.get_sample_value(f"signalserver_{name}", labels)


@pytest.fixture
def scene() -> Scene:
    return Scene()


@pytest.mark.parametrize(
    ("levels", "name", "value"),
    [
        (EMPTY, "stream_allocated", 0),
        (replace(EMPTY, taken=1), "stream_allocated", 1),
        (replace(EMPTY, seats=8, taken=3), "stream_allocated", 1),
        (replace(EMPTY, players=3), "player_socket_connections", 3),
        (replace(EMPTY, streamers=2), "stream_socket_connections", 2),
        (EMPTY, "stream_socket_open_indicator", 0),
        (replace(EMPTY, streamers=2), "stream_socket_open_indicator", 1),
        (replace(EMPTY, matchmaker=True), "matchmaker_socket_open_indicator", 1),
        (EMPTY, "free_stream_indicator", 0),
        (ATTACHED, "free_stream_indicator", 1),
        (replace(ATTACHED, taken=1), "free_stream_indicator", 0),
        (replace(ATTACHED, draining=True), "free_stream_indicator", 0),
        (replace(ATTACHED, taken=1, resetting=1), "free_stream_indicator", 0),
        (replace(ATTACHED, taken=1, resetting=1), "seats_resetting", 1),
    ],
)
def test_the_gauges_of_the_original_are_right(scene: Scene, levels: Levels, name: str, value: float) -> None:
    scene.levels = levels
    assert scene.value(name) == value


def test_every_labelled_series_exists_before_its_first_event(scene: Scene) -> None:
    for phase in Phase:
        assert scene.value("phase_seconds_count", phase=phase) == 0
        assert scene.value("phase_since_open_seconds_count", phase=phase) == 0
    for outcome in ResetOutcome:
        assert scene.registry.get_sample_value("pixelstream_reset_total", {"outcome": outcome}) == 0
    assert [scene.value("visit_seconds_count", reason=reason) for reason in EndedReason] == [0] * len(
        EndedReason
    )
    assert [scene.value("drops_total", reason=drop) for drop in Drop] == [0] * len(Drop)
    assert [scene.value("refusals_total", reason=reason) for reason in Refusal] == [0] * len(Refusal)
    assert [scene.value("sessions", state=state) for state in SeatState] == [0] * len(SeatState)
    assert scene.value("ice_configs_total", source="fresh") == 0


def test_counts_are_read_at_the_scrape(scene: Scene) -> None:
    scene.counts.relayed["offer"] += 5
    scene.counts.refused[Refusal.FULL] += 2
    scene.metrics.visits[EndedReason.LEFT].observe(12)
    assert scene.value("messages_total", type="offer") == 5
    assert scene.value("refusals_total", reason="full") == 2
    assert scene.value("visit_seconds_sum", reason="left") == 12
    assert b"signalserver_visit_seconds_bucket" in generate_latest(scene.registry)
