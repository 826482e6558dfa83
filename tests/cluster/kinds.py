"""Kinds of others that charts make objects of: monitors, certificates, routes.

Trap: a cluster may have some already; only those that it lacked go again.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from tests.cluster.node import modules
from tests.cluster.node.kubectl import Kubectl
from tests.cluster.node.pins import pins


@contextmanager
def known(kubectl: Kubectl, *names: str) -> Iterator[None]:
    """Have the server know the kinds of these projects of versions.toml, of all without a name."""
    files = [
        str(modules.folder(pin.source, pin.version) / file)
        for name, pin in pins().crds.items()
        if name in names or not names
        for file in pin.files
    ]
    missing = [f"--filename={file}" for file in files if not kubectl.succeeds("get", "--filename", file)]
    if missing:
        kubectl("apply", "--server-side", *missing)
        kubectl("wait", "--for=condition=Established", *missing, timeout=90)
    try:
        yield
    finally:
        if missing:
            kubectl("delete", "--ignore-not-found", *missing, timeout=120)
