"""Child processes of the stack: started in order, watched, and stopped in reverse.

The trap: Ctrl-C reaches a whole process group, and a signalserver that is told to stop waits for its
players. So each child has a session of its own, is stopped by us alone, and has a deadline for it.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from pixelstream.errors import PixelstreamError

READY_DEADLINE = 30.0
"""Seconds that a service has to become ready."""
STOP_DEADLINE = 5.0
"""Seconds that a service has to end after SIGTERM before it is killed."""
POLL = 0.05
LOG_TAIL = 12


class StackError(PixelstreamError):
    """A process of the stack that did not start, or that ended by itself."""


@dataclass
class Service:
    """One process of the stack.

    Attributes:
        name: how it is called in the view and in its log file.
        argv: the command.
        ready: URL that answers 200 once it is ready; None if nobody needs to wait for it.
    """

    name: str
    argv: Sequence[str]
    ready: str | None = None
    process: asyncio.subprocess.Process | None = field(default=None, repr=False)


class Supervisor:
    """Starts services, notices when one ends by itself, and stops them all."""

    def __init__(self, logs: Path) -> None:
        self.logs = logs
        self.services: list[Service] = []

    def log_of(self, service: Service) -> Path:
        """The file that has everything the service printed."""
        return self.logs / f"{service.name}.log"

    async def start(self, service: Service) -> None:
        """Start a process; `wait_ready` tells when it serves.

        Raises:
            StackError: the program cannot be run.
        """
        with self.log_of(service).open("ab") as log:
            try:
                service.process = await asyncio.create_subprocess_exec(
                    *service.argv,
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )
            except OSError as error:
                raise StackError(f"{service.name}: cannot run {service.argv[0]}: {error.strerror}") from error
        self.services.append(service)

    async def wait_ready(self, service: Service, deadline: float = READY_DEADLINE) -> None:
        """Wait until the service answers 200 at its ready URL.

        Raises:
            StackError: it ended, or the deadline (seconds) is over; the text has the end of its log.
        """
        if service.ready is None:
            return
        loop = asyncio.get_running_loop()
        end = loop.time() + deadline
        async with httpx.AsyncClient(timeout=2.0, trust_env=False) as client:
            while loop.time() < end:
                self.check(service)
                with contextlib.suppress(httpx.HTTPError):
                    if (await client.get(service.ready)).status_code == httpx.codes.OK:
                        return
                await asyncio.sleep(POLL)
        raise StackError(f"{service.name}: not ready within {deadline:.0f} s\n{self.tail(service)}")

    def check(self, service: Service) -> None:
        """Raise StackError if the service has ended by itself."""
        if service.process is not None and service.process.returncode is not None:
            code = service.process.returncode
            raise StackError(f"{service.name}: ended with exit code {code}\n{self.tail(service)}")

    def tail(self, service: Service) -> str:
        """The last lines that the service printed, and where the others are."""
        path = self.log_of(service)
        lines = path.read_text(errors="replace").splitlines()[-LOG_TAIL:]
        return "\n".join([*(f"  {line}" for line in lines), f"  (whole log: {path})"])

    async def watch(self) -> None:
        """Wait until any service ends by itself.

        Raises:
            StackError: always, naming the one that ended.
        """
        waits = {
            asyncio.create_task(service.process.wait()): service
            for service in self.services
            if service.process is not None
        }
        try:
            done, _ = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in waits:
                task.cancel()
        self.check(waits[next(iter(done))])

    async def restart(self, service: Service) -> None:
        """Stop one service and start it again with the same command."""
        await _stop(service)
        self.services.remove(service)
        await self.start(service)

    async def stop(self) -> None:
        """Stop everything, last started first."""
        while self.services:
            await _stop(self.services.pop())


async def _stop(service: Service) -> None:
    process = service.process
    if process is None or process.returncode is not None:
        return
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
    try:
        async with asyncio.timeout(STOP_DEADLINE):
            await process.wait()
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
