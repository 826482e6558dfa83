"""The first board: do players play, and does everything stand that they need."""

from tests.setup.dashboards.board import Board, Row
from tests.setup.dashboards.panels import curves, falling, rising, runbook, stat, table
from tests.setup.dashboards.queries import FLEETS, HERE, level, quantile, service_quantile, service_rate

IN_TIME = runbook(
    stat(
        "First frame within 2 s",
        "Visits of the last hour that had a picture in time; those that found no way are late.",
        f"""
    100 * sum(rate(pixelstream_first_frame_seconds_bucket{{{FLEETS}, le="2.0"}}[1h]))
    / (
      sum(rate(pixelstream_first_frame_seconds_count{{{FLEETS}}}[1h]))
      + (sum(rate(pixelstream_ice_failures_total{{{FLEETS}, reason!="lost"}}[1h])) or vector(0))
    )""",
        "percent",
        decimals=1,
        steps=falling(90, 95),
    ),
    "PixelstreamFirstFrameBurnsFast",
)
"""The one number of this board that the board of quality begins with, too."""

NUMBERS = Row(
    4,
    (
        (
            4,
            stat(
                "Players",
                "Seats that are taken: reserved, played, or kept for somebody who lost the network.",
                level("matchmaker_seats_taken"),
            ),
        ),
        (
            4,
            runbook(
                stat(
                    "Waiting",
                    "Players in the queue.",
                    level("matchmaker_queue_length"),
                    steps=rising(1, 10),
                ),
                "PixelstreamNoFreeStream",
            ),
        ),
        (
            4,
            stat(
                "Free streams",
                "Streams with a free seat; zero is right only while nobody is expected.",
                level("matchmaker_streams_available"),
                steps=falling(1, 2),
            ),
        ),
        (
            4,
            stat(
                "Streams ready",
                "Streams that have a streamer and do not drain, of those that are wanted.",
                f"100 * {level('matchmaker_streams_ready')} / ({level('pixelstream_streams_wanted')} > 0)"
                " or vector(100)",
                "percent",
                decimals=0,
                max=100,
                steps=falling(60, 85),
            ),
        ),
        (
            4,
            IN_TIME,
        ),
        (
            4,
            stat(
                "Alerts",
                "Alerts of this release that fire now.",
                f'count(ALERTS{{{HERE}, alertname=~"Pixelstream.+", alertstate="firing"}}) or vector(0)',
                steps=rising(1, 2),
            ),
        ),
    ),
)

CURVES = Row(
    9,
    (
        (
            8,
            curves(
                "Players and streams",
                "What is there against what is wanted; wanted is taken + waiting + buffer.",
                (
                    (level("pixelstream_streams_wanted"), "wanted"),
                    (level("matchmaker_streams_ready"), "ready"),
                    (level("matchmaker_seats_taken"), "taken"),
                    (level("matchmaker_queue_length"), "waiting"),
                ),
                stairs=True,
                min=0,
            ),
        ),
        (
            8,
            runbook(
                curves(
                    "Wait for a stream",
                    "Time from a player's coming to its match.",
                    (
                        (quantile(0.5, "matchmaker_wait_seconds"), "p50"),
                        (quantile(0.95, "matchmaker_wait_seconds"), "p95"),
                    ),
                    "s",
                    min=0,
                ),
                "PixelstreamQueueWaitLong",
            ),
        ),
        (
            8,
            curves(
                "Time to the first frame",
                "As browsers measured it; the dashed line is the goal.",
                (
                    (quantile(0.5, "pixelstream_first_frame_seconds"), "p50"),
                    (quantile(0.95, "pixelstream_first_frame_seconds"), "p95"),
                ),
                "s",
                min=0,
                steps=((None, "green"), (2, "red")),
            ),
        ),
    ),
)

SERVICES = Row(
    9,
    (
        (
            10,
            table(
                "Services",
                "Every pod of ours that is scraped.",
                "pod",
                (
                    (f"max by (pod, version) (pixelstream_build_info{{{HERE}}})", "up", "short"),
                    (f"max by (pod) (process_resident_memory_bytes{{{HERE}}})", "memory", "bytes"),
                    (
                        f"sum by (pod) (rate(process_cpu_seconds_total{{{HERE}}}[$__rate_interval]))",
                        "CPU",
                        "percentunit",
                    ),
                ),
            ),
        ),
        (
            7,
            curves(
                "Sessions that ended",
                "Sessions a minute by the reason; streamer_lost and lost are ours to explain.",
                (
                    (
                        f"60 * {service_rate('matchmaker_sessions_released_total', 'reason')} > 0",
                        "{{reason}}",
                    ),
                ),
                stacked=True,
                min=0,
            ),
        ),
        (
            7,
            runbook(
                curves(
                    "Control",
                    "How fast streams grant seats, and how fast the shared store answers.",
                    (
                        (service_quantile(0.99, "matchmaker_claim_seconds"), "claim p99"),
                        (service_quantile(0.99, "pixelstream_store_round_trip_seconds"), "store p99"),
                        (service_quantile(0.95, "signalserver_turn_api_seconds"), "turn-api p95"),
                    ),
                    "s",
                    min=0,
                ),
                "PixelstreamStoreDown",
            ),
        ),
    ),
)

BOARD = Board(
    "overview",
    "Overview",
    "Do players play, and does everything stand that they need.",
    (NUMBERS, CURVES, SERVICES),
)
