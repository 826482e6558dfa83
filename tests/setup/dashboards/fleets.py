"""Scaling: what is wanted, what autoscalers make of it, and who waits for it."""

from typing import Any

from tests.setup.dashboards.board import Board, Row
from tests.setup.dashboards.panels import Panel, bars, curves, falling, rising, runbook, stat
from tests.setup.dashboards.queries import FLEETS, HERE, by_fleet, level, quantile, service_rate

SCALER = f'{HERE}, horizontalpodautoscaler=~".+-streamer-($fleet)"'


def _scaler(metric: str) -> str:
    return f"sum(max by (horizontalpodautoscaler) (kube_horizontalpodautoscaler_{metric}{{{SCALER}}}))"


def _number(title: str, text: str, metric: str, **more: Any) -> tuple[int, Panel]:
    return 3, stat(title, text, level(metric), **more)


NUMBERS = Row(
    4,
    (
        _number(
            "Wanted",
            "Taken + waiting + buffer, within minimum, maximum and budget.",
            "pixelstream_streams_wanted",
        ),
        _number("Ready", "Streams that have a streamer and do not drain.", "matchmaker_streams_ready"),
        _number("Taken", "Seats that are taken or reserved.", "matchmaker_seats_taken"),
        _number("Waiting", "Players in the queue.", "matchmaker_queue_length", steps=rising(1, 10)),
        _number("Buffer", "Free streams that the policy keeps, as of now.", "pixelstream_streams_buffer"),
        _number(
            "Available", "Streams with a free seat.", "matchmaker_streams_available", steps=falling(1, 2)
        ),
        _number("Maximum", "The most streams that fleets may have.", "pixelstream_streams_maximum"),
        (
            3,
            runbook(
                stat(
                    "Capped by budget",
                    "Fleets that would be larger if their budget let them.",
                    f"sum(max by (fleet) (pixelstream_budget_capped{{{FLEETS}}}))",
                    steps=rising(1, 2),
                ),
                "PixelstreamBudgetCapped",
            ),
        ),
    ),
)

SIZES = Row(
    10,
    (
        (
            12,
            curves(
                "Wanted and there",
                "Ready follows wanted within a stream's start; it may stay above while players play on.",
                (
                    (level("pixelstream_streams_wanted"), "wanted"),
                    (level("matchmaker_streams_ready"), "ready"),
                    (level("matchmaker_seats_taken"), "taken"),
                    (level("pixelstream_streams_buffer"), "buffer"),
                    (level("pixelstream_streams_minimum"), "minimum"),
                    (level("pixelstream_streams_maximum"), "maximum"),
                ),
                stairs=True,
                min=0,
            ),
        ),
        (
            12,
            runbook(
                curves(
                    "Autoscaler",
                    "What the autoscaler asks for and what Deployments have, as kube-state-metrics tells.",
                    (
                        (_scaler("status_desired_replicas"), "desired"),
                        (_scaler("status_current_replicas"), "current"),
                        (_scaler("spec_min_replicas"), "minimum"),
                        (_scaler("spec_max_replicas"), "maximum"),
                    ),
                    stairs=True,
                    min=0,
                ),
                "PixelstreamAutoscalerBlind",
            ),
        ),
    ),
)

WAITS = Row(
    9,
    (
        (
            6,
            curves(
                "Queue",
                "Players who wait, by fleet.",
                ((by_fleet("matchmaker_queue_length"), "{{fleet}}"),),
                stairs=True,
                min=0,
            ),
        ),
        (
            6,
            runbook(
                curves(
                    "Wait p95",
                    "Time from a player's coming to its match, by fleet.",
                    ((quantile(0.95, "matchmaker_wait_seconds", "fleet"), "{{fleet}}"),),
                    "s",
                    min=0,
                ),
                "PixelstreamQueueWaitLong",
            ),
        ),
        (
            6,
            curves(
                "Matches that failed",
                "A minute, by reason; each player went back to the front of the queue.",
                (
                    (f"60 * {service_rate('matchmaker_match_failures_total', 'reason')} > 0", "{{reason}}"),
                    (
                        f"60 * {service_rate('matchmaker_joins_refused_total', 'reason')} > 0",
                        "refused: {{reason}}",
                    ),
                ),
                stacked=True,
                min=0,
            ),
        ),
        (
            6,
            bars(
                "Taken by fleet",
                "Share of the streams that are there.",
                f"100 * {by_fleet('matchmaker_seats_taken')} / ({by_fleet('matchmaker_streams_ready')} > 0)",
                "{{fleet}}",
                "percent",
                min=0,
                max=100,
                decimals=0,
                steps=((None, "blue"), (80, "orange"), (95, "red")),
            ),
        ),
    ),
)

BOARD = Board(
    "fleets",
    "Fleet scaling",
    "What is wanted, what autoscalers make of it, and who waits for it.",
    (NUMBERS, SIZES, WAITS),
)
