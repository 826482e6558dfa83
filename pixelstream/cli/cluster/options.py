"""Options that all commands about a release share, and what they make of them.

The trap: typer reads the annotations at run time, so they are made here once and imported whole.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pixelstream.cli.cluster.place import Place

Release = Annotated[str, typer.Argument(help="Name of the Helm release.")]
Namespace = Annotated[str, typer.Option("--namespace", "-n", help="Namespace of the release.")]
Kubeconfig = Annotated[
    Path | None, typer.Option(help="File to reach the cluster by; by default kubectl's own.", dir_okay=False)
]
Context = Annotated[str, typer.Option(help="Context of that file; by default its current one.")]
Timeout = Annotated[float, typer.Option(min=1, help="Seconds to wait at most.")]

NAME = "pixelstream"


def place(release: str, namespace: str, kubeconfig: Path | None, context: str) -> Place:
    """The place that those options name."""
    return Place(release=release, namespace=namespace, kubeconfig=kubeconfig, context=context)
