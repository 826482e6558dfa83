"""`pixelstream simulate`: what a policy of scaling would cost, and how long players would wait.

The trap: standard output has the table, the plot and, with `--json`, one line of JSON at its end; what was
written where is for people and goes to standard error.
"""

from __future__ import annotations

import dataclasses
import json
import sys
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from pixelstream.cli.simulator import arrivals, picture, policies, report
from pixelstream.cli.simulator.model import Loop, Nodes, Policy, Spread, World
from pixelstream.cli.simulator.outcome import Outcome, best
from pixelstream.cli.simulator.prometheus import recorded
from pixelstream.cli.simulator.run import simulate as replay
from pixelstream.errors import SettingsError
from pixelstream.settings.base import parse_seconds

MONDAY = datetime(2026, 1, 5, tzinfo=UTC).timestamp()
"""When made-up visits begin, so that schedules have a whole week before them."""
WARM_UP = 3
"""Lengths of a visit for which made-up players come before it is counted."""
FOR_EVER = "never"
WIDEST = 160
"""Columns of a table; rich leaves out what doesn't fit."""


def simulate(
    *,
    policy: Annotated[
        list[str] | None,
        typer.Option(
            help="A policy to try: fixed=N,percent=N,min=N,max=N,hours=N, or a YAML file; may be given again."
        ),
    ] = None,
    values: Annotated[
        Path | None, typer.Option(help="Values of a release; its fleet's policy is tried, too.")
    ] = None,
    fleet: Annotated[str, typer.Option(help="Name of the fleet.")] = "default",
    pattern: Annotated[str, typer.Option(help="Made-up visits: daily, steady or burst.")] = "daily",
    rate: Annotated[float, typer.Option(min=0, help="Players an hour, at the peak.")] = 60.0,
    length: Annotated[str, typer.Option(help="Mean length of a visit.")] = "15m",
    span: Annotated[str, typer.Option(help="Time to make up, or to read from Prometheus.")] = "1d",
    csv: Annotated[
        Path | None, typer.Option(help="Visits from a file with the columns arrival and seconds.")
    ] = None,
    prometheus: Annotated[
        str, typer.Option(metavar="URL", help="Visits that a Prometheus has recorded.")
    ] = "",
    query: Annotated[str, typer.Option(help="PromQL for the players who came within a minute.")] = "",
    start: Annotated[str, typer.Option(help="Start of a stream: median and 95th percentile.")] = "45s,90s",
    node_streams: Annotated[
        int, typer.Option(min=0, help="Streams of one node; 0: there is always room.")
    ] = 0,
    node_start: Annotated[str, typer.Option(help="Start of a node.")] = "3m,5m",
    node_idle: Annotated[str, typer.Option(help="An empty node goes after this.")] = "10m",
    warm_nodes: Annotated[int, typer.Option(min=0, help="Nodes that are always there.")] = 0,
    patience: Annotated[str, typer.Option(help="Players give up after this, or never.")] = "2m,10m",
    seats: Annotated[int, typer.Option(min=1, help="Players of one stream.")] = 1,
    gpus: Annotated[float, typer.Option(min=0.01, help="GPUs of one stream.")] = 1.0,
    price: Annotated[float, typer.Option(min=0, help="Of a GPU-hour.")] = 0.0,
    kind: Annotated[str, typer.Option(help="Who scales: hpa or keda.")] = "hpa",
    interval: Annotated[str, typer.Option(help="Between two decisions of the autoscaler.")] = "15s",
    scrape: Annotated[str, typer.Option(help="Between two scrapes of the metric.")] = "15s",
    tolerance: Annotated[float, typer.Option(min=0, max=1, help="Share that the autoscaler ignores.")] = 0.0,
    goal: Annotated[str, typer.Option(help="95 % of players should wait no longer.")] = "10s",
    give_up: Annotated[float, typer.Option(min=0, max=100, help="Percent that may give up.")] = 1.0,
    seed: Annotated[int, typer.Option(help="The same seed gives the same run.")] = 0,
    write: Annotated[Path | None, typer.Option(metavar="FILE", help="Write values with the choice.")] = None,
    svg: Annotated[Path | None, typer.Option(metavar="FILE", help="Write a picture of all policies.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON, too.")] = False,
) -> None:
    """Replay visits against policies of scaling: waits, players who gave up, GPU-hours, cost."""
    nodes = _nodes(node_streams, warm_nodes, node_start, node_idle)
    loop = _loop(kind, interval, scrape, tolerance)
    world = World(
        start=_spread("--start", start),
        nodes=nodes,
        patience=None if patience == FOR_EVER else _spread("--patience", patience),
        loop=loop,
        seats=seats,
    )
    common = {"name": fleet, "gpus": gpus, "pricePerGpuHour": price, "scaled": True, "tolerance": tolerance}
    tried = _tried(policy, values, loop, common)
    seconds = _seconds("--span", span)
    if csv is not None:
        visits, counted = arrivals.from_csv(csv), None
    elif prometheus:
        counted = (time.time() - seconds, time.time())
        visits = recorded(prometheus, fleet, counted, query=query, seed=seed)
    else:
        counted = (MONDAY, MONDAY + seconds)
        mean = _seconds("--length", length)
        early = (MONDAY - WARM_UP * mean, MONDAY + seconds)
        visits = arrivals.made_up(_pattern(pattern), rate, mean, early, seed)
    runs = [
        (replay(visits, rule, dataclasses.replace(world, loop=own), span=counted, seed=seed), own)
        for rule, own in tried
    ]
    outcomes = [outcome for outcome, _ in runs]
    goals = _seconds("--goal", goal), give_up / 100
    chosen = best(outcomes, *goals)
    _show(outcomes, chosen, kept=chosen.keeps(*goals), as_json=as_json)
    if svg is not None:
        _write(svg, picture.svg(outcomes))
    if write is not None:
        own = runs[outcomes.index(chosen)][1]
        _write(write, policies.write_values(chosen.policy, own, chosen.most))


