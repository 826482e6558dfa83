"""What players meet: phases of their coming, the picture they get, and how it ends."""

from tests.setup.dashboards.board import Board, Row
from tests.setup.dashboards.overview import IN_TIME
from tests.setup.dashboards.panels import curves, falling, rising, runbook, stat
from tests.setup.dashboards.queries import FLEETS, quantile, rate, service_rate

HOUR = "1h"
FAILED = rate("pixelstream_ice_failures_total", more='reason!="lost"', window=HOUR)
SEEN = rate("pixelstream_first_frame_seconds_count", window=HOUR)
PLAYED = f"sum(rate(pixelstream_session_seconds_total{{{FLEETS}}}[{HOUR}]))"


def _phase(phase: str) -> str:
    return quantile(0.5, "pixelstream_visit_phase_seconds", more=f'phase="{phase}"')


NUMBERS = Row(
    4,
    (
        (
            4,
            IN_TIME,
        ),
        (
            4,
            stat(
                "First frame p95",
                "Time from a match to its player's first picture, of the last hour's visits.",
                quantile(0.95, "pixelstream_first_frame_seconds", window=HOUR),
                "s",
                decimals=2,
                steps=rising(1.5, 2),
            ),
        ),
        (
            4,
            stat(
                "Round trip p95",
                "Between browser and streamer, as browsers measured it.",
                quantile(0.95, "pixelstream_player_rtt_seconds", window=HOUR),
                "s",
                decimals=0,
                steps=rising(0.08, 0.15),
            ),
        ),
        (
            4,
            stat(
                "Frames a second p5",
                "Nineteen in twenty reports saw at least so many.",
                quantile(0.05, "pixelstream_player_frames_per_second", window=HOUR),
                decimals=0,
                steps=falling(20, 28),
            ),
        ),
        (
            4,
            stat(
                "Freezes an hour played",
                "Pictures that stood still, for each hour of play.",
                f"3600 * {rate('pixelstream_player_freezes_total', window=HOUR)} / {PLAYED}",
                decimals=1,
                steps=rising(2, 6),
            ),
        ),
        (
            4,
            runbook(
                stat(
                    "Found no way",
                    "Share of the last hour's visits whose browser and streamer could not connect.",
                    f"100 * {FAILED} / ({SEEN} + {FAILED})",
                    "percent",
                    decimals=1,
                    steps=rising(2, 5),
                ),
                "PixelstreamIceFails",
            ),
        ),
    ),
)

COMING = Row(
    10,
    (
        (
            8,
            curves(
                "Phases after the queue",
                "Median of each phase, one upon the other: seat, signalling, ICE, first frame.",
                [(_phase(phase), phase) for phase in ("seat", "signalling", "ice", "frame")],
                "s",
                stacked=True,
                min=0,
            ),
        ),
        (
            8,
            curves(
                "First frame p95 by way",
                "By the kind of address that ICE chose; relay is the slowest and the surest.",
                ((quantile(0.95, "pixelstream_first_frame_seconds", "candidate"), "{{candidate}}"),),
                "s",
                min=0,
                steps=((None, "green"), (2, "red")),
            ),
        ),
        (
            8,
            runbook(
                curves(
                    "Error budget burnt",
                    "How many times too fast the goal of 95 % is missed; at 1 the budget lasts a month.",
                    (
                        (f"max(fleet:pixelstream_visits_bad:ratio_rate1h{{{FLEETS}}}) / 0.05", "1 h"),
                        (f"max(fleet:pixelstream_visits_bad:ratio_rate6h{{{FLEETS}}}) / 0.05", "6 h"),
                    ),
                    min=0,
                    steps=((None, "green"), (1, "orange"), (14.4, "red")),
                ),
                "PixelstreamFirstFrameBurnsSlowly",
            ),
        ),
    ),
)

PLAYING = Row(
    9,
    (
        (
            6,
            curves(
                "Round trip",
                "Between browser and streamer.",
                (
                    (quantile(0.5, "pixelstream_player_rtt_seconds"), "p50"),
                    (quantile(0.95, "pixelstream_player_rtt_seconds"), "p95"),
                ),
                "s",
                min=0,
            ),
        ),
        (
            6,
            curves(
                "Frames a second",
                "As browsers drew them.",
                (
                    (quantile(0.5, "pixelstream_player_frames_per_second"), "p50"),
                    (quantile(0.05, "pixelstream_player_frames_per_second"), "p5"),
                ),
                min=0,
            ),
        ),
        (
            6,
            runbook(
                curves(
                    "Failed and broken",
                    "An hour, by reason: ways that were not found or broke, and sessions that ended so.",
                    (
                        (
                            f"3600 * {rate('pixelstream_ice_failures_total', 'reason')} > 0",
                            "failed: {{reason}}",
                        ),
                        (
                            f"3600 * {rate('pixelstream_player_drops_total', 'reason')} > 0",
                            "dropped: {{reason}}",
                        ),
                    ),
                    stacked=True,
                    min=0,
                ),
                "PixelstreamIceFails",
            ),
        ),
        (
            6,
            runbook(
                curves(
                    "How visits ended",
                    "An hour, by reason, as streams saw it.",
                    (
                        (
                            f"3600 * {service_rate('signalserver_visit_seconds_count', 'reason')} > 0",
                            "{{reason}}",
                        ),
                    ),
                    stacked=True,
                    min=0,
                ),
                "PixelstreamStreamLostWhileTaken",
            ),
        ),
    ),
)

BOARD = Board(
    "quality",
    "Session quality",
    "What players meet: how they come in, the picture they get, and how it ends.",
    (NUMBERS, COMING, PLAYING),
)
