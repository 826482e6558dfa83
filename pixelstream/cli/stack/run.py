"""The running stack: coturn if it can be had, then all services at once, until told to stop."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pixelstream
from pixelstream.apps.coturn import PROGRAM, Coturn, CoturnPlan
from pixelstream.cli.stack.plan import Keys, Options, Plan, plan
from pixelstream.cli.stack.ports import page_port
from pixelstream.cli.stack.processes import StackError, Supervisor
from pixelstream.turn.pool import Relay

Say = Callable[[str], None]

NO_RELAY = "coturn is not installed (Debian's package: coturn): going on without a relay"


@dataclass(frozen=True, kw_only=True)
class Stack:
    """A stack that runs and is ready."""

    plan: Plan
    supervisor: Supervisor
    relay: Relay | None


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
        relay = await _relay(stack, keys, say, needed=options.relay_only)
        supervisor = Supervisor(stack.enter_context(_logs()))
        stack.push_async_callback(supervisor.stop)
        planned = plan(options, directory, keys, page, relay)
        for service in planned.services.values():
            await supervisor.start(service)
        await _ready(supervisor, say)
        yield Stack(plan=planned, supervisor=supervisor, relay=relay)


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


async def _relay(stack: AsyncExitStack, keys: Keys, say: Say, *, needed: bool) -> Relay | None:
    if shutil.which(PROGRAM) is None:
        if needed:
            raise StackError("--relay-only needs coturn; Debian's package is called coturn")
        say(NO_RELAY)
        return None
    relay: Relay = await stack.enter_async_context(Coturn(CoturnPlan(secret=keys.turn)))
    say(f"coturn relays on {relay.host}:{relay.udp}")
    return relay


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
