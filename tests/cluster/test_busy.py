"""Streams with players outlive what removes pods: a fleet that shrinks, and evictions.

Trap: of pods alike a ReplicaSet removes the youngest first, so the stream that is free here is the oldest.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from pixelstream.matchmaking.marks import DELETION_COST, DO_NOT_DISRUPT, SAFE_TO_EVICT, STATE
from pixelstream.net.dial import dial
from tests.cluster.node import host
from tests.cluster.node.shell import CommandError
from tests.cluster.release import Charts, Release
from tests.support.matchmaking import Visitor

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(600)]

STREAMS = 3
FLEET = "deployment/px-streamer-default"
WRITTEN = 'matchmaker_pod_writes_total{result="written"}'
VALUES: dict[str, Any] = {
    **{name: {"enabled": False} for name in ("router", "player", "turn", "turn-api")},
    "streamer": {
        "replicas": STREAMS,
        "config": {"mode": "signalling"},
        "signalserver": {"config": {"auth": {"lease": "optional"}}},
        "terminationGracePeriodSeconds": 600,
    },
}


class Fleet:
    """A release's streams, and a way to its matchmaker."""

    def __init__(self, release: Release, address: str) -> None:
        self.release, self.kubectl = release, release.kubectl
        self.address = address
        self.seats: dict[str, Visitor] = {}

    async def take(self) -> str:
        """Let a player come and return its stream, once its pod says so."""
        visitor = Visitor()
        visitor.ws = await dial(f"ws://{self.address}/ws", visitor)
        await visitor.until(lambda _: any(told["type"] == "config" for told in visitor.told))
        name = str((await visitor.matched())["detail"]["id"])
        self.seats[name] = visitor
        await self.shows(name, "taken")
        return name

    async def free(self, name: str) -> None:
        """Let the player of a stream leave, and wait until its pod says so."""
        self.seats.pop(name).ws.close()
        await self.shows(name, "free")

    async def shows(self, name: str, state: str) -> None:
        await self.until(f"{name} is {state}", lambda: self.metadata(name)["labels"].get(STATE) == state)

    async def until(self, what: str, check: Callable[[], bool]) -> None:
        """Wait for the cluster without keeping the players' sockets from being served."""
        await asyncio.to_thread(host.wait, what, check, 90)

    def metadata(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = self.kubectl.json("get", "pod", name)["metadata"]
        return found

    def names(self) -> list[str]:
        """Streams that weren't told to end, the oldest first."""
        found = sorted(self.release.pods("streamer"), key=lambda pod: pod["metadata"]["creationTimestamp"])
        return [pod["metadata"]["name"] for pod in found]

    async def scale(self, streams: int) -> None:
        self.kubectl("scale", FLEET, f"--replicas={streams}")
        await self.until(f"{streams} streams", lambda: len(self.names()) == streams)

    async def whole(self) -> None:
        """Wait until all streams are there and free."""
        free = [self.shows(name, "free") for name in self.names()]
        assert len(free) == STREAMS
        await asyncio.gather(*free)

    async def get(self, path: str) -> str:
        async with httpx.AsyncClient(trust_env=False, timeout=10) as client:
            return (await client.get(f"http://{self.address}{path}")).raise_for_status().text

    async def writes(self) -> int:
        """Writes so far."""
        lines = (line.rsplit(" ", 1) for line in (await self.get("/metrics")).splitlines())
        return int(next(float(value) for name, value in lines if name == WRITTEN))

    def evict(self, name: str) -> None:
        """Ask the API to evict a pod.

        Raises:
            CommandError: it refused.
        """
        place = f"/api/v1/namespaces/{self.kubectl.namespace}/pods/{name}/eviction"
        wanted = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": name}}
        self.kubectl("create", f"--raw={place}", "--filename=-", stdin=json.dumps(wanted))


@pytest.fixture(scope="module")
def busy(charts: Charts) -> Iterator[Release]:
    with charts.release("busy") as made:
        asyncio.run(made.deploy(VALUES))
        yield made


@asynccontextmanager
async def reached(release: Release) -> AsyncIterator[Fleet]:
    async with release.way("deployment/px-matchmaker", 3000) as address:
        found = Fleet(release, address)
        try:
            await found.whole()
            yield found
        finally:
            for name in list(found.seats):
                await found.free(name)


async def test_a_session_marks_its_pod_with_two_writes(busy: Release) -> None:
    async with reached(busy) as fleet:
        for _ in range(2):
            before = await fleet.writes()
            name = await fleet.take()
            annotations = fleet.metadata(name)["annotations"]
            assert annotations[DELETION_COST] == "1"
            assert annotations[SAFE_TO_EVICT] == "false"
            assert annotations[DO_NOT_DISRUPT] == "true"
            await fleet.free(name)
            assert not {SAFE_TO_EVICT, DO_NOT_DISRUPT} & fleet.metadata(name)["annotations"].keys()
            assert await fleet.writes() - before == 2


async def test_a_taken_stream_cannot_be_evicted_and_a_free_one_can(busy: Release) -> None:
    async with reached(busy) as fleet:
        taken = [await fleet.take(), await fleet.take()]
        (free,) = set(fleet.names()) - set(taken)
        for name in taken:
            with pytest.raises(CommandError, match=r"TooManyRequests\b.*disruption budget"):
                fleet.evict(name)
        fleet.evict(free)
        await fleet.until("a new stream", lambda: len(set(fleet.names()) - {free}) == STREAMS)
        assert set(taken) < set(fleet.names())
        assert all(not fleet.seats[name].endings for name in taken)


async def test_a_fleet_that_shrinks_to_its_taken_streams_loses_free_ones_only(busy: Release) -> None:
    async with reached(busy) as fleet:
        for _ in range(2):
            while len(fleet.seats) < STREAMS:
                await fleet.take()
            oldest = fleet.names()[0]
            await fleet.free(oldest)
            await fleet.scale(STREAMS - 1)
            assert set(fleet.names()) == set(fleet.seats)
            assert all(not seat.endings for seat in fleet.seats.values())
            await fleet.scale(STREAMS)


async def test_health_names_who_writes_deletion_costs_beside_the_matchmaker(busy: Release) -> None:
    async with reached(busy) as fleet:
        assert json.loads(await fleet.get("/api/v1/health"))["warnings"] == []
        name = fleet.names()[0]
        cost = f"{DELETION_COST}=-100"
        fleet.kubectl("annotate", "pod", name, cost, "--overwrite", "--field-manager=karpenter")

        async with asyncio.timeout(30):
            while not (found := json.loads(await fleet.get("/api/v1/health"))["warnings"]):  # noqa: ASYNC110
                await asyncio.sleep(0.1)
        assert "by karpenter, once since the start" in found[0]
