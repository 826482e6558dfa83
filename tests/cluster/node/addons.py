"""Parts of a cluster that are themselves pods: name service, metrics.

Trap: an add-on counts as there when its Deployment is available; its API (metrics.k8s.io) can
need seconds more.
"""

from pathlib import Path

from tests.cluster.node import build, host
from tests.cluster.node.api import Api
from tests.cluster.node.pins import CLUSTER, pins
from tests.cluster.node.progress import step
from tests.cluster.node.shell import run

AVAILABLE_SECONDS = 120.0


def manifest(name: str) -> str:
    """Text of an add-on's objects, its image named as versions.toml names it."""
    return (CLUSTER / "addons" / f"{name}.yaml").read_text().replace("@IMAGE@", pins().image_name(name))


def apply(name: str, kubeconfig: Path) -> None:
    """Make an add-on's objects and wait until it serves; its image must be in the cluster.

    Raises:
        CommandError: an object was refused.
        TimeoutError: it did not become available.
    """
    api = Api(kubeconfig)
    try:
        with step(f"start {name}"):
            kubectl = build.program("kubectl")
            run([kubectl, "--kubeconfig", kubeconfig, "apply", "--filename", "-"], stdin=manifest(name))
            host.wait(name, lambda: api.deployment_available("kube-system", name), AVAILABLE_SECONDS)
    finally:
        api.close()
