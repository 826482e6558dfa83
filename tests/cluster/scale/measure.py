"""One matchmaker in a process of its own, and what it costs: memory, processor time, writes of pods."""

from __future__ import annotations

import asyncio
import os
import resource
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import httpx
import orjson
import psutil

from tests.cluster.node.kubectl import Kubectl
from tests.cluster.scale import fleet
from tests.cluster.scale.crowd import Crowd
from tests.cluster.scale.fleet import Fleet
from tests.cluster.scale.streams import Park
from tests.support.matchmaking import ADMIN, KEYS

SECONDS = 120.0
SETTINGS = """
listen: {host: 127.0.0.1, port: 0}
kubernetes: {namespace: %s, selector: "%s"}
queue: {capacity: 20000}
drain: {deadline: 0}
"""


@dataclass(frozen=True)
class Figures:
    """What one size cost.

    Attributes:
        rss_idle, rss: MB of the matchmaker with all streams free, and the most while players waited.
        cpu_idle: cores while nothing happens but signs of life.
        cpu: seconds for each session.
        writes: of pods for each session, as the API server counts.
        seconds: from the first player to the last one's seat.
        lost: players without a seat, and broken links.
    """

    streams: int
    players: int
    rss_idle: float
    rss: float
    cpu_idle: float
    cpu: float
    writes: float
    seconds: float
    lost: int

    def row(self) -> dict[str, float]:
        """All of it, by name."""
        return asdict(self)


class Matchmaker:
    """A running one, with its streams."""

    def __init__(self, pid: int, port: int, kubectl: Kubectl, length: float) -> None:
        self._kubectl, self._process = kubectl, psutil.Process(pid)
        self._url = f"ws://127.0.0.1:{port}"
        self.park = Park(self._url, length)
        self._http = httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{port}", headers=ADMIN, timeout=60.0, trust_env=False
        )

    async def close(self) -> None:
        """Break all links."""
        self.park.close()
        await self._http.aclose()

    @property
    def rss(self) -> float:
        """MB that it has now."""
        return float(self._process.memory_info().rss) / 1e6

    @property
    def cpu(self) -> float:
        """Seconds of processor time that it has used."""
        times = self._process.cpu_times()
        return float(times.user + times.system)

    async def knows(self, count: int) -> None:
        """Wait until so many streams are free and all pods carry their marks."""

        async def free() -> bool:
            answer = (await self._http.get("/api/v1/streams")).json()["streams"]
            return len([one for one in answer if one["state"] == "free"]) == len(answer) == count

        async with asyncio.timeout(SECONDS * 5):
            while not (await free() and await self._pending() == 0):  # noqa: ASYNC110 - HTTP can only be asked
                await asyncio.sleep(0.5)

    async def lists(self, names: list[str]) -> None:
        """Wait until the pods of just these streams are known; those that are gone still have their links."""
        async with asyncio.timeout(SECONDS):
            while True:
                answer = (await self._http.get("/api/v1/streams")).json()["streams"]
                if sorted(one["id"] for one in answer if one["state"] != "unlisted") == names:
                    return
                await asyncio.sleep(0.1)

    async def _pending(self) -> int:
        text = (await self._http.get("/metrics")).text
        (line,) = [line for line in text.splitlines() if line.startswith("matchmaker_pods_pending ")]
        return int(float(line.rsplit(" ", 1)[1]))

    async def idle(self, seconds: float) -> float:
        """Return the cores that it takes while nothing happens."""
        before = self.cpu
        await asyncio.sleep(seconds)
        return (self.cpu - before) / seconds

    async def plays(self, streams: int, players: int, *, idle: float = 10.0) -> Figures:
        """Let `players` come at once, play one after another on `streams`, and count what that costs."""
        await self.knows(streams)
        loop, rss_idle, cpu_idle = asyncio.get_running_loop(), self.rss, await self.idle(idle)
        writes, cpu, ended = await self._writes(), self.cpu, self.park.ended
        crowd, most = Crowd(self._url), rss_idle
        begun = loop.time()
        playing = asyncio.create_task(self._play(crowd, players))
        while not playing.done():
            await asyncio.wait([playing], timeout=0.5)
            most = max(most, self.rss)
        await playing
        seconds = loop.time() - begun
        async with asyncio.timeout(SECONDS):
            while self.park.ended - ended < crowd.seated:
                self.park.changed.clear()
                await self.park.changed.wait()
        await self.knows(streams)
        return Figures(
            streams=streams,
            players=players,
            rss_idle=rss_idle,
            rss=most,
            cpu_idle=cpu_idle,
            cpu=(self.cpu - cpu) / players,
            writes=(await self._writes() - writes) / players,
            seconds=seconds,
            lost=crowd.lost + self.park.broken,
        )

    async def _play(self, crowd: Crowd, players: int) -> None:
        await crowd.comes(players)
        await crowd.seats()

    async def _writes(self) -> int:
        return await asyncio.to_thread(fleet.patches, self._kubectl)


def allow_files() -> None:
    """Let this process and those that it starts open as many sockets as the system permits."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


@asynccontextmanager
async def matchmaker(folder: Path, kubectl: Kubectl, *, length: float) -> AsyncIterator[Matchmaker]:
    """Run a matchmaker that may do in the namespace what the chart's Role lets it do."""
    kubeconfig, settings, said = (
        folder / name for name in ("kubeconfig", "matchmaker.yaml", "matchmaker.log")
    )
    fleet.reader(kubectl, kubeconfig)
    settings.write_text(SETTINGS % (kubectl.namespace, fleet.SELECTOR))
    # A pipe that nobody reads would hold it back.
    with said.open("w") as log:
        running = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "pixelstream", "matchmaker", "--config", str(settings)),
            stderr=log,
            env={**os.environ, **KEYS, "KUBECONFIG": str(kubeconfig)},
        )
    try:
        made = Matchmaker(running.pid, await _port(said), kubectl, length)
        try:
            yield made
        finally:
            await made.close()
    finally:
        running.terminate()
        async with asyncio.timeout(SECONDS):
            await running.wait()


async def _port(said: Path) -> int:
    """Return the port that a matchmaker has chosen, once it says so."""
    async with asyncio.timeout(SECONDS):
        while True:
            if (port := _said_port(said)) is not None:
                return port
            await asyncio.sleep(0.05)


def _said_port(said: Path) -> int | None:
    events = map(orjson.loads, said.read_text().splitlines())
    return next((int(one["port"]) for one in events if one.get("event") == "listening"), None)


async def grow(made: Matchmaker, pods: Fleet, sizes: list[tuple[int, int]]) -> AsyncIterator[Figures]:
    """Yield what each size costs; they must not shrink."""
    known: set[str] = set()
    for streams, players in sizes:
        names = set(await asyncio.to_thread(pods.size, streams))
        await made.park.open(sorted(names - known))
        known |= names
        yield await made.plays(streams, players)
