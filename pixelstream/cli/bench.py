"""`pixelstream bench`: what signalling costs on this machine, beside a bare relay in one run.

The trap: standard output has the table and, as its last line, the JSON; progress is for people and goes to
standard error.
"""

from __future__ import annotations

import json
import resource
import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer
import uvloop
from rich.console import Console

from pixelstream.cli.rig import measures, report
from pixelstream.cli.rig.servers import bare_relay

NO_BARE_RELAY = (
    "no bare relay to compare with: that takes a checkout, Node and the packages of tests/bench "
    "(`make bench` sets all of it up)"
)
DEFAULTS = measures.Plan()


def bench(
    *,
    rounds: Annotated[int, typer.Option(min=1, help="Turns of each relay.")] = DEFAULTS.rounds,
    seconds: Annotated[float, typer.Option(min=0.1, help="Length of one turn.")] = DEFAULTS.seconds,
    idle: Annotated[int, typer.Option(min=1, max=3900, help="Idle players.")] = DEFAULTS.idle,
    visits: Annotated[int, typer.Option(min=1, help="Visits of one turn.")] = DEFAULTS.visits,
    waiting: Annotated[int, typer.Option(min=1, help="Players in line.")] = DEFAULTS.waiting,
) -> None:
    """Measure relay, memory, set-up, seats and TURN answers on this machine."""
    console = Console(stderr=True, highlight=False)
    if bare_relay() is None:
        console.print(NO_BARE_RELAY, style="yellow")
    _allow_files()
    plan = measures.Plan(rounds=rounds, seconds=seconds, idle=idle, visits=visits, waiting=waiting)
    with (
        tempfile.TemporaryDirectory(prefix="pixelstream-bench-") as folder,
        console.status("starting") as status,
    ):

        def say(what: str) -> None:
            status.update(f"measuring: {what}")
            if not console.is_terminal:
                console.print(f"measuring: {what}")

        figures = uvloop.run(measures.measure(plan, Path(folder), say))
    Console().print(report.table(figures))
    sys.stdout.write(json.dumps(report.line(figures)) + "\n")


def _allow_files() -> None:
    """Let this process and those that it starts open as many sockets as the system permits."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
