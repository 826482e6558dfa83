"""The ground of a cluster: one release of the charts, and sessions that play through its router.

Players reach the router at its Service's address, which leads to whichever pod is there. The traps: a taken
stream that was told to end goes on for its player, so streams that are there and streams that take players
are two numbers; and a repetition that leaves pods behind would change what the next one finds.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Any

from pixelstream.cli.stack import browser
from pixelstream.errors import PixelstreamError
from tests.cluster import valkey
from tests.cluster.node import host
from tests.cluster.node.shell import CommandError
from tests.cluster.release import BESIDE, Release
from tests.faults.fault import Form, Unexpected
from tests.faults.sessions.browser import BrowserSession
from tests.faults.sessions.player import PlayerSession
from tests.faults.sessions.visitor import Seat, Visitor

if TYPE_CHECKING:
    from playwright.async_api import Browser

PLAYERS, SPARE = 2, 1
"""Sessions without a browser; streams that are free beside all sessions, the page's among them."""
STREAMS = PLAYERS + 1 + SPARE
SECONDS = 180.0
STEADY = 40.0
SERVICES = ("matchmaker", "proxy", "turn-api", "router")
SMALL: dict[str, Any] = {"resources": {"requests": {"cpu": "5m"}}}
"""An upgrade has every pod twice, and those that end beside them; they must all find room on the node."""
VALUES: dict[str, Any] = {
    **BESIDE,
    "matchmaker": {**valkey.VALUES, **SMALL},
    "streamer": {
        "replicas": STREAMS,
        "terminationGracePeriodSeconds": 1800,
        "config": {"mode": "clips"},
        "signalserver": SMALL,
        **SMALL,
    },
    **{name: {"replicas": 2, **SMALL} for name in ("proxy", "router", "turn-api", "player")},
}

Playing = PlayerSession | BrowserSession


class Cluster:
    """The ground; `playing()` makes one.

    Attributes:
        release: what is installed.
        values: with which values.
        form: how much is done.
    """

    name = "cluster"

    def __init__(self, release: Release, values: dict[str, Any], form: Form) -> None:
        self.release, self.kubectl, self.values, self.form = release, release.kubectl, values, form
        self.players: list[PlayerSession] = []
        self.pages: list[BrowserSession] = []
        service = release.kubectl.json("get", "service", "px-router")
        self.address = str(service["spec"]["clusterIP"])

    # --- what the runner asks for ------------------------------------------------------------------

    @property
    def sessions(self) -> Sequence[Playing]:
        """All who play."""
        return [*self.players, *self.pages]

    async def whole(self) -> list[str]:
        """See that all runs, that a stream is free and that all play."""
        await self.ready()
        for session in self.sessions:
            try:
                await session.steady(STEADY)
                lost = session.lost
            except TimeoutError as error:
                lost = str(error)
            if lost:
                await session.end()
                await self.begin(session)
        return []

    async def visit(self) -> None:
        """Let somebody new come and leave."""
        await self.seat()

    # --- what strikes ask for ----------------------------------------------------------------------

    async def seat(self, within: float = 60.0) -> Seat:
        """Let somebody new come, and say where it was seated."""
        return await Visitor(f"ws://{self.address}/ws").visit(within)

    async def begin(self, session: Playing) -> None:
        """Let a session begin."""
        try:
            await session.begin()
        except PixelstreamError as error:
            raise Unexpected(f"{session.name} could not begin: {error}") from error

    async def until(self, what: str, check: Callable[[], bool], seconds: float = SECONDS) -> None:
        """Wait for the cluster while sessions go on.

        Raises:
            Unexpected: it took too long.
        """
        try:
            await asyncio.to_thread(host.wait, what, lambda: _asked(check), seconds)
        except TimeoutError as error:
            raise Unexpected(str(error)) from error

    async def run(self, *words: str, seconds: float = SECONDS) -> str:
        """Run kubectl while sessions go on.

        Raises:
            Unexpected: it failed.
        """
        try:
            return await asyncio.to_thread(self.kubectl, *words, timeout=seconds)
        except CommandError as error:
            raise Unexpected(f"kubectl {' '.join(words)}: {error.output}") from error

    async def ready(self) -> None:
        """Wait until every Deployment has what it should have, and a stream is free."""
        await self.until("all Deployments whole", self._deployed)
        await self.until("a free stream", lambda: bool(self.free()))

    def pods(self, component: str) -> list[dict[str, Any]]:
        """Pods of a component that were not told to end, the oldest first."""
        found = self.release.pods(component)
        return sorted(found, key=lambda pod: str(pod["metadata"]["creationTimestamp"]))

    def free(self) -> list[str]:
        """Streams that were not told to end and have no player."""
        return [
            pod["metadata"]["name"]
            for pod in self.pods("streamer")
            if pod["metadata"]["labels"].get("pixelstream.io/state") == "free"
        ]

    @property
    def taken(self) -> set[str]:
        """Streams that our sessions are on."""
        return {session.stream for session in self.sessions}

    async def deploy(self, values: dict[str, Any]) -> None:
        """Upgrade the release and wait until it serves."""
        await self.release.deploy(values)

    def _deployed(self) -> bool:
        found = self.kubectl.json("get", "deployments", f"--selector={self.release.place.selector}")["items"]
        return all(_whole(it) for it in found)


def _whole(deployment: dict[str, Any]) -> bool:
    wanted, status = deployment["spec"]["replicas"], deployment["status"]
    seen = status.get("observedGeneration", 0) >= deployment["metadata"]["generation"]
    counts = (status.get(name, 0) for name in ("replicas", "updatedReplicas", "availableReplicas"))
    return seen and all(count == wanted for count in counts)


def _asked(check: Callable[[], bool]) -> bool:
    """Ask, and take an API server that gives no answer for "not yet"."""
    try:
        return check()
    except CommandError:
        return False


@asynccontextmanager
async def playing(
    release: Release, values: dict[str, Any], form: Form, *, page: bool = True
) -> AsyncIterator[Cluster]:
    """A ground with sessions on it, until the block ends.

    Args:
        release: installed with `values`.
        values: of the release.
        form: how much is done on it.
        page: whether a Chromium plays, too.

    Raises:
        Unexpected: it could not be had.
    """
    async with AsyncExitStack() as stack:
        ground = Cluster(release, values, form)
        await ground.ready()
        chromium: Browser | None = await stack.enter_async_context(browser.browser()) if page else None
        for number in range(PLAYERS):
            player = PlayerSession(f"player {number + 1}", f"ws://{ground.address}/ws")
            stack.push_async_callback(player.end)
            await ground.begin(player)
            ground.players.append(player)
        if chromium is not None:
            shown = BrowserSession(
                "Chromium, by relay", f"http://{ground.address}/", chromium, relay_only=True
            )
            stack.push_async_callback(shown.end)
            await ground.begin(shown)
            ground.pages.append(shown)
        yield ground