def _tried(
    words: list[str] | None, values: Path | None, loop: Loop, common: Mapping[str, Any]
) -> list[tuple[Policy, Loop]]:
    """Return the policies that are named, or the usual ones if none is."""
    tried = [policies.read_values(values, loop, common)] if values is not None else []
    names = words or ([] if tried else policies.CANDIDATES)
    return tried + [(policies.read_policy(word, common), loop) for word in names]


def _nodes(streams: int, warm: int, start: str, idle: str) -> Nodes | None:
    if not streams:
        return None
    return Nodes(streams, warm, _spread("--node-start", start), _seconds("--node-idle", idle))


def _loop(kind: str, interval: str, scrape: str, tolerance: float) -> Loop:
    if kind not in {"hpa", "keda"}:
        raise SettingsError("--kind", ["must be one of hpa, keda"])
    between = max(1.0, _seconds("--interval", interval))
    return Loop(
        keda=kind == "keda", interval=between, scrape=_seconds("--scrape", scrape), tolerance=tolerance
    )


def _pattern(name: str) -> str:
    if name not in arrivals.PATTERNS:
        raise SettingsError("--pattern", [f"must be one of {', '.join(arrivals.PATTERNS)}"])
    return name


def _seconds(option: str, text: str) -> float:
    try:
        return parse_seconds(text)
    except ValueError as error:
        raise SettingsError(option, [f"{text!r} {error}"]) from error


def _spread(option: str, text: str) -> Spread:
    """Read `45s` or `45s,90s`: the median, and the 95th percentile."""
    median, _, p95 = text.partition(",")
    return Spread(_seconds(option, median.strip()), _seconds(option, p95.strip()) if p95 else 0.0)


def _show(outcomes: Sequence[Outcome], chosen: Outcome, *, kept: bool, as_json: bool) -> None:
    console = Console(highlight=False)
    # A narrow terminal wraps it.
    console.print(report.table(outcomes, chosen, kept=kept), width=WIDEST, crop=False)
    for line in report.plot(chosen, console.width):
        console.print(line, no_wrap=True)
    if as_json:
        told = {
            "chosen": chosen.policy.title,
            "kept": kept,
            "policies": [report.line(one) for one in outcomes],
        }
        sys.stdout.write(json.dumps(told) + "\n")


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
    Console(stderr=True, highlight=False).print(f"wrote {path}")
