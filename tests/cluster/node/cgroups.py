"""Control groups that the node leaves on this machine.

Trap: the node's cgroup namespace begins at the group of whoever started it, so the kubelet's
`kubepods` lies below that, in each hierarchy at another path.
"""

import time
from contextlib import suppress
from pathlib import Path

ROOT = Path("/sys/fs/cgroup")
REMOVE_SECONDS = 10.0


def locate(pid: int) -> list[str]:
    """Folders where the kubelet of a node, whose process is given, makes its groups."""
    found = []
    for line in Path(f"/proc/{pid}/cgroup").read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        hierarchy = controllers.removeprefix("name=")
        if hierarchy:
            found.append(str(ROOT / hierarchy / path.strip("/")))
    return found


def remaining(folders: list[str]) -> list[Path]:
    """Groups that a node left below the given folders, innermost first."""
    tops = (Path(folder) / "kubepods" for folder in folders)
    return [group for top in tops if top.is_dir() for group in [*_below(top), top]]


def _below(top: Path) -> list[Path]:
    return sorted((path for path in top.rglob("*") if path.is_dir()), key=lambda path: -len(path.parts))


def remove(folders: list[str]) -> None:
    """Remove a node's groups; the kernel refuses for a moment after their processes ended.

    Raises:
        TimeoutError: some group still held a process after ten seconds.
    """
    deadline = time.monotonic() + REMOVE_SECONDS
    while left := remaining(folders):
        if time.monotonic() > deadline:
            raise TimeoutError(f"control groups still in use: {left[0]} and {len(left) - 1} more")
        for group in left:
            with suppress(OSError):
                group.rmdir()
        time.sleep(0.05)
