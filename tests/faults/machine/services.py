"""The services of the ground of one machine: everything that a cluster has, as processes.

Behind fronts stand the replicas; before the proxies, and on the control links, stands toxiproxy. The trap:
services read each other's ports from their settings, so fronts are open before anything else is written.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path

import httpx

from pixelstream.apps.coturn import Coturn, CoturnPlan
from pixelstream.cli.stack.plan import Keys
from pixelstream.cli.stack.ports import free_ports
from pixelstream.cli.stack.run import find_page
from tests.cluster.node import build
from tests.faults.fault import Unexpected
from tests.faults.machine.front import HOST, Front
from tests.faults.machine.parts import Behind, Parts
from tests.faults.machine.processes import Processes, Replica
from tests.faults.machine.store import Store
from tests.faults.machine.toxics import Toxics
from tests.support.kubeapi import KUBECONFIG, SLICES, FakeApi, endpoint, slice_of

STREAMS = {"stream-1": 3, "stream-2": 3, "stream-3": 3}
"""Seats of each stream that players may have."""
LINE = "line-1"
"""The one stream of the fleet `line`, with one seat, for those who only queue."""
EDGE, NGINX, CONTROL = "edge", "nginx", "control"
"""Names of the proxies that can be poisoned: the two ways of players, and the control links."""
FRONTS = ("matchmaker", "turn-api", "edge", "nginx")
RELAYED = ((49152, 57343), (57344, 65535))
"""Ports from which each coturn relays; they tell whose an address is."""
NOTICED = 15.0
"""Seconds that turn-api may take to see a change of its list, and more."""


class Services:
    """All processes, and what can be done to them.

    Attributes:
        kube: the API of the cluster that there would be.
        replicas: those behind each front, and nginx's gate.
        fronts: by what stands behind them.
        streams: the signalserver of each stream.
        unreals: their streamers.
        relays: both coturns.
    """

    def __init__(self, folder: Path, keys: Keys, kube: FakeApi) -> None:
        self.keys, self.kube = keys, kube
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
        self.ports = dict(zip((EDGE, NGINX, CONTROL), free_ports(3), strict=True))
        api = free_ports(1)[0]
        argv = (str(build.program("toxiproxy-server")), "-port", str(api), "-host", HOST)
        self.toxics = Toxics(Replica("toxiproxy", argv, api, "/version"))

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
            await self.toxics.proxy(name, self.ports[name], front.port)
        await self.store.open()
        await asyncio.gather(
            *(self.add(kind, self.make(kind)) for kind in ("matchmaker", "matchmaker", "turn-api", "gate"))
        )
        await asyncio.gather(*(self.add(kind, self.make(kind)) for kind in ("edge", "nginx")))
        await asyncio.gather(*map(self.processes.start, (*self.unreals.values(), *self.streams.values())))

    async def mend(self) -> list[str]:
        """Start all that does not run; return its names."""
        await self.store.start()
        await self.toxics.enable(CONTROL, enabled=True)
        ended = [replica for replica in self._all() if not replica.running]
        for replica in ended:
            await self.processes.start(replica)
        return [replica.name for replica in ended]

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
        return Behind(self.fronts["matchmaker"].port, self.ports[CONTROL], self.fronts["turn-api"].port)

    def make(self, kind: str) -> Replica:
        """One more replica of a kind, not started yet."""
        if kind == "edge":
            return self.parts.edge(self.behind, {name: one.port for name, one in self.streams.items()})
        if kind == "nginx":
            return self.parts.nginx(self.behind, self.replicas["gate"][0].port)
        return {
            "matchmaker": self.parts.matchmaker, "turn-api": self.parts.turn_api, "gate": self.parts.gate,
        }[kind]()  # fmt: skip

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
