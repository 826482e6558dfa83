"""`pixelstream status` as something that rich can print: components, fleets, streams, queue, TURN pool.

The trap: one half of it may be missing while the other is there, so each says for itself what it lacks.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from pixelstream.cli.cluster.board import table
from pixelstream.cli.cluster.helm import Revision
from pixelstream.cli.cluster.parts import Object, Part
from pixelstream.cli.cluster.seats import Seats
from pixelstream.cli.cluster.values import pick

MAX_ROWS = 40
"""Streams and players that fit a screen."""
_COLOURS = {"free": "green", "reserved": "yellow", "taken": "cyan", "away": "yellow", "draining": "magenta"}


@dataclass
class Status:
    """All that is known of a release at one moment.

    Attributes:
        revision: as Helm has it.
        helm: version of Helm.
        parts: its components.
        relays: pods of the TURN pool.
        why: what isn't ready, and why.
        seats: what the matchmaker said; None if it did not.
        fault: why it did not.
    """

    revision: Revision
    helm: str
    parts: list[Part] = field(default_factory=list)
    relays: list[Object] = field(default_factory=list)
    why: list[str] = field(default_factory=list)
    seats: Seats | None = None
    fault: str = ""

    @property
    def ready(self) -> bool:
        """Whether everything serves."""
        return self.seats is not None and all(part.done for part in self.parts)


def render(title: str, status: Status) -> RenderableType:
    """The whole report."""
    parts: list[RenderableType] = [_versions(status), table(status.parts), _relays(status.relays)]
    if status.seats is not None:
        parts += [_fleets(status.seats), _streams(status.seats), _queue(status.seats)]
    parts += [Text(line, style="yellow") for line in [*status.why, *([status.fault] if status.fault else [])]]
    spaced = [part for found in parts for part in (found, Text())][:-1]
    return Panel(Group(*spaced), title=title, border_style="blue" if status.ready else "yellow")


def _versions(status: Status) -> RenderableType:
    running = sorted({part.version for part in status.parts if part.version})
    revision = status.revision
    text = f"chart {revision.version}, revision {revision.number}, {revision.status}"
    return Text(f"{text}; components {', '.join(running)}; helm {status.helm}")


def _relays(pods: list[Object]) -> RenderableType:
    shown = Table("relay", "node", "address", "state", box=None, pad_edge=False)
    for pod in pods:
        conditions = pick(pod, "status", "conditions") or []
        ready = any(entry["type"] == "Ready" and entry["status"] == "True" for entry in conditions)
        state = Text("ready", style="green") if ready else Text("not ready", style="red")
        spec, found = pod["spec"], pod["status"]
        shown.add_row(pod["metadata"]["name"], spec.get("nodeName", "-"), found.get("hostIP", "-"), state)
    return shown if pods else Text("no TURN relay", style="dim")


def _fleets(seats: Seats) -> RenderableType:
    shown = Table("fleet", "streams", "free", "taken", "waiting", "wanted", "wait", box=None, pad_edge=False)
    for fleet in seats.fleets:
        wait = "-" if fleet["estimate"] is None else f"{fleet['estimate']:.0f} s"
        figures = [str(fleet[name]) for name in ("streams", "available", "taken", "waiting", "wanted")]
        shown.add_row(fleet["name"], *figures, wait)
    return shown


def _streams(seats: Seats) -> RenderableType:
    shown = Table("stream", "state", "seats", "engine", "version", "session", box=None, pad_edge=False)
    for stream in seats.streams[:MAX_ROWS]:
        shown.add_row(*_stream(stream))
    more = len(seats.streams) - MAX_ROWS
    return Group(shown, Text(f"and {more} more", style="dim")) if more > 0 else shown


def _stream(stream: dict[str, Any]) -> tuple[RenderableType, ...]:
    state = str(stream["state"])
    sessions = [
        f"{seat['session'][:8]} {seat['state']} {seat['seconds']:.0f} s" for seat in stream["sessions"]
    ]
    return (
        Text(stream["id"]),
        Text(state, style=_COLOURS.get(state, "red")),
        f"{stream['taken']}/{stream['seats']}",
        stream["engine"],
        stream["version"],
        ", ".join(sessions) or "-",
    )


def _queue(seats: Seats) -> RenderableType:
    if not seats.length:
        return Text("nobody waits", style="dim")
    shown = Table("waits", "fleet", "position", "seconds", "estimate", box=None, pad_edge=False)
    for player in seats.waiting[:MAX_ROWS]:
        estimate = "-" if player["estimate"] is None else f"{player['estimate']:.0f}"
        place, waited = str(player["position"]), f"{player['waited']:.0f}"
        shown.add_row(player["session"][:8], player["fleet"], place, waited, estimate)
    return Group(shown, Text(f"{seats.length} wait", style="dim"))
