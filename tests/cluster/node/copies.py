"""Changed copies of modules, for programs whose modules are not all served.

Trap: the copies replace modules in go.mod by relative paths (`./lego`), so they are laid beside
a copy of that go.mod, in the cache and never in the checkout.
"""

import shutil
from pathlib import Path

from tests.cluster.node import modules
from tests.cluster.node.paths import CACHE
from tests.cluster.node.pins import Copy, Group


def prepare(group: Group) -> Path:
    """Lay the group's module and its changed copies into a folder of the cache; returns it.

    Raises:
        CommandError: a module could not be had.
    """
    work = CACHE / "work" / group.module
    shutil.rmtree(work, ignore_errors=True)
    shutil.copytree(group.folder, work)
    for copy in group.copies:
        lay(copy, modules.folder(copy.source, copy.version), group.folder, work / copy.into)
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
