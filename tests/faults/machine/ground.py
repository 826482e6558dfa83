"""The ground of one machine: everything that a cluster has, as processes, and the sessions that play on it.

Players go through toxiproxy, half of them to our edge and half to nginx with our gate; behind fronts
stand the replicas. The trap: sessions begin one after the other, since the streamer's log tells which
player is whose only if nobody else comes at the same time.
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

import httpx

from pixelstream.apps.coturn import Coturn, CoturnPlan
from pixelstream.cli.stack import browser
from pixelstream.cli.stack.plan import Keys
from pixelstream.cli.stack.ports import free_ports
from pixelstream.cli.stack.run import find_page
from pixelstream.errors import PixelstreamError
from tests.cluster.node import build
from tests.faults.fault import Form, Unexpected
from tests.faults.machine.front import HOST, Front
from tests.faults.machine.parts import Behind, Parts
from tests.faults.machine.processes import Processes, Replica
from tests.faults.machine.roll import Roll
from tests.faults.machine.store import Store
from tests.faults.machine.toxics import Toxics
from tests.faults.sessions.browser import BrowserSession
from tests.faults.sessions.player import PlayerSession
from tests.faults.sessions.visitor import Seat, Visitor
from tests.support.kubeapi import KUBECONFIG, SLICES, FakeApi, endpoint, kube_api, slice_of

if TYPE_CHECKING:
    from playwright.async_api import Browser

STREAMS = {"stream-1": 3, "stream-2": 3, "stream-3": 3}
"""Seats of each stream that players may have."""
LINE = "line-1"
"""The one stream of the fleet `line`, with one seat, for those who only queue."""
EDGE, NGINX, CONTROL = "edge", "nginx", "control"
"""Names of the proxies that can be poisoned: the two ways of players, and the control links."""
FRONTS = ("matchmaker", "turn-api", "edge", "nginx")
RELAYED = ((49152, 57343), (57344, 65535))
"""Ports from which each coturn relays; they tell whose an address is."""
STEADY = 40.0
NOTICED = 15.0
"""Seconds that turn-api may take to see a change of its list, and more."""
Playing = PlayerSession | BrowserSession


class Machine:
    """The ground; `machine()` makes one.

    Attributes:
        form: how much is done.
        replicas: those behind each front.
        streams: the signalserver of each stream.
        players: sessions without a browser.
        relays: coturns by their port.
    """

    name = "machine"

    def __init__(self, folder: Path, keys: Keys, kube: FakeApi, form: Form) -> None:
        self.folder, self.keys, self.kube, self.form = folder, keys, kube, form
        self.processes = Processes(folder)
        self.store = Store(folder, self.processes, free_ports(3))
        kubeconfig = folder / "kubeconfig"
        kubeconfig.write_text(KUBECONFIG % kube.url, encoding="utf-8")
        self.parts = Parts(folder, keys, self.store.url, kubeconfig, find_page())
        self.fronts = {name: Front() for name in FRONTS}
        self.replicas: dict[str, list[Replica]] = {name: [] for name in (*FRONTS, "gate")}
        self.streams: dict[str, Replica] = {}
        self.unreals: dict[str, Replica] = {}
        self.relays: list[Coturn] = []
        self.players: list[PlayerSession] = []
        self.pages: list[BrowserSession] = []
        self._ports = dict(zip((EDGE, NGINX, CONTROL, "api"), free_ports(4), strict=True))
        api = self._ports["api"]
        argv = (build.program("toxiproxy-server"), "-port", str(api), "-host", HOST)
        self.toxics = Toxics(Replica("toxiproxy", tuple(map(str, argv)), api, "/version"))
        self._roll: Roll | None = None
        self._turn = itertools.count()

    # --- what the runner asks for ------------------------------------------------------------------

    @property
    def sessions(self) -> Sequence[Playing]:
        """All who play."""
        return [*self.players, *self.pages]

    async def whole(self) -> list[str]:
        """See that all run and play."""
        await self.store.start()
        await self.toxics.enable(CONTROL, enabled=True)
        ended = [replica for replica in self._all() if not replica.running]
        for replica in ended:
            await self.processes.start(replica)
        for session, plays in zip(self.sessions, await self._playing(), strict=True):
            if not plays:
                await session.end()
                await self.begin(session)
        return [replica.name for replica in ended]

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
        return f"ws://{HOST}:{self._ports[(EDGE, NGINX)[number % 2]]}/ws"

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
        roll, stream = self._roll, session.stream
        if roll is not None:
            player = roll.newest(stream)
            session.seen_elsewhere = lambda: roll.missing(stream, player)

    async def add(self, kind: str, replica: Replica) -> None:
        """Start a replica and lead new connections to it, too."""
        await self.processes.start(replica)
        self.replicas[kind].append(replica)
        if kind in self.fronts:
            self.fronts[kind].ports.append(replica.port)

    def hide(self, kind: str, replica: Replica) -> None:
        """Lead no new connections to a replica, as when its pod is about to end."""
        if replica in self.replicas[kind]:
            self.replicas[kind].remove(replica)
            self.fronts[kind].ports.remove(replica.port)

    def announce(self, name: str, *, ending: bool = False) -> None:
        """Have the cluster say where a stream's pod is, and whether it is about to end."""
        fleet = "line" if name == LINE else "default"
        one = endpoint(name, HOST, ready=not ending, serving=True, terminating=ending)
        self.kube.put(SLICES, name, **slice_of(one, fleet=fleet, port=self.streams[name].port))

    @property
    def behind(self) -> Behind:
        """Where services find each other."""
        return Behind(self.fronts["matchmaker"].port, self._ports[CONTROL], self.fronts["turn-api"].port)

    def relay_of(self, player: PlayerSession) -> Coturn:
        """The relay that a player's media goes through."""
        port = player.relayed_from
        return next(one for one in self.relays if one.plan.min_port <= port <= one.plan.max_port)

    async def until_hidden(self, relay: Coturn) -> None:
        """Wait until a relay is not offered any more.

        Raises:
            Unexpected: it still is after a while.
        """
        try:
            async with asyncio.timeout(NOTICED):
                while relay.plan.port in await self._offered():  # noqa: ASYNC110 - HTTP can only be asked
                    await asyncio.sleep(0.1)
        except TimeoutError:
            raise Unexpected(f"a relay that should not be offered was, for {NOTICED:.0f} s") from None

    async def _offered(self) -> set[int]:
        url = f"http://{HOST}:{self.fronts['turn-api'].port}/"
        headers = {"Authorization": f"Bearer {self.keys.control}"}
        async with httpx.AsyncClient(trust_env=False, headers=headers) as http:
            answer = (await http.get(url)).raise_for_status().json()
        urls = [url for server in answer["iceServers"] for url in server["urls"]]
        return {int(url.split(":")[2].partition("?")[0]) for url in urls}

    def make(self, kind: str) -> Replica:
        """One more replica of a kind, not started yet."""
        if kind == "edge":
            return self.parts.edge(self.behind, {name: one.port for name, one in self.streams.items()})
        if kind == "nginx":
            return self.parts.nginx(self.behind, self.replicas["gate"][0].port)
        return {
            "matchmaker": self.parts.matchmaker, "turn-api": self.parts.turn_api, "gate": self.parts.gate,
        }[kind]()  # fmt: skip

    # --- its own beginning -------------------------------------------------------------------------

    async def open(self, stack: AsyncExitStack) -> None:
        """Start all processes."""
        stack.push_async_callback(self.processes.close)
        for front in self.fronts.values():
            await front.open()
            stack.push_async_callback(front.close)
        for first, last in RELAYED:
            coturn = Coturn(CoturnPlan(secret=self.keys.turn, min_port=first, max_port=last))
            await stack.enter_async_context(coturn)
            self.relays.append(coturn)
        self.tell_relays()
        self._make_streams()
        await self.processes.start(self.toxics.replica)
        stack.push_async_callback(self.toxics.close)
        behind = (
            (EDGE, self.fronts["edge"]),
            (NGINX, self.fronts["nginx"]),
            (CONTROL, self.fronts["matchmaker"]),
        )
        for name, front in behind:
            await self.toxics.proxy(name, self._ports[name], front.port)
        await self.store.open()
        await asyncio.gather(
            *(self.add(kind, self.make(kind)) for kind in ("matchmaker", "matchmaker", "turn-api", "gate"))
        )
        await asyncio.gather(*(self.add(kind, self.make(kind)) for kind in ("edge", "nginx")))
        await asyncio.gather(*map(self.processes.start, (*self.unreals.values(), *self.streams.values())))
        self._roll = Roll({name: self.processes.log_of(one) for name, one in self.unreals.items()})

    async def play(self, stack: AsyncExitStack, players: int, relayed: int, chromium: Browser | None) -> None:
        """Let sessions begin: so many players, so many of them by relay, and a page if there is a browser."""
        for number in range(players):
            name = f"player {number + 1}" + (", by relay" if number < relayed else "")
            player = PlayerSession(name, self.room(number), relay_only=number < relayed)
            stack.push_async_callback(player.end)
            await self.begin(player)
            self.players.append(player)
        if chromium is not None:
            url = f"http://localhost:{self._ports[EDGE]}/"
            page = BrowserSession("Chromium, by relay", url, chromium, relay_only=True)
            stack.push_async_callback(page.end)
            await self.begin(page)
            self.pages.append(page)

    def tell_relays(self, *, draining: Sequence[Coturn] = (), gone: Sequence[Coturn] = ()) -> None:
        """Say which relays there are, which of them are about to end and which are no more."""
        listed = [
            {
                "host": one.plan.host,
                "udp": one.plan.port,
                "tcp": one.plan.port,
                "zone": f"zone-{number}",
                "draining": one in draining,
            }
            for number, one in enumerate(self.relays)
            if one not in gone
        ]
        self.parts.tell_relays(listed)

    def _make_streams(self) -> None:
        for name, seats in {**STREAMS, LINE: 1}.items():
            fleet, mode = ("line", "signalling") if name == LINE else ("default", "clips")
            self.streams[name], port = self.parts.signalserver(name, seats, fleet, self.behind)
            self.unreals[name] = self.parts.unreal(name, port, mode)
            self.announce(name)

    def _all(self) -> list[Replica]:
        found = [one for replicas in self.replicas.values() for one in replicas]
        servers = [*self.store.servers, self.store.sentinel, self.toxics.replica]
        return [*found, *self.streams.values(), *self.unreals.values(), *servers]


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
    sys.stderr.write(f"the last words of each process, from {folder}:\n")
    for log in sorted(folder.glob("*.log")):
        words = log.read_text(errors="replace").splitlines()[-3:]
        sys.stderr.writelines(f"{log.stem}: {line[:300]}\n" for line in words)
