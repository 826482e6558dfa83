"""A run of the real loop written down, and held against the simulator's.

Players come in waves, each to a fleet that went back to zero, at moments spread over the intervals of the
autoscaler and of Prometheus; so what is chance in the phases of these averages out. The trap: streams are
seen by polling, at best as exactly as `POLL`; both ends of a start are seen so, hence as late as each other.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from statistics import fmean

import httpx

from pixelstream.cli.simulator.model import CHART_BEHAVIOR, Policy
from pixelstream.cli.simulator.model import Loop as SimLoop
from pixelstream.cli.simulator.outcome import Outcome, Sample
from pixelstream.cli.simulator.picture import svg
from pixelstream.cli.simulator.recorded import Figures, Player, Recording, replay
from pixelstream.settings.fleets import FleetSettings
from pixelstream.settings.values.kubernetes import ScalingRules
from tests.cluster.loop import SCRAPE, SECONDS, Guest, Loop
from tests.cluster.node.api import Api

HERE = ("free", "resting", "reserved", "taken", "away")
"""States of streams that players may be sent to, or are at."""

POLL = 0.2
"""Seconds between two looks."""
INTERVAL = 5.0
"""Seconds between two decisions of the autoscaler, and what it takes to come to one on top."""
WINDOW = 12
"""Seconds that scaling down looks back: no multiple of the interval, or chance would add a whole one."""

WAVES = 4
APART = 88.0
"""Seconds from wave to wave: longer than a fleet takes to be at zero again."""

ONE = ((0.0, 14.0), (3.1, 18.0), (6.2, 22.0), (9.3, 26.0))
"""Players of a wave: seconds until each comes, and how long it plays."""

PATTERN = tuple((wave * APART + at, seconds) for wave in range(WAVES) for at, seconds in ONE)


@dataclass
class Run:
    """What was seen.

    Attributes:
        guests: who came, and how long each was on its seat.
        samples: of the fleet; times are seconds since the run began.
        replicas: changes of their number: seconds since the run began, and by how much.
        came, went: when players could be sent to a stream, and when one was gone.
        interval: seconds between two looks of the autoscaler: its own five and what a look takes.
        used: GPU-seconds by state, as the matchmaker counted them.
    """

    began: float = field(default_factory=time.monotonic)
    seconds: float = 0.0
    interval: float = 0.0
    guests: list[tuple[Guest, float]] = field(default_factory=list)
    samples: list[Sample] = field(default_factory=list)
    replicas: list[tuple[float, int]] = field(default_factory=list)
    came: list[float] = field(default_factory=list)
    went: list[float] = field(default_factory=list)
    used: dict[str, float] = field(default_factory=dict)

    @property
    def endings(self) -> list[tuple[int, str]]:
        """Of sessions that ended by themselves."""
        return [guest.endings[0] for guest, seconds in self.guests if seconds < 0]

    @property
    def starts(self) -> list[float]:
        """From each further replica until players could be sent there."""
        asked = [at for at, more in self.replicas for _ in range(more)]
        return [there - at for at, there in zip(asked, self.came, strict=True)]

    @property
    def stops(self) -> list[float]:
        """From each replica less until a stream was gone."""
        told = [at for at, more in self.replicas for _ in range(-more)]
        return [gone - at for at, gone in zip(told, self.went, strict=True)]

    @property
    def waits(self) -> list[float]:
        """From coming to match."""
        return [(guest.matched_at or guest.came) - guest.came for guest, _ in self.guests]

    @property
    def joins(self) -> list[float]:
        """From match to seat."""
        return [(guest.seated_at or 0.0) - (guest.matched_at or 0.0) for guest, _ in self.guests]


async def record(loop: Loop, pattern: Sequence[tuple[float, float]]) -> Run:
    """Let players come as the pattern says, and go, until the fleet is at zero again."""
    run = Run()
    deployment = f"/apis/apps/v1/namespaces/{loop.kubectl.namespace}/deployments/px-streamer-default"
    api = Api(loop.kubectl.kubeconfig)
    async with httpx.AsyncClient(
        base_url=f"http://{loop.address}",
        headers={"Authorization": f"Bearer {loop.key()}"},
        trust_env=False,
        timeout=10,
    ) as client:
        before, looks = await _used(client), loop.watched.asked()
        looking = asyncio.create_task(_look(run, api, deployment, client))
        try:
            await asyncio.gather(*(_play(loop, run, at, seconds) for at, seconds in pattern))
            await _empty(run)
        finally:
            looking.cancel()
            with suppress(asyncio.CancelledError):
                await looking
            api.close()
        run.seconds = time.monotonic() - run.began
        run.interval = max(INTERVAL, run.seconds / (loop.watched.asked() - looks))
        run.used = {state: seconds - before[state] for state, seconds in (await _used(client)).items()}
    return run


async def _empty(run: Run) -> None:
    async with asyncio.timeout(SECONDS):
        while sum(more for _, more in run.replicas) or len(run.went) < len(run.came):  # noqa: ASYNC110
            await asyncio.sleep(POLL)


async def _play(loop: Loop, run: Run, at: float, seconds: float) -> None:
    await asyncio.sleep(run.began + at - time.monotonic())
    guest = await loop.come()
    await guest.sits()
    await asyncio.sleep(seconds)
    lost = bool(guest.endings)
    run.guests.append((guest, -1.0 if lost else time.monotonic() - (guest.seated_at or 0.0)))
    await loop.leave(guest)


async def _look(run: Run, api: Api, deployment: str, client: httpx.AsyncClient) -> None:
    """Write down what there is, again and again until cancelled."""
    replicas, there = 0, set[str]()
    while True:
        found = await asyncio.to_thread(api.get, deployment)
        streams = (await client.get("/api/v1/streams")).raise_for_status().json()["streams"]
        (fleet,) = (await client.get("/api/v1/fleets")).raise_for_status().json()["fleets"]
        now = time.monotonic() - run.began
        if found is not None and found["spec"]["replicas"] != replicas:
            run.replicas.append((now, found["spec"]["replicas"] - replicas))
            replicas = found["spec"]["replicas"]
        here = {one["id"] for one in streams if one["state"] in HERE}
        here |= there & {one["id"] for one in streams if one["linked"] and one["ready"]}
        run.came += [now] * len(here - there)
        run.went += [now] * len(there - here)
        there = here
        busy = sum(one["taken"] > 0 for one in streams if one["id"] in here)
        starting = max(0, replicas - len(here))
        run.samples.append(Sample(now, busy, len(here) - busy, starting, fleet["waiting"], fleet["wanted"]))
        await asyncio.sleep(POLL)


async def _used(client: httpx.AsyncClient) -> dict[str, float]:
    text = (await client.get("/metrics")).raise_for_status().text
    found = (
        line.rsplit(" ", 1) for line in text.splitlines() if line.startswith("pixelstream_gpu_seconds_total{")
    )
    return {name.split('state="')[1].split('"')[0]: float(value) for name, value in found}


def told(run: Run, artifacts: Path, *, keep: bool) -> dict[str, float]:
    """Hold the simulator against the run; returns by how much each figure is off, as a share.

    With `keep` the figures and a picture of both are left in the folder.
    """
    fleet = FleetSettings(buffer=0, minimum=0, maximum=6)
    players = tuple(
        Player(arrival=guest.came - run.began, seconds=max(0.0, seconds)) for guest, seconds in run.guests
    )
    recording = Recording(
        fleet=fleet, players=players, seconds=run.seconds, starts=tuple(run.starts), stops=tuple(run.stops),
        join=fmean(run.joins), interval=run.interval, scrape=SCRAPE,
    )  # fmt: skip
    slow = ScalingRules(stabilization_window_seconds=WINDOW)
    behavior = CHART_BEHAVIOR.model_copy(update={"scale_down": slow})
    replayed = replay(recording, SimLoop(behavior=behavior))
    phases = {name: _seconds(run.samples, name) for name in ("idle", "starting", "busy")}
    measured = Figures(fmean(run.waits), **phases)
    off = replayed.off(measured)
    figures = {
        "players": len(players),
        "seconds": round(run.seconds, 1),
        "interval": round(run.interval, 2),
        "measured": _round(asdict(measured)),
        "simulated": _round(asdict(replayed)),
        "off": {name: round(it, 3) for name, it in off.items()},
        "counted_by_the_matchmaker": _round(run.used),
        "waits": [round(it, 2) for it in run.waits],
        "starts": [round(it, 2) for it in run.starts],
        "stops": [round(it, 2) for it in run.stops],
    }
    (artifacts / ("simulator.json" if keep else "simulator-short.json")).write_text(
        json.dumps(figures, indent=1)
    )
    (artifacts / "recording.json").write_text(recording.model_dump_json(by_alias=True))
    (artifacts / "loop.svg").write_text(svg([_outcome(run, fleet, measured)]))
    return off


def _seconds(samples: Sequence[Sample], phase: str) -> float:
    """Seconds of streams in a phase."""
    return sum(float(getattr(one, phase)) * (then.at - one.at) for one, then in pairwise(samples))


def _turns(samples: Sequence[Sample]) -> list[Sample]:
    """Those that differ from the one before or behind; a line through them is that through all."""
    state = [replace(one, at=0.0) for one in samples]
    last = len(samples) - 1
    return [
        one
        for place, one in enumerate(samples)
        if place in {0, last} or not state[place - 1] == state[place] == state[place + 1]
    ]


def _outcome(run: Run, fleet: FleetSettings, measured: Figures) -> Outcome:
    seconds = {name: getattr(measured, name) for name in ("idle", "starting", "busy")}
    return Outcome(
        policy=Policy("The real loop", fleet), begin=0.0, end=run.seconds, visits=len(run.guests),
        waits=run.waits, gave_up=[], seconds=seconds, capped=0.0,
        most=max(one.busy + one.idle + one.starting for one in run.samples),
        changes=len(run.replicas), samples=_turns(run.samples),
    )  # fmt: skip


def _round(found: dict[str, float]) -> dict[str, float]:
    return {name: round(value, 2) for name, value in found.items()}
