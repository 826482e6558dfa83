"""Where a release is, and the programs that reach it.

The trap: programs are looked for when they are needed and named in words when they are missing, since
neither Helm nor kubectl is a Python package that an installation could bring along.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from pixelstream.errors import PixelstreamError


class ClusterError(PixelstreamError):
    """What the cluster, Helm or kubectl refused, in words for the person who asked."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """A release in a cluster.

    Attributes:
        release: name of the Helm release.
        namespace: its namespace.
        kubeconfig: the file to reach the cluster by; None for what kubectl finds itself.
        context: context in that file; empty for its current one.
    """

    release: str
    namespace: str
    kubeconfig: Path | None = None
    context: str = ""

    @property
    def selector(self) -> str:
        """Label selector of everything that belongs to the release."""
        return f"app.kubernetes.io/instance={self.release}"


def program(name: str) -> str:
    """Path of `helm` or `kubectl`: what `PIXELSTREAM_HELM`, `PIXELSTREAM_KUBECTL` say, else on the PATH.

    Raises:
        ClusterError: there is none.
    """
    variable = f"PIXELSTREAM_{name.upper()}"
    wanted = os.environ.get(variable) or name
    found = shutil.which(wanted)
    if found is None:
        where = f"{variable}={wanted}: no such program" if wanted != name else f"{name} is not on the PATH"
        raise ClusterError(f"{where}; install it, or name it by {variable}")
    return found
