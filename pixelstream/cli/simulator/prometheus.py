"""Visits as a running installation had them, from what its Prometheus has recorded.

The trap: counters tell how many came within each step and not when, so they are spread over it; and lengths
are known as a mean only, so they are drawn around it.
"""

from __future__ import annotations

import random
from typing import Any

import httpx

from pixelstream.cli.simulator.model import Visit
from pixelstream.errors import SettingsError

STEP = 60.0
MOST_POINTS = 10_000
"""Prometheus refuses more than 11,000 in one answer."""
COME = 'sum(increase(matchmaker_wait_seconds_count{{fleet="{fleet}"}}[{step:.0f}s]))'
LENGTH = (
    "sum(increase(matchmaker_session_seconds_sum[{span:.0f}s]))"
    " / sum(increase(matchmaker_session_seconds_count[{span:.0f}s]))"
)
TIMEOUT = 30.0


def recorded(
    url: str, fleet: str, span: tuple[float, float], *, query: str = "", seed: int = 0
) -> list[Visit]:
    """Return the visits of a span of time.

    Args:
        url: of Prometheus, such as `http://localhost:9090`.
        fleet: whose visits.
        span: from when to when, in seconds since 1970.
        query: PromQL for the players who came within a step, in place of ours.
        seed: the same seed makes the same visits.

    Raises:
        SettingsError: Prometheus can't be reached, refuses, or has recorded nothing.
    """
    begin, end = span
    step = max(STEP, (end - begin) / MOST_POINTS)
    come = query or COME.format(fleet=fleet, step=step)
    with httpx.Client(base_url=url, timeout=TIMEOUT) as client:
        series = _ask(client, "query_range", query=come, start=begin, end=end, step=step)
        lengths = _ask(client, "query", query=LENGTH.format(span=end - begin), time=end)
    counts = [(float(at), float(value)) for one in series for at, value in one["values"]]
    if not any(count > 0 for _, count in counts):
        raise SettingsError(url, [f"has recorded nobody who came: {come}"])
    mean = float(lengths[0]["value"][1]) if lengths else float("nan")
    if not mean > 0:
        raise SettingsError(url, ["has recorded no length of a visit; is the matchmaker scraped?"])
    return _spread(counts, step, mean, random.Random(seed))  # noqa: S311 - a model, no secret


def _spread(counts: list[tuple[float, float]], step: float, mean: float, dice: random.Random) -> list[Visit]:
    visits, owed = [], 0.0
    for at, count in counts:
        owed += max(0.0, count)
        whole, owed = int(owed), owed % 1.0  # increase() extrapolates, so counts are no whole numbers
        visits += [Visit(at - dice.uniform(0, step), dice.expovariate(1 / mean)) for _ in range(whole)]
    return sorted(visits)


def _ask(client: httpx.Client, way: str, **params: str | float) -> list[dict[str, Any]]:
    try:
        answer = client.get(f"/api/v1/{way}", params=params)
        body = answer.json()
    except (httpx.HTTPError, ValueError) as error:
        words = f"cannot be asked: {error or type(error).__name__}"
        raise SettingsError(str(client.base_url), [words]) from error
    if not isinstance(body, dict) or body.get("status") != "success":
        why = body.get("error") if isinstance(body, dict) else None
        raise SettingsError(str(client.base_url), [f"refused: {why or answer.status_code}"])
    found: list[dict[str, Any]] = body["data"]["result"]
    return found
