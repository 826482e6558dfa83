"""`pixelstream deploy`: install or upgrade the chart, watch it come up, say where the page is.

The trap: values are exactly those of the files given; what an earlier deployment was given and this one
isn't goes back to the chart's defaults.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from pixelstream.cli.cluster import options, rollout, values
from pixelstream.cli.cluster.address import Address, address
from pixelstream.cli.cluster.board import Board
from pixelstream.cli.cluster.helm import Helm, Revision, default_chart
from pixelstream.cli.cluster.kubectl import Kubectl
from pixelstream.cli.cluster.place import Place
from pixelstream.cli.cluster.rollout import Outcome

console = Console(stderr=True, highlight=False)


def deploy(
    release: options.Release = options.NAME,
    *,
    files: Annotated[
        list[Path] | None,
        typer.Option("--values", "-f", metavar="FILE", help="Values; a later file wins over an earlier."),
    ] = None,
    chart: Annotated[str, typer.Option(help="Folder, package or oci:// address of the chart.")] = "",
    namespace: options.Namespace = options.NAME,
    kubeconfig: options.Kubeconfig = None,
    context: options.Context = "",
    timeout: options.Timeout = 600,
) -> None:
    """Install the stack in a cluster, or upgrade it; wait for a free stream; print the page's address."""
    place = options.place(release, namespace, kubeconfig, context)
    outcome, found = asyncio.run(run(place, chart or default_chart(), values.load(files or []), timeout))
    told = [rollout.words(outcome.seats)] if outcome.ready else ["not ready:", *outcome.why]
    console.print("\n".join([*told, *([found.words] if found.words else [])]), soft_wrap=True)
    if found.url:
        sys.stdout.write(f"{found.url}\n")
    raise typer.Exit(0 if outcome.ready else 1)


async def run(place: Place, chart: str, wanted: values.Values, seconds: float) -> tuple[Outcome, Address]:
    """Deploy and wait, with progress on standard error.

    Args:
        place: where.
        chart: folder, package or address of the chart.
        wanted: all values that aren't the chart's own.
        seconds: that the release has to serve, once Helm has taken it.

    Raises:
        ClusterError: Helm or the cluster refused.
    """
    helm, kubectl = Helm(place), Kubectl(place)
    with console.status(f"helm {helm.version}: {place.release} in {place.namespace}"):
        made = await helm.deploy(chart, wanted)
    console.print(_made(place, made))
    with Board(console) as board:
        outcome = await rollout.wait(kubectl, place, seconds=seconds, shown=board.show)
    services = await kubectl.items("services", f"--selector={place.selector}")
    return outcome, address(place, await helm.values(), services)


def _made(place: Place, made: Revision) -> str:
    return f"{place.release} {made.version} is {made.status} as revision {made.number} in {place.namespace}"
