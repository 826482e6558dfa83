"""Cache keys: a hash over everything that changes what is built.

Trap: a key must not depend on the order in which a file system lists files, nor on where the
checkout lies.
"""

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

from tests.cluster.node.pins import Group

LENGTH = 16
GO_FLAGS = ["-buildvcs=false", "-trimpath", "-gcflags=all=-dwarf=false"]


def digest(parts: Iterable[str | bytes]) -> str:
    """A short key of the parts; each part's length counts, so they cannot run together."""
    total = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        total.update(len(data).to_bytes(8, "big") + data)
    return total.hexdigest()[:LENGTH]


def tree(root: Path, paths: Iterable[str] = (".",)) -> list[str | bytes]:
    """Names, modes and contents below the given paths, for `digest`; caches of tools are left out.

    Raises:
        FileNotFoundError: a path does not exist.
    """
    parts: list[str | bytes] = []
    for path in sorted(paths):
        top = root / path
        if not top.exists():
            raise FileNotFoundError(top)
        files = [top] if top.is_file() else sorted(file for file in top.rglob("*") if file.is_file())
        for file in files:
            if "__pycache__" in file.parts:
                continue
            executable = "x" if file.stat().st_mode & 0o100 else "-"
            parts += [str(file.relative_to(root)), executable, file.read_bytes()]
    return parts


def group_key(group: Group, go_version: str) -> str:
    """Key of a group's programs: its module's files, the Go version and the flags."""
    recipe = json.dumps([group.model_dump(mode="json"), GO_FLAGS], sort_keys=True)
    return digest([go_version, recipe, *tree(group.folder)])
