"""The scaling loop for real: matchmaker, Prometheus, adapter and the cluster's own autoscaler.

Players are sockets at the matchmaker and streams answer signalling only, so what is timed is the loop.
Traps: each repetition begins from a fleet at rest, or it would measure the tail of the one before; and a
player must be matched before it may be counted as one that must not be lost.
"""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from pixelstream.net.dial import dial
from tests.charts.helm import objects, of_kind, template
from tests.cluster import kinds
from tests.cluster.monitoring import IMAGES, Monitoring, monitoring
from tests.cluster.node import host
from tests.cluster.node.kubectl import Kubectl
from tests.cluster.node.provider import Cluster
from tests.cluster.release import Charts, Release
from tests.setup.progress import ROOT
from tests.support.matchmaking import Visitor

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(900)]

FLEET = "deployment/px-streamer-default"
SCALER = "horizontalpodautoscaler/px-streamer-default"
METRIC = "pixelstream_streams_wanted"
SECONDS = 120.0
REACTION = 20.0
"""Seconds from the arrival of players to the number of replicas that they want, at the 95th percentile."""

REPETITIONS = int(os.environ.get("LOOP_REPETITIONS", "2"))
"""How often players come and go; `LOOP_REPETITIONS=20` gives figures worth telling."""

QUICK = {"scaleDown": {"stabilizationWindowSeconds": 5}}


def _values(buffer: int = 1, minimum: int = 1, maximum: int = 6) -> dict[str, Any]:
    scaling = {
        "enabled": True,
        "minReplicas": minimum,
        "maxReplicas": maximum,
        "buffer": buffer,
        "behavior": QUICK,
    }
    return {
        **{name: {"enabled": False} for name in ("router", "player", "turn", "turn-api")},
        "global": {"monitoring": {"enabled": True, "interval": "5s"}},
        "streamer": {
            "config": {"mode": "signalling"},
            "signalserver": {"config": {"auth": {"lease": "optional"}}},
            "autoscaling": scaling,
            "terminationGracePeriodSeconds": 600,
        },
    }


class Loop:
    """A release that scales by the metric, its players, and the cluster's word on both."""

    def __init__(self, release: Release, watched: Monitoring, address: str = "") -> None:
        self.release, self.kubectl, self.watched = release, release.kubectl, watched
        self.address = address
        self.players: list[Visitor] = []

    async def arrive(self, count: int) -> list[Visitor]:
        """Let players come; they wait, or are seated at once."""
        came = [Visitor() for _ in range(count)]
        for visitor in came:
            visitor.ws = await dial(f"ws://{self.address}/ws", visitor)
        self.players += came
        return came

    async def leave(self, *leaving: Visitor) -> None:
        """Let players say goodbye."""
        for visitor in leaving:
            visitor.ws.close()
            self.players.remove(visitor)

    async def seated(self, *players: Visitor) -> None:
        """Wait until the seats of these have spoken to them."""

        def spoken(visitor: Visitor) -> bool:
            return any(message["type"] == "config" for message in visitor.told)

        await self.until("all seated", lambda: all(map(spoken, players)))

    def wanted(self) -> int:
        """Replicas that the autoscaler gave the fleet."""
        return int(self.kubectl.json("get", FLEET)["spec"]["replicas"])

    def pods(self) -> list[str]:
        """Streams that were not told to end."""
        return sorted(pod["metadata"]["name"] for pod in self.release.pods("streamer"))

    def there(self) -> int:
        """Streams that have a pod, on its way out or not."""
        selector = f"--selector={self.release.place.selector},app.kubernetes.io/name=streamer"
        return len(self.kubectl.json("get", "pods", selector)["items"])

    async def until(self, what: str, check: Callable[[], bool], seconds: float = SECONDS) -> None:
        """Wait for the cluster without keeping the players' sockets from being served."""
        await asyncio.to_thread(host.wait, what, check, seconds)

    async def rests(self, streams: int) -> None:
        """Wait until the fleet has so many streams, all there and none on its way."""

        def holds() -> bool:
            status = self.kubectl.json("get", FLEET)["status"]
            return (
                self.wanted() == len(self.pods()) == streams
                and status.get("readyReplicas", 0) == streams
                and self.there() == streams
            )

        await self.until(f"a fleet of {streams} at rest", holds)

    async def condition(self, kind: str, status: str) -> None:
        """Wait until the autoscaler says this of itself."""

        def holds() -> bool:
            told = self.kubectl.json("get", SCALER)["status"].get("conditions", [])
            return any(it["type"] == kind and it["status"] == status for it in told)

        await self.until(f"{kind} {status}", holds)


