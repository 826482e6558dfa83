"""The processes of the ground: started, killed, told to end, replaced.

The trap: a killed process may have children, so its whole session is killed; and what is started anew
on a port must find it free, which it is once the old process has been waited for.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pixelstream.cli.stack.processes import Service, StackError, Supervisor
from tests.faults.fault import Unexpected

READY = 60.0
"""Seconds that a process has to become ready, on a busy machine."""
LEASH = (setpriv, "--pdeathsig", "KILL") if (setpriv := shutil.which("setpriv")) else ()
"""Ends a process with ours, even if ours is killed and can't end anything."""
END = 30.0
"""Seconds that a process has to end that was told to."""


@dataclass
class Replica:
    """One process, which may be started again and again.

    Attributes:
        name: unique; also of its log file.
        argv: the command.
        port: where it listens; 0 if nobody connects to it.
        ready: path that answers 200 once it serves; None if there is none.
        env: variables besides ours.
    """

    name: str
    argv: Sequence[str]
    port: int = 0
    ready: str | None = None
    env: Mapping[str, str] = field(default_factory=dict)
    service: Service | None = field(default=None, repr=False)

    @property
    def running(self) -> bool:
        """Whether the process lives."""
        process = self.service.process if self.service else None
        return process is not None and process.returncode is None


class Processes:
    """All processes of one ground; logs go to `folder`."""

    def __init__(self, folder: Path) -> None:
        self.supervisor = Supervisor(folder)

    def log_of(self, replica: Replica) -> Path:
        """The file that has everything the replica's processes printed, one after the other."""
        return self.supervisor.logs / f"{replica.name}.log"

    async def start(self, replica: Replica) -> None:
        """Start a process and wait until it serves.

        Raises:
            Unexpected: it doesn't; the text has the end of its log.
        """
        variables = [f"{name}={value}" for name, value in replica.env.items()]
        argv = [*LEASH, "/usr/bin/env", *variables, *replica.argv]
        url = f"http://127.0.0.1:{replica.port}{replica.ready}" if replica.ready else None
        replica.service = Service(replica.name, argv, url)
        try:
            await self.supervisor.start(replica.service)
            await self.supervisor.wait_ready(replica.service, READY)
        except StackError as error:
            raise Unexpected(str(error)) from error

    async def kill(self, replica: Replica) -> None:
        """End it at once, as the kernel does (SIGKILL), with all its children."""
        await self._end(replica, signal.SIGKILL)

    async def stop(self, replica: Replica, number: signal.Signals = signal.SIGTERM) -> None:
        """Tell it to end and wait until it has.

        Raises:
            Unexpected: it does not in time.
        """
        await self._end(replica, number)

    def tell(self, replica: Replica, number: signal.Signals) -> None:
        """Send a signal and go on."""
        process = replica.service.process if replica.service else None
        if process is not None and process.returncode is None:
            process.send_signal(number)

    async def ended(self, replica: Replica, within: float = END) -> None:
        """Wait until it has ended.

        Raises:
            Unexpected: it does not in time.
        """
        service = replica.service
        if service is None or service.process is None:
            return
        try:
            async with asyncio.timeout(within):
                await service.process.wait()
        except TimeoutError:
            raise Unexpected(f"{replica.name} did not end within {within:.0f} s") from None
        if service in self.supervisor.services:
            self.supervisor.services.remove(service)

    async def close(self) -> None:
        """Kill everything that still runs; nothing of it is of use any more."""
        for service in list(self.supervisor.services):
            process = service.process
            if process is not None and process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                await process.wait()
        self.supervisor.services.clear()

    async def _end(self, replica: Replica, number: signal.Signals) -> None:
        process = replica.service.process if replica.service else None
        if process is not None and process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                if number is signal.SIGKILL:
                    os.killpg(process.pid, number)
                else:
                    process.send_signal(number)
        await self.ended(replica)
