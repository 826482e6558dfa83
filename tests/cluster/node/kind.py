"""The cluster made with kind, where a Docker engine runs.

Trap: kind's node pulls upstream images by itself; only the project's own, which no registry has
yet, are put into it.
"""

import os
import shutil
import subprocess
from collections.abc import Iterable

from tests.cluster.node import build
from tests.cluster.node.paths import CACHE
from tests.cluster.node.pins import REPOSITORY, ProjectImage, pins
from tests.cluster.node.progress import step
from tests.cluster.node.shell import CommandError, run

NAME = "pixelstream"
KUBECONFIG = CACHE / "kind" / "kubeconfig"
CREATE_SECONDS = 900.0
ASK_SECONDS = 10.0


def possible() -> bool:
    """Whether a Docker engine answers; the client alone is not enough."""
    if shutil.which("docker") is None:
        return False
    try:
        asked = subprocess.run(["docker", "info"], capture_output=True, timeout=ASK_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return False
    return asked.returncode == 0


def program() -> str:
    """The kind on PATH, else one built from its Go module."""
    return shutil.which("kind") or str(build.program("kind"))


def node_image() -> str:
    """The node's image: what PIXELSTREAM_KIND_IMAGE names, for another Kubernetes, else the pinned one."""
    return os.environ.get("PIXELSTREAM_KIND_IMAGE") or pins().kind.node_image


def up() -> bool:
    """Start the cluster unless it runs; true when this call started it.

    Raises:
        CommandError: kind could not start it.
    """
    if NAME in run([program(), "get", "clusters"]).split():
        return False
    KUBECONFIG.parent.mkdir(parents=True, exist_ok=True)
    with step(f"start {node_image()} with kind"):
        words = [program(), "create", "cluster", "--name", NAME, "--kubeconfig", str(KUBECONFIG)]
        run([*words, "--image", node_image(), "--wait", "120s"], timeout=CREATE_SECONDS)
    return True


def load(names: Iterable[str]) -> None:
    """Build the project's own images with Docker and put them into the cluster.

    Raises:
        CommandError: a build failed or the cluster refused an image.
    """
    for name in names:
        if isinstance(pins().images[name], ProjectImage):
            full_name = pins().image_name(name)
            with step(f"build {full_name} and give it to kind"):
                make = ["make", "-f", "images/images.mk", f"image-{name}"]
                run(make, cwd=REPOSITORY, timeout=CREATE_SECONDS)
                run([program(), "load", "docker-image", full_name, "--name", NAME], timeout=CREATE_SECONDS)


def down() -> None:
    """Delete the cluster and its kubeconfig."""
    if shutil.which("docker") is None or not KUBECONFIG.is_file():
        return
    try:
        run([program(), "delete", "cluster", "--name", NAME], timeout=CREATE_SECONDS)
    except CommandError as error:
        raise CommandError(error.argv, error.code, f"{error.output}\nis Docker running?") from error
    KUBECONFIG.unlink()
