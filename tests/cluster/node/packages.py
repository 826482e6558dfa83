"""Debian packages that the node and the image build need.

Trap: other programs may hold the package manager's lock, so it is waited for.
"""

import os
import shutil

from tests.cluster.node.locks import lock
from tests.cluster.node.progress import step
from tests.cluster.node.shell import CommandError, run

INSTALL_SECONDS = 900.0


def need(packages: list[str]) -> None:
    """Install those packages that are missing.

    Raises:
        CommandError: this is no Debian machine, or the packages could not be had.
    """
    if shutil.which("dpkg-query") is None:
        raise CommandError(
            ["apt-get", "install", *packages], 127, "needs a Debian machine, or Docker with kind"
        )
    with lock("packages"):
        missing = _missing(packages)
        if missing:
            with step(f"install {' '.join(missing)}"):
                _apt("update")
                _apt("install", "--yes", "--no-install-recommends", *missing)


def _missing(packages: list[str]) -> list[str]:
    return [name for name in packages if "install ok installed" not in _state(name)]


def _state(package: str) -> str:
    try:
        return run(["dpkg-query", "--show", "--showformat", "${Status}", package])
    except CommandError:
        return "unknown"


def _apt(*words: str) -> None:
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    run(["apt-get", "-o", "DPkg::Lock::Timeout=600", *words], env=env, timeout=INSTALL_SECONDS)
