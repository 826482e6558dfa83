"""Which cluster the tests use, and what they ask of it.

The one that KUBECONFIG names; else one made with kind where Docker runs; else a node of the
project's own. Trap: only a cluster that we made gets images put into it and is ended by us; one
that the user names must be able to pull what the tests deploy.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tests.cluster.node import addons, host, images, kind, paths
from tests.cluster.node.progress import step

NODE_ADDONS = ("coredns",)


@dataclass(frozen=True)
class Cluster:
    """A cluster that serves.

    Attributes:
        how: who made it.
        kubeconfig: for an administrator of it.
        started: whether this call started it, so that its caller should end it.
    """

    how: Literal["named", "kind", "node"]
    kubeconfig: Path
    started: bool

    def load(self, *names: str) -> None:
        """Put images of versions.toml into the cluster, built first when the cache lacks them.

        Raises:
            CommandError: an image could not be built or was refused.
            KeyError: versions.toml has no such image.
        """
        if self.how == "node":
            images.load(names)
        elif self.how == "kind":
            kind.load(names)

    def end(self) -> None:
        """End a cluster that we made, leaving nothing behind; one that the user named stays."""
        if self.how == "node":
            host.down()
        elif self.how == "kind":
            kind.down()


def named() -> Cluster | None:
    """The cluster that KUBECONFIG names, unless that is our own node's file.

    Raises:
        FileNotFoundError: it names a file that isn't there.
    """
    text = os.environ.get("KUBECONFIG", "")
    if not text or Path(text) in {paths.KUBECONFIG, kind.KUBECONFIG}:
        return None
    if not Path(text).is_file():
        raise FileNotFoundError(f"KUBECONFIG={text}: no such file; unset it to have a cluster made")
    return Cluster("named", Path(text), started=False)


def ensure(*, stock_timing: bool = False) -> Cluster:
    """A cluster that serves: found, or started here.

    Raises:
        CommandError: none can be had on this machine; the text says what it lacks.
        TimeoutError: a part of it did not become ready.
    """
    cluster = named()
    if cluster is not None:
        return cluster
    if kind.possible():
        return Cluster("kind", kind.KUBECONFIG, started=kind.up())
    found = host.state() is not None
    host.up(stock_timing=stock_timing)
    if not found:
        with step("import images"):
            images.load(["probe", *NODE_ADDONS])
        host.wait_ready()
        for name in NODE_ADDONS:
            addons.apply(name, paths.KUBECONFIG)
    return Cluster("node", paths.KUBECONFIG, started=not found)


def current() -> Cluster | None:
    """The cluster that serves now, without starting one."""
    cluster = named()
    if cluster is None and host.state() is not None:
        cluster = Cluster("node", paths.KUBECONFIG, started=False)
    if cluster is None and kind.KUBECONFIG.is_file():
        cluster = Cluster("kind", kind.KUBECONFIG, started=False)
    return cluster
