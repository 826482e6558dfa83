"""Changed copies of modules, for programs whose modules are not all served.

Trap: the copies replace modules in go.mod by relative paths (`./lego`), so they are laid beside
a copy of that go.mod, in the cache and never in the checkout.
"""

import json
import os
import shutil
import tempfile
from pathlib import Path

from tests.cluster.node.paths import CACHE
from tests.cluster.node.pins import Copy, Group
from tests.cluster.node.shell import run

DOWNLOAD_SECONDS = 600.0


def prepare(group: Group) -> Path:
    """Lay the group's module and its changed copies into a folder of the cache; returns it."""
    work = CACHE / "work" / group.module
    shutil.rmtree(work, ignore_errors=True)
    shutil.copytree(group.folder, work)
    for copy in group.copies:
        lay(copy, module_folder(copy), group.folder, work / copy.into)
    return work


def lay(copy: Copy, original: Path, additions: Path, target: Path) -> None:
    """Copy a module without the parts that `drop` names, and with the files of `add`."""
    shutil.copytree(original, target)
    for folder in [target, *(path for path in target.rglob("*") if path.is_dir())]:
        folder.chmod(0o755)  # the module cache is read-only
    for pattern in copy.drop:
        for path in list(target.rglob(pattern) if "/" not in pattern.rstrip("/") else target.glob(pattern)):
            _remove(path)
    if not (target / "go.mod").exists():  # as Go itself supposes for modules older than go.mod
        (target / "go.mod").write_text(f"module {copy.source}\n")
    for source, place in copy.add.items():
        shutil.copyfile(additions / source, target / place)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def module_folder(copy: Copy) -> Path:
    """Folder of the module in Go's module cache, downloaded and verified by Go if it must be.

    Raises:
        CommandError: the module could not be had.
    """
    with tempfile.TemporaryDirectory() as empty:  # outside any module, so that no replacement applies
        env = {**os.environ, "GOFLAGS": "-mod=mod", "GOWORK": "off"}
        argv = ["go", "mod", "download", "-json", f"{copy.source}@{copy.version}"]
        answer = run(argv, cwd=Path(empty), env=env, timeout=DOWNLOAD_SECONDS)
    return Path(json.loads(answer)["Dir"])
