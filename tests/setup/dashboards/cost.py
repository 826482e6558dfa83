"""What GPUs cost, busy and idle, and how much of the budgets is left."""

from tests.setup.dashboards.board import Board, Row
from tests.setup.dashboards.panels import Panel, bars, curves, falling, rising, runbook, stat, table
from tests.setup.dashboards.queries import FLEETS, by_fleet, rate

SECONDS, COST, PLAYED = (
    "pixelstream_gpu_seconds_total",
    "pixelstream_gpu_cost_total",
    "pixelstream_session_seconds_total",
)


def _state(state: str) -> str:
    return f'state="{state}"'


BUSY, IDLE = _state("busy"), _state("idle")


def _spent(metric: str, by: str = "", more: str = "") -> str:
    chosen = ", ".join(filter(None, (FLEETS, more)))
    grouped = f"sum by ({by}) " if by else "sum"
    return f"{grouped}(increase({metric}{{{chosen}}}[$__range]))"


def _hours(state: str, text: str) -> tuple[int, Panel]:
    query = f"{_spent(SECONDS, more=_state(state))} / 3600"
    return 4, stat(f"{state.capitalize()} GPU-hours", text, query, "none", decimals=1, instant=True)


MINUTE = f"60 * {rate(COST, 'fleet', window='1h')} / ({rate(PLAYED, 'fleet', window='1h')} > 0)"

NUMBERS = Row(
    4,
    (
        (
            4,
            stat(
                "Cost",
                "Of the time shown, in the currency of pricePerGpuHour.",
                _spent(COST),
                "none",
                decimals=2,
                instant=True,
            ),
        ),
        _hours("busy", "GPUs of streams that somebody played."),
        (
            4,
            runbook(_hours("idle", "GPUs of streams that stood ready.")[1], "PixelstreamGpuIdleOverBudget"),
        ),
        _hours("starting", "GPUs of streams that were not ready yet."),
        (
            4,
            stat(
                "Cost of a minute played",
                "All that GPUs cost in the time shown, for each minute of play.",
                f"{_spent(COST)} / ({_spent(PLAYED)} / 60)",
                "none",
                decimals=3,
                instant=True,
            ),
        ),
        (
            4,
            stat(
                "Idle",
                "Share of the GPU time that nobody played in.",
                f"100 * {_spent(SECONDS, more=IDLE)} / {_spent(SECONDS)}",
                "percent",
                decimals=0,
                instant=True,
                steps=rising(40, 60),
            ),
        ),
    ),
)

CURVES = Row(
    10,
    (
        (
            8,
            curves(
                "GPUs by what they do",
                "Busy, idle and starting, one upon the other.",
                ((rate(SECONDS, "state"), "{{state}}"),),
                stacked=True,
                min=0,
            ),
        ),
        (
            8,
            curves(
                "Cost an hour",
                "By fleet, in the currency of pricePerGpuHour.",
                ((f"3600 * {rate(COST, 'fleet')}", "{{fleet}}"),),
                "none",
                stacked=True,
                min=0,
                decimals=2,
            ),
        ),
        (
            8,
            curves(
                "Cost of a minute played",
                "By fleet, over the last hour; it rises when few play and streams stand ready.",
                (
                    (
                        MINUTE,
                        "{{fleet}}",
                    ),
                ),
                "none",
                min=0,
                decimals=3,
            ),
        ),
    ),
)

FLEETS_ROW = Row(
    9,
    (
        (
            12,
            table(
                "Fleets",
                "Of the time shown.",
                "fleet",
                (
                    (f"{_spent(SECONDS, 'fleet', BUSY)} / 3600", "busy GPU-hours", "none"),
                    (f"{_spent(SECONDS, 'fleet', IDLE)} / 3600", "idle GPU-hours", "none"),
                    (f"{_spent(PLAYED, 'fleet')} / 60", "minutes played", "none"),
                    (_spent(COST, "fleet"), "cost", "none"),
                ),
                decimals=1,
            ),
        ),
        (
            6,
            runbook(
                bars(
                    "GPU-hours left today",
                    "Of each fleet's daily budget; fleets without one don't show.",
                    by_fleet("pixelstream_budget_gpu_hours_left"),
                    "{{fleet}}",
                    "none",
                    decimals=1,
                    min=0,
                    steps=falling(2, 8),
                ),
                "PixelstreamBudgetCapped",
            ),
        ),
        (
            6,
            curves(
                "Budget and wanted",
                "Streams that budgets allow now, against those wanted.",
                (
                    (by_fleet("pixelstream_budget_streams"), "{{fleet}}: allowed"),
                    (by_fleet("pixelstream_streams_wanted"), "{{fleet}}: wanted"),
                ),
                stairs=True,
                min=0,
            ),
        ),
    ),
)

BOARD = Board(
    "cost",
    "Cost",
    "What GPUs cost, busy and idle, and how much of the budgets is left.",
    (NUMBERS, CURVES, FLEETS_ROW),
)
