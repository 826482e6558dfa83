"""The ground of one machine: its services, and the sessions that play on it.

Players go through toxiproxy, half of them to our edge and half to nginx with our gate. The trap: sessions
begin one after the other, since the streamer's log tells which player is whose only if nobody else comes
at the same time.
"""

from __future__ import annotations

import asyncio
import itertools
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from pixelstream.apps.coturn import Coturn
from pixelstream.cli.stack import browser
from pixelstream.cli.stack.plan import Keys
from pixelstream.errors import PixelstreamError
from tests.faults.fault import Form, Unexpected
from tests.faults.machine.front import HOST
from tests.faults.machine.roll import Roll
from tests.faults.machine.services import EDGE, NGINX, Services
from tests.faults.sessions.browser import BrowserSession
from tests.faults.sessions.player import PlayerSession
from tests.faults.sessions.visitor import Seat, Visitor
from tests.support.kubeapi import FakeApi, kube_api

if TYPE_CHECKING:
    from playwright.async_api import Browser

STEADY = 40.0
Playing = PlayerSession | BrowserSession


class Machine(Services):
    """The ground; `machine()` makes one.

    Attributes:
        form: how much is done.
        players: sessions without a browser.
        pages: sessions in Chromium.
    """

    name = "machine"

    def __init__(self, folder: Path, keys: Keys, kube: FakeApi, form: Form) -> None:
        super().__init__(folder, keys, kube)
        self.form = form
        self.players: list[PlayerSession] = []
        self.pages: list[BrowserSession] = []
        self._roll = Roll({})
        self._turn = itertools.count()

    # --- what the runner asks for ------------------------------------------------------------------

    @property
    def sessions(self) -> Sequence[Playing]:
        """All who play."""
        return [*self.players, *self.pages]

    async def whole(self) -> list[str]:
        """See that all run and play."""
        ended = await self.mend()
        for session, plays in zip(self.sessions, await self._playing(), strict=True):
            if not plays:
                await session.end()
                await self.begin(session)
        return ended

    async def _playing(self) -> list[bool]:
        async def plays(session: Playing) -> bool:
            try:
                await session.steady(STEADY)
            except TimeoutError:
                return False
            return session.lost is None

        return await asyncio.gather(*(plays(session) for session in self.sessions))

    async def visit(self) -> None:
        """Let somebody new come by the next way, and leave."""
        await self.seat()

    # --- what strikes ask for ----------------------------------------------------------------------

    async def seat(self, fleet: str = "default", within: float = 30.0) -> Seat:
        """Let somebody new come, and say where it was seated."""
        return await Visitor(self.room(next(self._turn)), fleet).visit(within)

    def room(self, number: int) -> str:
        """URL of the waiting room, by either way in turn."""
        return f"ws://{HOST}:{self.ports[(EDGE, NGINX)[number % 2]]}/ws"

    def cut_some(self) -> None:
        """Break the sockets of every other player, as a network change does."""
        for player in self.players[::2]:
            player.cut()

    @property
    def sockets(self) -> int:
        """How many sockets the players have opened so far; more of them means that some were broken."""
        return sum(player.player.log.connections for player in self.players)

    async def begin(self, session: Playing) -> None:
        """Let a session begin, and watch its player at the streamer."""
        try:
            await session.begin()
        except PixelstreamError as error:
            raise Unexpected(f"{session.name} could not begin: {error}") from error
        stream, roll = session.stream, self._roll
        player = roll.newest(stream)
        session.seen_elsewhere = lambda: roll.missing(stream, player)

    def relay_of(self, player: PlayerSession) -> Coturn:
        """The relay that a player's media goes through."""
        port = player.relayed_from
        return next(one for one in self.relays if one.plan.min_port <= port <= one.plan.max_port)

    async def play(self, stack: AsyncExitStack, players: int, relayed: int, chromium: Browser | None) -> None:
        """Let sessions begin: so many players, so many of them by relay, and a page if there is a browser."""
        self._roll = Roll({name: self.processes.log_of(one) for name, one in self.unreals.items()})
        for number in range(players):
            name = f"player {number + 1}" + (", by relay" if number < relayed else "")
            player = PlayerSession(name, self.room(number), relay_only=number < relayed)
            stack.push_async_callback(player.end)
            await self.begin(player)
            self.players.append(player)
        if chromium is not None:
            url = f"http://localhost:{self.ports[EDGE]}/"
            page = BrowserSession("Chromium, by relay", url, chromium, relay_only=True)
            stack.push_async_callback(page.end)
            await self.begin(page)
            self.pages.append(page)


@asynccontextmanager
async def machine(
    form: Form, *, players: int = 6, relayed: int = 2, page: bool = True
) -> AsyncIterator[Machine]:
    """A ground with sessions on it, until the block ends; nothing of it is left then.

    Args:
        form: how much is done on it.
        players: sessions without a browser.
        relayed: how many of them send their media through a relay.
        page: whether a Chromium plays, too.

    Raises:
        Unexpected: it could not be had.
    """
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="pixelstream-faults-")))
        ground = Machine(folder, Keys.make(folder), await stack.enter_async_context(kube_api()), form)
        await ground.open(stack)
        chromium = await stack.enter_async_context(browser.browser()) if page else None
        try:
            await ground.play(stack, players, relayed, chromium)
            yield ground
        except Exception:
            _show_logs(folder)
            raise


def _show_logs(folder: Path) -> None:
    sys.stderr.write("the last words of each process:\n")
    for log in sorted(folder.glob("*.log")):
        words = log.read_text(errors="replace").splitlines()[-3:]
        sys.stderr.writelines(f"{log.stem}: {line[:300]}\n" for line in words)
