"""Dockerfile builds with buildah, without a daemon, a registry or a container's privileges.

Each call runs in a mount namespace of its own, so that none of buildah's mounts stays behind.
Trap: inside `RUN`, pip trusts only the authorities that it brings; where the machine has one of
its own, its file and a pip.conf that names it are mounted, and so never part of the image.
"""

import os
import subprocess
from pathlib import Path

from tests.cluster.node.paths import BUILDAH
from tests.cluster.node.progress import Step
from tests.cluster.node.shell import CommandError

AUTHORITIES = "/run/authorities.crt"  # not where Debian keeps them: its package replaces that file


def tool() -> list[str]:
    """The command line that stands for `buildah`, with storage of our own."""
    folders = ["--root", f"{BUILDAH}/storage", "--runroot", f"{BUILDAH}/run"]
    return ["unshare", "--mount", "buildah", "--storage-driver", "overlay", *folders]


def build_flags() -> list[str]:
    """Flags of `buildah build` that make it work inside namespaces and without a registry."""
    return ["--isolation", "chroot", "--network", "host", "--pull-never", "--layers", "--format", "docker"]


def pip_flags() -> list[str]:
    """Flags that let pip in a `RUN` trust what this machine's pip is told to trust."""
    own, flags = os.environ.get("PIP_CERT"), []
    if own:
        BUILDAH.mkdir(parents=True, exist_ok=True)
        settings = BUILDAH / "pip.conf"
        settings.write_text(f"[global]\ncert = {AUTHORITIES}\n")
        flags += ["--volume", f"{own}:{AUTHORITIES}:ro", "--volume", f"{settings}:/etc/pip.conf:ro"]
    return flags


def run(words: list[str], shown: Step, *, cwd: Path | None = None, env: dict[str, str] | None = None) -> None:
    """Run a command of a build, its output moving the step.

    Raises:
        CommandError: it failed.
    """
    said: list[str] = []
    with subprocess.Popen(
        words,
        cwd=cwd,
        env={**os.environ, **(env or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        for line in process.stdout or ():
            said.append(line)
            shown.advance(line.strip()[-60:])
    if process.returncode:
        raise CommandError(words, process.returncode, "".join(said))
