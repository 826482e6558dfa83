"""Go modules as folders of files: sources for changed copies, and the CRDs and manifests they carry.

Trap: a folder of Go's module cache is read-only and shared; copy what is to be changed.
"""

import json
import os
import re
import tempfile
from pathlib import Path

from tests.cluster.node.pins import GOMOD
from tests.cluster.node.shell import run

DOWNLOAD_SECONDS = 600.0
REQUIREMENT = re.compile(r"^(?:require )?\t?([\w./~-]+) (v[\w.+-]+)(?: // indirect)?$", re.MULTILINE)


def required(module: str) -> dict[str, str]:
    """Version of each module that the go.mod in gomod/MODULE requires."""
    return dict(REQUIREMENT.findall((GOMOD / module / "go.mod").read_text()))


def folder(source: str, version: str) -> Path:
    """Folder of a module in Go's module cache, downloaded and verified by Go if it must be.

    Raises:
        CommandError: the module could not be had.
    """
    with tempfile.TemporaryDirectory() as empty:  # outside any module, so that no replacement applies
        env = {**os.environ, "GOFLAGS": "-mod=mod", "GOWORK": "off"}
        argv = ["go", "mod", "download", "-json", f"{source}@{version}"]
        answer = run(argv, cwd=Path(empty), env=env, timeout=DOWNLOAD_SECONDS)
    return Path(json.loads(answer)["Dir"])