@pytest.fixture(scope="module")
def watched(cluster: Cluster, kubectl: Kubectl) -> Iterator[Monitoring]:
    cluster.load(*IMAGES)
    with kinds.known(kubectl, "prometheus-operator"), monitoring(kubectl) as found:
        yield found


@pytest.fixture(scope="module")
def release(charts: Charts, watched: Monitoring) -> Iterator[Release]:
    with charts.release("loop") as made:
        monitors = of_kind(objects(template(values=_values())), "PodMonitor")
        watched.watch(made.place.namespace, monitors)
        asyncio.run(made.deploy(_values()))
        yield made


@asynccontextmanager
async def at_rest(release: Release, watched: Monitoring, streams: int = 1) -> AsyncIterator[Loop]:
    """The loop with nobody in it, and nobody afterwards."""
    await release.deploy(_values())
    async with release.way("deployment/px-matchmaker", 3000) as address:
        found = Loop(release, watched, address)
        await found.rests(streams)
        try:
            yield found
        finally:
            await found.leave(*list(found.players))


async def test_streams_follow_players_and_a_shrinking_fleet_touches_no_session(
    release: Release, watched: Monitoring
) -> None:
    reactions = []
    async with at_rest(release, watched) as loop:
        for _ in range(REPETITIONS):
            began = time.monotonic()
            came = await loop.arrive(4)
            await loop.until("five streams wanted", lambda: loop.wanted() == 5)
            reactions.append(time.monotonic() - began)
            await loop.seated(*came)

            stays, *others = came
            stream = (await stays.matched())["detail"]["id"]
            await loop.leave(*others)
            await loop.rests(2)
            assert stream in loop.pods()
            assert stays.endings == []
            await loop.leave(stays)
            await loop.rests(1)
    _note("reaction", {"seconds": sorted(reactions), "lost": 0})
    assert max(reactions) < 2 * REACTION, reactions


async def test_nobody_is_scaled_away_while_nobody_knows_the_number(
    release: Release, watched: Monitoring
) -> None:
    async with at_rest(release, watched) as loop:
        came = await loop.arrive(3)
        for part in ("prometheus", "adapter"):
            await loop.rests(len(came) + 1)
            before = loop.pods()
            watched.scale(part, 0)
            try:
                await loop.condition("ScalingActive", "False")
                await loop.leave(came.pop())
                assert loop.pods() == before, part
            finally:
                watched.scale(part, 1)
            await loop.condition("ScalingActive", "True")
        assert [visitor.endings for visitor in came] == [[]]
        await loop.rests(2)
        assert came[0].endings == []


async def test_another_buffer_acts_by_an_upgrade_that_restarts_nothing(
    release: Release, watched: Monitoring
) -> None:
    async with at_rest(release, watched) as loop:
        (player,) = await loop.arrive(1)
        await loop.rests(2)
        matchmakers = {pod["metadata"]["uid"] for pod in release.pods("matchmaker")}
        streams = set(loop.pods())
        await release.deploy(_values(buffer=3))
        await loop.rests(4)
        assert {pod["metadata"]["uid"] for pod in release.pods("matchmaker")} == matchmakers
        assert streams <= set(loop.pods())
        assert player.endings == []


async def test_a_player_waits_through_the_start_of_a_fleet_at_zero_and_is_seated(
    release: Release, watched: Monitoring
) -> None:
    async with at_rest(release, watched):
        pass
    await release.deploy(_values(buffer=0, minimum=0))
    async with release.way("deployment/px-matchmaker", 3000) as address:
        loop = Loop(release, watched, address)
        await loop.until("an empty fleet", lambda: loop.wanted() == loop.there() == 0)
        (player,) = await loop.arrive(1)
        await player.waiting(1)
        await loop.seated(player)
        assert player.endings == []
        await loop.leave(player)
        await loop.until("an empty fleet", lambda: loop.wanted() == loop.there() == 0)


def _note(name: str, found: dict[str, Any]) -> None:
    """Leave figures where the others of a run are."""
    folder = ROOT / "tests" / "artifacts"
    folder.mkdir(exist_ok=True)
    (folder / f"loop-{name}.json").write_text(json.dumps(found, indent=1))
