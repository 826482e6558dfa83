"""Debian packages that the stack and its tests use, installed where this user may.

The trap: Debian starts a coturn or nginx of its own on all interfaces as soon as it is installed; ours
are started by whoever needs one, so that one is switched off again.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from tests.setup.progress import StepError, run

STARTED = ("coturn", "nginx")
"""Packages that start a server of that name."""
QUIET = {"DEBIAN_FRONTEND": "noninteractive"}


def install(package: str, *others: str, without: str) -> None:
    """Install a Debian package.

    Args:
        package: what is missing.
        others: packages that it is of no use without.
        without: what follows if it can't be had, for people.

    Raises:
        StepError: it can't be had; one line says why.
    """
    root = _as_root()
    if shutil.which("apt-get") is None:
        raise StepError(f"{package} is missing, and there is no apt-get to bring it: {without}")
    if root is None:
        raise StepError(f"{package} is missing, and only root may install it: {without}")
    apt = [*root, "apt-get", "--quiet", "--yes", "-o", "DPkg::Lock::Timeout=300"]
    run("List of Debian packages", [*apt, "update"], env=QUIET)
    run(
        f"Debian package {package}", [*apt, "install", "--no-install-recommends", package, *others], env=QUIET
    )
    if package in STARTED and Path("/run/systemd/system").is_dir():
        run(f"Debian's own {package} off", [*root, "systemctl", "disable", "--now", package])


def _as_root() -> list[str] | None:
    """What to put before a command so that root runs it; None if this user may not."""
    if os.geteuid() == 0:
        return []
    sudo = shutil.which("sudo")
    if sudo and subprocess.run([sudo, "-n", "true"], capture_output=True, check=False).returncode == 0:
        return [sudo, "-n"]
    return None
