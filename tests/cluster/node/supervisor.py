"""Process 1 of the node: starts components, starts them again when they end, reaps all others.

Trap: as process 1 it inherits every orphan (each container's shim); one that is not waited for
stays a zombie and its cgroup cannot be removed.
"""

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

RESTART_SECONDS = 1.0
POLL_SECONDS = 0.05


class Supervisor:
    """Components by name, each with a log file of its own."""

    def __init__(self, logs: Path) -> None:
        self._logs = logs
        self._commands: dict[str, list[str]] = {}
        self._running: dict[int, str] = {}

    def start(self, name: str, argv: list[str]) -> None:
        """Start a component; it is started again whenever it ends."""
        self._commands[name] = argv
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        actions = [
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, str(self._logs / f"{name}.log"), flags, 0o644),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ]
        self._running[os.posix_spawnp(argv[0], argv, os.environ, file_actions=actions)] = name

    def reap(self, *, block: bool) -> bool:
        """Take one ended child, starting it again if it was a component; false when there is none."""
        pid, status = os.waitpid(-1, 0 if block else os.WNOHANG)
        if pid == 0:
            return False
        name = self._running.pop(pid, None)
        if name is not None:
            code = os.waitstatus_to_exitcode(status)
            sys.stderr.write(f"{name} ended, code {code}; starting it again\n")
            time.sleep(RESTART_SECONDS)
            self.start(name, self._commands[name])
        return True

    def wait(self, what: str, ready: Callable[[], bool], seconds: float) -> None:
        """Wait for a condition while children are reaped.

        Raises:
            TimeoutError: it did not come true in time.
        """
        deadline = time.monotonic() + seconds
        while not ready():
            if time.monotonic() > deadline:
                raise TimeoutError(f"{what}: not ready after {seconds:g} s")
            while self.reap(block=False):
                pass
            time.sleep(POLL_SECONDS)

    def forever(self) -> None:
        """Keep the components running until this process is killed."""
        while True:
            self.reap(block=True)
