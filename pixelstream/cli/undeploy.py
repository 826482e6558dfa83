"""`pixelstream undeploy`: uninstall a release and wait until nothing of it is left.

The trap: Kubernetes gives streams with players hours to end, and Helm does not wait for pods; whoever
doesn't want to wait for players says `--now`, which ends them.
"""

from __future__ import annotations

import asyncio
import time
from typing import Annotated

import typer
from rich.console import Console

from pixelstream.cli.cluster import options
from pixelstream.cli.cluster.helm import Helm
from pixelstream.cli.cluster.kubectl import Kubectl
from pixelstream.cli.cluster.parts import WORKLOADS
from pixelstream.cli.cluster.place import ClusterError, Place

console = Console(stderr=True, highlight=False)

INTERVAL = 1.0
"""Seconds between two looks."""


def undeploy(
    release: options.Release = options.NAME,
    *,
    now: Annotated[
        bool, typer.Option("--now", help="End streams that have players, and all sockets.")
    ] = False,
    namespace: options.Namespace = options.NAME,
    kubeconfig: options.Kubeconfig = None,
    context: options.Context = "",
    timeout: options.Timeout = 300,
) -> None:
    """Take the stack out of a cluster; players may end first, unless --now is said."""
    place = options.place(release, namespace, kubeconfig, context)
    asyncio.run(run(place, now=now, seconds=timeout))
    console.print(f"{release} is gone from {namespace}")


async def run(place: Place, *, now: bool, seconds: float) -> None:
    """Uninstall and wait until the pods are gone.

    Raises:
        ClusterError: there is no such release, or something was left after so many seconds.
    """
    helm, kubectl = Helm(place), Kubectl(place)
    if await helm.current() is None:
        raise ClusterError(f"{place.namespace} has no release {place.release}")
    until = time.monotonic() + seconds
    with console.status(f"uninstalling {place.release}"):
        if now:
            await _end_pods(kubectl, place)
        await helm.undeploy(seconds=seconds)
    await _gone(kubectl, place, until)


async def _end_pods(kubectl: Kubectl, place: Place) -> None:
    """End all pods at once. First of all: a pod that is ending already keeps the time it was given."""
    selector = f"--selector={place.selector}"
    await kubectl("delete", f"{WORKLOADS},replicasets,controllerrevisions", selector, "--cascade=orphan")
    await kubectl("delete", "pods", selector, "--grace-period=1", "--wait=false")


async def _gone(kubectl: Kubectl, place: Place, until: float) -> None:
    with console.status("waiting for its pods") as status:
        while pods := await kubectl.items("pods", f"--selector={place.selector}"):
            names = ", ".join(sorted(pod["metadata"]["name"] for pod in pods))
            status.update(f"waiting for {names}")
            if time.monotonic() >= until:
                raise ClusterError(f"still there, perhaps with players (--now ends them): {names}")
            await asyncio.sleep(INTERVAL)
