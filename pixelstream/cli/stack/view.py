"""The live view of a running stack: streams, who plays, who waits.

It reads the matchmaker's REST API as anybody could. The trap: a matchmaker that is being restarted is
no reason to stop, so a failed reading leaves the last one on the screen and says so.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

import httpx
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from pixelstream.cli.stack.run import Stack

INTERVAL = 0.5
"""Seconds between two readings."""

_COLOURS = {"free": "green", "reserved": "yellow", "taken": "cyan", "away": "yellow", "draining": "magenta"}


@dataclass
class Reading:
    """What the matchmaker last said."""

    streams: list[dict[str, Any]] = field(default_factory=list)
    queue: list[dict[str, Any]] = field(default_factory=list)
    fault: str = ""


async def show(stack: Stack, console: Console) -> None:
    """Show the stack until cancelled."""
    reading = Reading()
    headers = {"Authorization": f"Bearer {stack.plan.control_key}"}
    async with httpx.AsyncClient(
        base_url=stack.plan.matchmaker, headers=headers, timeout=2.0, trust_env=False
    ) as client:
        with Live(console=console, auto_refresh=False, transient=True) as live:
            while True:
                await read(client, reading)
                live.update(render(stack, reading), refresh=True)
                await asyncio.sleep(INTERVAL)


async def read(client: httpx.AsyncClient, reading: Reading) -> None:
    """Bring `reading` up to date, or note why that failed."""
    try:
        streams, queue = [
            (await client.get(f"/api/v1/{name}")).raise_for_status() for name in ("streams", "queue")
        ]
    except httpx.HTTPError as error:
        reading.fault = f"the matchmaker does not answer: {error!r}"
        return
    reading.streams, reading.queue, reading.fault = streams.json()["streams"], queue.json()["waiting"], ""


def render(stack: Stack, reading: Reading) -> RenderableType:
    """The view as something that rich can print."""
    relay = f"{stack.relay.host}:{stack.relay.udp}" if stack.relay else "none: coturn is not installed"
    head = Text.assemble("page  ", (stack.plan.page, "bold underline"), f"\nrelay {relay}")
    parts: list[RenderableType] = [head, _streams(reading.streams), _queue(reading.queue)]
    if reading.fault:
        parts.append(Text(reading.fault, style="yellow"))
    return Panel(Group(*parts), title="pixelstream", subtitle="Ctrl-C stops everything", border_style="blue")


def _streams(streams: list[dict[str, Any]]) -> Table:
    table = Table("stream", "fleet", "state", "players", "session", box=None, pad_edge=False)
    for stream in streams:
        state = str(stream["state"])
        sessions = ", ".join(str(session["session"])[:8] for session in stream["sessions"])
        players = f"{stream['taken']}/{stream['seats']}"
        colour = _COLOURS.get(state, "red")
        table.add_row(stream["id"], stream["fleet"], Text(state, style=colour), players, sessions or "-")
    return table


def _queue(waiting: list[dict[str, Any]]) -> RenderableType:
    if not waiting:
        return Text("nobody waits", style="dim")
    table = Table("waits", "fleet", "position", "seconds", box=None, pad_edge=False)
    for player in waiting[:10]:
        table.add_row(
            str(player["session"])[:8], player["fleet"], str(player["position"]), f"{player['waited']:.0f}"
        )
    return table
