"""Processes by number and start time, so that a number used again is never mistaken.

Trap: a process number read from a file may belong to somebody else by now.
"""

import os
import signal
from pathlib import Path

from pydantic import BaseModel

START_TIME_FIELD = 22 - 3  # proc(5), stat field 22; the fields after the name begin at 3


class Process(BaseModel):
    """One process of this machine."""

    pid: int
    started: int

    @classmethod
    def of(cls, pid: int) -> "Process":
        """The process that has this number now.

        Raises:
            ProcessLookupError: none has.
        """
        started = _start_time(pid)
        if started is None:
            raise ProcessLookupError(pid)
        return cls(pid=pid, started=started)

    def alive(self) -> bool:
        """Whether this very process still runs."""
        return _start_time(self.pid) == self.started

    def kill(self) -> None:
        """End it at once; nothing happens if it has ended."""
        if self.alive():
            os.kill(self.pid, signal.SIGKILL)

    def first_child(self) -> int | None:
        """Number of its first child, if it has one."""
        try:
            children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        except OSError:
            return None
        return int(children[0]) if children else None

    def namespace(self, kind: str) -> str:
        """Identity of one of its namespaces (`net`, `pid`), empty when it has ended."""
        try:
            return str(Path(f"/proc/{self.pid}/ns/{kind}").readlink())
        except OSError:
            return ""


def _start_time(pid: int) -> int | None:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    state, *fields = stat.rsplit(")", 1)[1].split()  # the name may hold spaces and brackets
    return None if state == "Z" else int(fields[START_TIME_FIELD - 1])
