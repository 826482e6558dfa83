"""`pixelstream status`: what a release is made of, who plays, who waits; once, live, or as JSON.

The trap: `--watch` goes on when the matchmaker or the cluster is away for a while; it says so and looks
again.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from dataclasses import asdict
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.live import Live

from pixelstream.cli.cluster import options, rollout
from pixelstream.cli.cluster.helm import Helm
from pixelstream.cli.cluster.kubectl import Kubectl
from pixelstream.cli.cluster.parts import WORKLOADS, parts
from pixelstream.cli.cluster.place import ClusterError, Place
from pixelstream.cli.cluster.report import Status, render
from pixelstream.cli.cluster.seats import Reader, reader

console = Console(highlight=False)

INTERVAL = 1.0
"""Seconds between two readings of the live view."""


def status(
    release: options.Release = options.NAME,
    *,
    watch: Annotated[bool, typer.Option("--watch", "-w", help="Stay, and show changes.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")] = False,
    namespace: options.Namespace = options.NAME,
    kubeconfig: options.Kubeconfig = None,
    context: options.Context = "",
) -> None:
    """Show fleets, streams, sessions, queue, TURN pool, versions; exit code 1 if something isn't ready."""
    place = options.place(release, namespace, kubeconfig, context)
    if watch:
        with contextlib.suppress(KeyboardInterrupt):
            asyncio.run(_watch(place))
        return
    found = asyncio.run(read(place))
    if as_json:
        sys.stdout.write(json.dumps(_plain(found)) + "\n")
    else:
        console.print(render(f"{place.release} in {place.namespace}", found))
    raise typer.Exit(0 if found.ready else 1)


async def read(place: Place) -> Status:
    """One reading of everything.

    Raises:
        ClusterError: there is no such release, or the cluster can't be asked.
    """
    helm, kubectl = Helm(place), Kubectl(place)
    try:
        async with reader(kubectl, place) as matchmaker:
            return await _read(place, helm, kubectl, matchmaker)
    except ClusterError as error:
        found = await _read(place, helm, kubectl, None)
        found.fault = str(error)
        return found


async def _read(place: Place, helm: Helm, kubectl: Kubectl, matchmaker: Reader | None) -> Status:
    revision = await helm.current()
    if revision is None:
        raise ClusterError(f"{place.namespace} has no release {place.release}")
    seats = await matchmaker.read() if matchmaker is not None else None
    selector = f"--selector={place.selector}"
    found = Status(revision, helm.version, seats=seats, parts=parts(await kubectl.items(WORKLOADS, selector)))
    found.relays = await kubectl.items("pods", f"{selector},app.kubernetes.io/name=turn")
    if not found.ready:
        found.why = await rollout.why(kubectl, place)
    return found


async def _watch(place: Place) -> None:
    helm, kubectl = Helm(place), Kubectl(place)
    title = f"{place.release} in {place.namespace}"
    with Live(console=console, auto_refresh=False, screen=console.is_terminal) as live:
        while True:
            try:
                async with reader(kubectl, place) as matchmaker:
                    while True:
                        live.update(
                            render(title, await _read(place, helm, kubectl, matchmaker)), refresh=True
                        )
                        await asyncio.sleep(INTERVAL)
            except ClusterError as error:
                live.update(render(title, await _without(place, helm, kubectl, error)), refresh=True)
                await asyncio.sleep(INTERVAL)


async def _without(place: Place, helm: Helm, kubectl: Kubectl, fault: ClusterError) -> Status:
    found = await _read(place, helm, kubectl, None)
    found.fault = str(fault)
    return found


def _plain(found: Status) -> dict[str, Any]:
    plain = asdict(found)
    plain["relays"] = [pod["metadata"]["name"] for pod in found.relays]
    return plain | {"ready": found.ready}
