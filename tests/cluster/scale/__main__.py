"""`python -m tests.cluster.scale`: measure all sizes on the cluster; a table, JSON and the picture.

The trap: other work on the machine shows in the times, not in memory and writes.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from tests.cluster.node import host, provider
from tests.cluster.node.kubectl import Kubectl
from tests.cluster.scale import fleet, measure, plot
from tests.cluster.scale.fleet import Fleet
from tests.cluster.scale.measure import Figures
from tests.setup.progress import ROOT

NAMESPACE = "scale"
SIZES = (100, 250, 500, 1000)
PLAYERS = 10
"""Players for each stream."""
PICTURE = ROOT / "docs" / "images" / "scale.svg"
LENGTH = 5.0

console = Console(stderr=True, highlight=False)


def main(
    sizes: Annotated[list[int] | None, typer.Argument(help="Streams, ascending.")] = None,
    *,
    picture: Annotated[Path, typer.Option(help="Where the picture goes.")] = PICTURE,
) -> None:
    """Measure one matchmaker with more and more streams, ten players to each."""
    measure.allow_files()
    cluster = provider.ensure()
    kubectl = Kubectl(cluster.kubeconfig)
    found: list[Figures] = []
    with tempfile.TemporaryDirectory(prefix="pixelstream-scale-") as folder:
        kubectl.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}})
        inside = kubectl.within(NAMESPACE)
        host.wait("service account", lambda: inside.succeeds("get", "serviceaccount", "default"), 30)
        try:
            with fleet.kwok(kubectl, Path(folder)):
                pods = Fleet(inside)
                try:
                    asyncio.run(_measure(Path(folder), inside, pods, list(sizes or SIZES), found))
                finally:
                    pods.end()
        finally:
            kubectl("delete", "namespace", NAMESPACE, "--wait=false")
            if cluster.started:
                cluster.end()
    picture.write_text(plot.svg(found))
    Console().print(_table(found))
    sys.stdout.write(json.dumps([one.row() for one in found]) + "\n")


async def _measure(
    folder: Path, kubectl: Kubectl, pods: Fleet, sizes: list[int], found: list[Figures]
) -> None:
    async with measure.matchmaker(folder, kubectl, length=LENGTH) as made:
        async for one in measure.grow(made, pods, [(size, size * PLAYERS) for size in sizes]):
            console.print(f"measured: {one}")
            found.append(one)


def _table(found: list[Figures]) -> Table:
    table = Table(title="One matchmaker")
    for column in ("streams", "players", "MB free", "MB most", "cores idle", "CPU ms/session",
                   "writes/session", "seconds", "lost"):  # fmt: skip
        table.add_column(column, justify="right")
    for one in found:
        table.add_row(
            str(one.streams), str(one.players), f"{one.rss_idle:.0f}", f"{one.rss:.0f}",
            f"{one.cpu_idle:.3f}", f"{one.cpu * 1000:.2f}", f"{one.writes:.2f}",
            f"{one.seconds:.0f}", str(one.lost),
        )  # fmt: skip
    return table


if __name__ == "__main__":
    typer.run(main)
