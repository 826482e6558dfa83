"""The matchmaker as a process: opens its port, runs, and on SIGTERM ends without ending a visit.

The trap: players who are joined here lose their signalling when the process ends, so it stays for
them until the drain's deadline; whoever went to the seat with a lease doesn't notice.
"""

from __future__ import annotations

import asyncio
import gc
import resource
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog

from pixelstream.apps import service
from pixelstream.apps.matchmaker.api import create_app
from pixelstream.apps.matchmaker.context import Context
from pixelstream.net.listener import Listener, listen
from pixelstream.settings.matchmaker import MatchmakerSettings

GC_THRESHOLDS = (700, 10, 1_000_000)
COLLECT_INTERVAL = 900.0
"""Seconds between two full garbage collections."""
SPARE_FILES = 256
"""Descriptors for everything but players' sockets."""

log = structlog.get_logger(__name__)


class Matchmaker:
    """A running matchmaker.

    Attributes:
        context: all that it holds.
        listener: its open port.
    """

    def __init__(self, context: Context, listener: Listener) -> None:
        self.context = context
        self.listener = listener

    async def drain(self) -> None:
        """Take nobody new and return when nobody is left who would be cut off.

        The port stays open: what is going on, and why it isn't ready, can be read to the end.
        """
        await self.context.drain()


def run(settings: MatchmakerSettings) -> None:
    """Serve until SIGTERM or SIGINT, drain, end.

    Raises:
        SettingsError: a key is missing or unreadable.
        OSError: a port can't be had.
    """
    _allow_files(2 * settings.limits.max_sockets + SPARE_FILES)
    service.run(
        "matchmaker", lambda: _alone(settings), log_settings=settings.log, drain=settings.drain.deadline
    )


@asynccontextmanager
async def serving(settings: MatchmakerSettings) -> AsyncIterator[Matchmaker]:
    """Serve while the block runs.

    Raises:
        SettingsError: a key is missing or unreadable.
        OSError: a port can't be had.
    """
    context = Context(settings)
    host, port = settings.listen.host, settings.listen.port
    try:
        await context.start()  # first, so that the streams are known before anybody comes
        listener = await listen(
            host, port, route=context.route, http=create_app(context), limits=context.limits, backlog=4096
        )
        try:
            log.info("listening", host=host, port=listener.port)
            yield Matchmaker(context, listener)
        finally:
            await listener.close()
    finally:
        await context.close()


@asynccontextmanager
async def _alone(settings: MatchmakerSettings) -> AsyncIterator[Matchmaker]:
    """Serve in a process of our own, whose garbage collector is ours to set."""
    collector = asyncio.create_task(_collect_rarely())
    try:
        async with serving(settings) as matchmaker:
            yield matchmaker
    finally:
        collector.cancel()


async def _collect_rarely() -> None:
    """Let full garbage collections be rare, until cancelled.

    One looks at all that 10,000 players have and stops everything for a tenth of a second; what makes
    no cycles, which is nearly all, is freed without it.
    """
    gc.set_threshold(*GC_THRESHOLDS)
    while True:
        await asyncio.sleep(COLLECT_INTERVAL)
        gc.collect()


def _allow_files(wanted: int) -> None:
    """Raise the limit of open files as far as the system lets us; a joined player has two sockets."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and most > soft:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
