"""The signalserver as a process: three ports, the control link, and the end that costs nobody a visit."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass

import structlog

from pixelstream.apps import service
from pixelstream.apps.signalserver import api
from pixelstream.apps.signalserver.context import Context
from pixelstream.apps.signalserver.doors import Door, PlayerDoor, Sockets, StreamerDoor
from pixelstream.apps.signalserver.pressure import Pressure
from pixelstream.net.listener import ASGIApp, Limits, Listener, listen
from pixelstream.relay import Role
from pixelstream.settings.base import Listen
from pixelstream.settings.signalserver import SignalserverSettings

GOODBYE = 2.5
"""Seconds that peers have to answer the last close frames; a little more than a socket waits for one."""

LIVES = 32_768
"""Beginnings of player ids, and ids in each: a streamer goes on with players of a killed process, and
must not take a new one for one of them. All fit 31 bits, which the oldest engines read."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Running:
    """A signalserver that serves.

    Attributes:
        context: what it holds.
        players, streamers, sfus: its open ports; `sfus` is None when switched off.
    """

    context: Context
    players: Listener
    streamers: Listener
    sfus: Listener | None

    async def drain(self) -> None:
        """Refuse new players and claims, and wait until the last seat is free."""
        self.context.drain()
        await self.context.drained.wait()


def run(settings: SignalserverSettings) -> None:
    """Serve until SIGTERM or SIGINT; then stay until the last player leaves or `drain.deadline`.

    Raises:
        SettingsError: a secret is missing or unreadable.
        OSError: a port can't be had.
    """
    service.run(
        "signalserver",
        lambda: serving(settings, first_player=1 + LIVES * secrets.randbelow(LIVES)),
        log_settings=settings.log,
        drain=settings.drain.deadline,
    )


@asynccontextmanager
async def serving(settings: SignalserverSettings, *, first_player: int = 1) -> AsyncIterator[Running]:
    """Serve while the block runs; its end closes players with a code upon which they come back.

    Args:
        settings: of the signalserver.
        first_player: id of the first player.

    Raises:
        SettingsError: a secret is unreadable.
        OSError: a port can't be had.
    """
    context, sockets = Context(settings, first_player), Sockets()
    if settings.exposed and context.streamer_token is None:
        log.warning("streamers need no token and may come from anywhere", host=settings.streamers.host)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(context.close)
        running = await _open_all(context, sockets, stack)
        _start_background(context)
        log.info("signalserver listens", players=running.players.port, streamers=running.streamers.port)
        yield running
        context.relay.stop(context.clock())
        with suppress(TimeoutError):
            async with asyncio.timeout(GOODBYE):
                await sockets.none.wait()


async def _open_all(context: Context, sockets: Sockets, stack: AsyncExitStack) -> Running:
    settings = context.settings

    async def open_port(where: Listen, door: Door, http: ASGIApp | None = None) -> Listener:
        limits = Limits(
            max_message=settings.limits.max_message,
            high_water=settings.limits.buffer,
            max_sockets=settings.limits.max_sockets,
        )
        listener = await listen(where.host, where.port, route=door.route, http=http, limits=limits)
        stack.push_async_callback(listener.close)
        return listener

    pressure = Pressure(settings.limits.slow_streamer, context.give_up)
    streamers = await open_port(settings.streamers, StreamerDoor(context, Role.STREAMER, sockets, pressure))
    sfus = None
    if settings.sfu.enabled:
        sfus = await open_port(settings.sfu, StreamerDoor(context, Role.SFU, sockets, pressure))
    players = await open_port(settings.listen, PlayerDoor(context, sockets, pressure), api.build(context))
    return Running(context, players, streamers, sfus)


def _start_background(context: Context) -> None:
    context.tasks.start(context.keep_time())
    context.tasks.start(context.ice.keep_fresh())
    context.tasks.start(context.secrets.follow())
    if context.registration is not None:
        context.tasks.start(context.registration.run())
