"""The relays: who is offered, how much goes through them, and whom they fail."""

from tests.setup.dashboards.board import NAMESPACE, Board, Row
from tests.setup.dashboards.panels import curves, falling, rising, runbook, stat
from tests.setup.dashboards.queries import HERE, service_quantile, service_rate

LISTENING = f"sum by (pod) (turn_total_allocations{{{HERE}}})"


def _traffic(metric: str, by: str = "") -> str:
    grouped = f"sum by ({by}) " if by else "sum"
    return f"8 * {grouped}(rate({metric}{{{HERE}}}[5m]))"


NUMBERS = Row(
    4,
    (
        (
            4,
            runbook(
                stat(
                    "Relays offered",
                    "Relays that turn-api tells callers of; the fewest that one replica has.",
                    f"min(turnapi_relays_offered{{{HERE}}})",
                    steps=falling(1, 2),
                ),
                "PixelstreamTurnPoolEmpty",
            ),
        ),
        (
            4,
            stat(
                "Allocations",
                "Relayed addresses in use, on all relays.",
                f"sum(turn_total_allocations{{{HERE}}})",
            ),
        ),
        (
            4,
            stat(
                "Relayed",
                "What relays sent to clients; coturn counts a session's bytes at its end.",
                _traffic("turn_total_traffic_sentb"),
                "bps",
            ),
        ),
        (
            4,
            stat(
                "Visits by relay",
                "Share of the last hour's visits that needed a relay.",
                f"""100 * sum(rate(pixelstream_first_frame_seconds_count{{{HERE}, candidate="relay"}}[1h]))
                / sum(rate(pixelstream_first_frame_seconds_count{{{HERE}}}[1h]))""",
                "percent",
                decimals=0,
            ),
        ),
        (
            4,
            runbook(
                stat(
                    "Age of the list",
                    "Time since turn-api knew its list to be right; the oldest.",
                    f"max(turnapi_relays_age_seconds{{{HERE}}} >= 0)",
                    "s",
                    decimals=0,
                    instant=True,
                    steps=rising(60, 300),
                ),
                "PixelstreamTurnListStale",
            ),
        ),
        (
            4,
            runbook(
                stat(
                    "Credentials last",
                    "How long credentials are good that are made now.",
                    f"min(turnapi_credentials_lifetime_seconds{{{HERE}}})",
                    "s",
                    instant=True,
                    steps=falling(600, 3600),
                ),
                "PixelstreamTurnCredentialsShort",
            ),
        ),
    ),
)

RELAYS = Row(
    10,
    (
        (
            6,
            runbook(
                curves(
                    "Relays by state",
                    "Those that are offered, those that drain, and those that are not ready.",
                    ((f"max by (state) (pixelstream_turn_relays{{{HERE}}})", "{{state}}"),),
                    stacked=True,
                    stairs=True,
                    min=0,
                ),
                "PixelstreamTurnPoolEmpty",
            ),
        ),
        (
            6,
            curves(
                "Allocations by relay",
                "Relayed addresses in use; one relay far above the others is where the next ones go wrong.",
                ((LISTENING, "{{pod}}"),),
                stairs=True,
                min=0,
            ),
        ),
        (
            6,
            curves(
                "Traffic",
                "Between relays and clients, and between relays and streams.",
                (
                    (_traffic("turn_total_traffic_sentb"), "to clients"),
                    (_traffic("turn_total_traffic_rcvb"), "from clients"),
                    (_traffic("turn_total_traffic_peer_rcvb"), "from streams"),
                    (_traffic("turn_total_traffic_peer_sentb"), "to streams"),
                ),
                "bps",
                min=0,
            ),
        ),
        (
            6,
            curves(
                "Ways that ICE chose",
                "Visits an hour by kind of address; more by relay than before: direct ways are shut.",
                (
                    (
                        f"3600 * {service_rate('pixelstream_first_frame_seconds_count', 'candidate')}",
                        "{{candidate}}",
                    ),
                ),
                stacked=True,
                min=0,
            ),
        ),
    ),
)

ANSWERS = Row(
    9,
    (
        (
            6,
            curves(
                "Answers of turn-api",
                "A second, by how they ended.",
                ((service_rate("turnapi_answers_total", "result"), "{{result}}"),),
                "reqps",
                stacked=True,
                min=0,
            ),
        ),
        (
            6,
            curves(
                "Time of an answer",
                "As signalservers measured it.",
                (
                    (service_quantile(0.5, "signalserver_turn_api_seconds"), "p50"),
                    (service_quantile(0.99, "signalserver_turn_api_seconds"), "p99"),
                ),
                "s",
                min=0,
            ),
        ),
        (
            6,
            runbook(
                curves(
                    "Configurations handed out",
                    "A minute, by where signalservers took them from; stale ones are the last good answer.",
                    ((f"60 * {service_rate('signalserver_ice_configs_total', 'source')} > 0", "{{source}}"),),
                    stacked=True,
                    min=0,
                ),
                "PixelstreamTurnPoolEmpty",
            ),
        ),
        (
            6,
            runbook(
                curves(
                    "Found no way",
                    "Visits an hour that no pair of addresses worked for, by reason.",
                    (
                        (
                            f"3600 * {service_rate('pixelstream_ice_failures_total', 'reason')} > 0",
                            "{{reason}}",
                        ),
                    ),
                    stacked=True,
                    min=0,
                ),
                "PixelstreamIceFails",
            ),
        ),
    ),
)

BOARD = Board(
    "turn",
    "TURN",
    "The relays: who is offered, how much goes through them, and whom they fail.",
    (NUMBERS, RELAYS, ANSWERS),
    variables=(NAMESPACE,),
)
