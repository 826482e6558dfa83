"""Processes of the node of our own, seen from the machine that it runs on.

The trap: a container's process 1 is safe from signals sent within it, so killing one for real is done from
here; processes are found by the control group that has their pod's id in its name.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.faults.fault import Unexpected

PAUSE_CONTAINER = "pause"


def kill(uid: str) -> int:
    """Send SIGKILL to all processes of a pod but the one that holds its network; return how many there were.

    Raises:
        Unexpected: there was none.
    """
    found = [pid for pid in _pids() if uid in _group(pid) and PAUSE_CONTAINER not in _name(pid)]
    for pid in found:
        with suppress(ProcessLookupError):  # it was another's child, and went with that
            os.kill(pid, signal.SIGKILL)
    if not found:
        raise Unexpected(f"no process of pod {uid} is to be seen from here")
    return len(found)


@contextmanager
def frozen(program: str) -> Iterator[None]:
    """Stop a component of the node, as a machine does that hangs; it goes on when the block ends.

    Raises:
        Unexpected: it does not run.
    """
    pids = [pid for pid in _pids() if _name(pid) == program]
    if not pids:
        raise Unexpected(f"{program} does not run here")
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


def _pids() -> list[int]:
    return [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]


def _group(pid: int) -> str:
    return _read(pid, "cgroup").replace("_", "-")


def _name(pid: int) -> str:
    return Path(_read(pid, "cmdline").split("\0")[0]).name


def _read(pid: int, file: str) -> str:
    try:
        return Path(f"/proc/{pid}/{file}").read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return ""
