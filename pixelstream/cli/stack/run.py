"""The running stack: coturn if it can be had, then all services at once, until told to stop."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pixelstream
from pixelstream.apps.coturn import PROGRAM, Coturn, CoturnPlan
from pixelstream.cli.stack.plan import Keys, Options, Plan, plan
from pixelstream.cli.stack.ports import page_port
from pixelstream.cli.stack.processes import StackError, Supervisor
from pixelstream.turn.pool import Relay

Say = Callable[[str], None]
T = TypeVar("T")

NO_RELAY = "coturn is not installed (Debian's package: coturn): going on without a relay"


@dataclass(frozen=True, kw_only=True)
class Stack:
    """A stack that runs and is ready; `coturn` is None where there is none."""

    plan: Plan
    supervisor: Supervisor
    coturn: Coturn | None

    @property
    def relay(self) -> Relay | None:
        """The relay that callers are told."""
        return self.coturn.relay if self.coturn else None

    async def during(self, work: Coroutine[Any, Any, T]) -> T:
        """Await `work`, which is cancelled if a process of the stack ends by itself.

        Raises:
            StackError: one did; the text has the end of its log.
            CoturnError: coturn did.
        """
        watches = [self.supervisor.watch(), *([self.coturn.watch()] if self.coturn else [])]
        ends = [asyncio.create_task(watch) for watch in watches]
        working = asyncio.create_task(work)
        try:
            done, _ = await asyncio.wait({working, *ends}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (working, *ends):
                task.cancel()
            await asyncio.gather(working, *ends, return_exceptions=True)
        for end in done - {working}:
            await end  # raises, and tells more than what that end did to the work
        return await working


def find_page() -> Path:
    """The folder of the built player page.

    Raises:
        StackError: it isn't built.
    """
    folder = Path(pixelstream.__file__).resolve().parents[1] / "player" / "dist"
    if not (folder / "index.html").is_file():
        raise StackError(f"the player page is not built: {folder} has no index.html; `make player` builds it")
    return folder


@asynccontextmanager
async def running(options: Options, say: Say) -> AsyncIterator[Stack]:
    """Run the stack while the block runs; it is ready when the block begins.

    Args:
        options: what is to run.
        say: told in a line what happens.

    Raises:
        StackError: something did not start.
        CoturnError: coturn is there and did not start.
    """
    page = find_page()
    port = page_port(options.port)
    if port != options.port:
        say(f"port {options.port} is taken; the page is on port {port} instead")
    options = Options(**{**options.__dict__, "port": port})
    async with AsyncExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="pixelstream-")))
        keys = Keys.make(directory)
        coturn = await _coturn(stack, keys, say, needed=options.relay_only)
        supervisor = Supervisor(stack.enter_context(_logs()))
        stack.push_async_callback(supervisor.stop)
        planned = plan(options, directory, keys, page, coturn.relay if coturn else None)
        for service in planned.services.values():
            await supervisor.start(service)
        await _ready(supervisor, say)
        yield Stack(plan=planned, supervisor=supervisor, coturn=coturn)


@contextmanager
def _logs() -> Iterator[Path]:
    """A folder for logs that stays when a service is to blame, since the error names files in it."""
    folder = Path(tempfile.mkdtemp(prefix="pixelstream-logs-"))
    try:
        yield folder
    except StackError:
        raise
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    shutil.rmtree(folder, ignore_errors=True)


async def _coturn(stack: AsyncExitStack, keys: Keys, say: Say, *, needed: bool) -> Coturn | None:
    if shutil.which(PROGRAM) is None:
        if needed:
            raise StackError("--relay-only needs coturn; Debian's package is called coturn")
        say(NO_RELAY)
        return None
    coturn = Coturn(CoturnPlan(secret=keys.turn))
    relay = await stack.enter_async_context(coturn)
    say(f"coturn relays on {relay.host}:{relay.udp}")
    return coturn


async def _ready(supervisor: Supervisor, say: Say) -> None:
    async def wait(number: int) -> None:
        service = supervisor.services[number]
        await supervisor.wait_ready(service)
        say(f"{service.name} is ready")

    try:
        async with asyncio.TaskGroup() as group:
            for number, service in enumerate(supervisor.services):
                if service.ready is not None:
                    group.create_task(wait(number))
    except* StackError as group_error:
        # What failed first made the others fail.
        raise group_error.exceptions[0] from None
