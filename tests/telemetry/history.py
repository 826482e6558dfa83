"""The day of `day.py` as what Prometheus would have stored of it, as blocks in a folder.

The trap: promtool wants all samples of a name together and in the order of time, so a series is gathered
whole before anything is written; types matter to nobody who queries, so all are `unknown`.
"""

from __future__ import annotations

import bisect
import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from pixelstream import __version__
from pixelstream.metrics.matchmaker import SHORT, WAITS
from pixelstream.metrics.quality import FIRST_FRAME, FRAME_RATES, PHASES, ROUND_TRIPS
from pixelstream.metrics.signalserver import ANSWERS
from pixelstream.metrics.store import ROUND_TRIPS as STORE_TRIPS
from tests.telemetry import exporter, rules
from tests.telemetry.day import DROPS, HOUR, MINUTE, Fleet, Visit
from tests.telemetry.prometheus import Prometheus, View, prometheus

END = datetime(2026, 6, 5, 22, tzinfo=UTC).timestamp()
"""A Friday evening, after the rush."""
FIRST, LAST = 8 * 60 + 40, 22 * 60
"""Minutes of the day."""
NODES, GPUS, SHARE = ("gpu-a", "gpu-b", "gpu-c"), 4, 0.25
"""Nodes, the GPUs of each, and how much of one a stream takes."""
RELAYS = ("px-turn-h4x7k", "px-turn-w9zbq")

Labels = dict[str, str]
Key = tuple[str, tuple[tuple[str, str], ...]]


class Recorder:
    """Series as Prometheus keeps them; counters grow, gauges are set, and `keep` stores all at a time."""

    def __init__(self) -> None:
        self._now: dict[Key, float] = {}
        self._kept: dict[Key, list[tuple[float, float]]] = defaultdict(list)

    def tell(self, name: str, labels: Labels, value: float) -> None:
        """Set a gauge."""
        self._now[name, tuple(sorted(labels.items()))] = value

    def add(self, name: str, labels: Labels, amount: float = 1.0) -> None:
        """Let a counter grow."""
        key = name, tuple(sorted(labels.items()))
        self._now[key] = self._now.get(key, 0.0) + amount

    def observe(self, name: str, labels: Labels, value: float, bounds: Sequence[float]) -> None:
        """Put a value into a histogram."""
        first = bisect.bisect_left(bounds, value)
        for number, bound in enumerate((*map(float, bounds), float("inf"))):
            le = "+Inf" if bound == float("inf") else str(bound)
            self.add(f"{name}_bucket", {**labels, "le": le}, float(number >= first))
        self.add(f"{name}_count", labels)
        self.add(f"{name}_sum", labels, value)

    def keep(self, at: float) -> None:
        """Store every series as it is."""
        for key, value in self._now.items():
            self._kept[key].append((at, value))

    def names(self) -> set[tuple[str, frozenset[str]]]:
        """Return the names of all series with those of their labels."""
        return {(name, frozenset(key for key, _ in labels)) for name, labels in self._kept}

    def write(self, path: Path) -> None:
        """Write all of it as OpenMetrics."""
        with path.open("w", encoding="utf-8") as file:
            known = ""
            for (name, labels), points in sorted(self._kept.items()):
                if name != known:
                    file.write(f"# TYPE {name} unknown\n")
                    known = name
                head = f"{name}{{{exporter.written(dict(labels))}}}"
                file.writelines(f"{head} {value} {at}\n" for at, value in points)
            file.write("# EOF\n")


class Day:
    """The day, recorded minute by minute."""

    def __init__(self) -> None:
        self.chance = random.Random(7)
        self.fleets = (
            Fleet("castle", players=26, minimum=3, maximum=32, start=3, price=0.81),
            Fleet("workshop", players=7, minimum=1, maximum=12, start=2, price=0.81),
        )
        self.recorder = Recorder()
        self.load = exporter.Load(relayed=dict.fromkeys(RELAYS, 0.0))
        self.spent = 0.0
        self.work = [0.0] * len(NODES) * GPUS

    def play(self) -> Recorder:
        """Play it whole."""
        self._begin()
        for now in range(FIRST, LAST + 1):
            for fleet in self.fleets:
                for visit in fleet.minute(now, self.chance):
                    self._visited(fleet, visit)
                self._sized(fleet)
                self._played(fleet)
            self._services(now)
            self._upstream(END - (LAST - now) * MINUTE)
            self.recorder.keep(END - (LAST - now) * MINUTE)
        return self.recorder

    def _replica(self) -> Labels:
        return _pod("matchmaker", self.chance.choice("ab"), service="px-matchmaker")

    def _begin(self) -> None:
        """Let what is counted by reason be there from the start, as our services have it."""
        for fleet in self.fleets:
            for replica in "ab":
                labels = {**_pod("matchmaker", replica, service="px-matchmaker"), "fleet": fleet.name}
                for reason in ("no_path", "relay_unreachable"):
                    self.recorder.add("pixelstream_ice_failures_total", {**labels, "reason": reason}, 0)
                for reason in DROPS:
                    self.recorder.add("pixelstream_player_drops_total", {**labels, "reason": reason}, 0)
                self.recorder.add("pixelstream_player_freezes_total", labels, 0)

    def _visited(self, fleet: Fleet, visit: Visit) -> None:
        labels = {**self._replica(), "fleet": fleet.name}
        recorder = self.recorder
        recorder.observe("matchmaker_wait_seconds", labels, visit.waited, WAITS)
        recorder.observe("matchmaker_claim_seconds", self._replica(), visit.phases["seat"] / 6, SHORT)
        if visit.failed:
            recorder.add("pixelstream_ice_failures_total", {**labels, "reason": visit.failed})
            return
        way = {**labels, "candidate": visit.candidate}
        recorder.observe("pixelstream_first_frame_seconds", way, visit.first_frame, FIRST_FRAME)
        for phase, seconds in visit.phases.items():
            recorder.observe("pixelstream_visit_phase_seconds", {**labels, "phase": phase}, seconds, PHASES)
        stream = _pod("streamer", f"{fleet.name}-{self.chance.randrange(4)}", fleet=fleet.name)
        recorder.observe(
            "signalserver_turn_api_seconds", stream, self.chance.lognormvariate(-5.4, 0.6), ANSWERS
        )
        source = "stale" if self.chance.random() < 0.01 else "turn_api"
        recorder.add("signalserver_ice_configs_total", {**stream, "source": source}, 2)
        recorder.add(
            "turnapi_answers_total", {**_pod("turn-api", self.chance.choice("ab")), "result": "ok"}, 2
        )

    def _sized(self, fleet: Fleet) -> None:
        used = {"streams_wanted": fleet.wanted, "streams_buffer": 2, "streams_minimum": fleet.minimum}
        left = 120.0 - self.spent
        there = {
            **{f"pixelstream_{name}": value for name, value in used.items()},
            "pixelstream_streams_maximum": fleet.maximum,
            "pixelstream_budget_capped": float(fleet.wanted == fleet.maximum),
            "matchmaker_queue_length": len(fleet.queue),
            "matchmaker_streams": fleet.ready + len(fleet.starting),
            "matchmaker_streams_ready": fleet.ready,
            "matchmaker_streams_available": fleet.ready - fleet.taken,
            "matchmaker_seats_taken": fleet.taken,
        }
        if fleet.name == "castle":
            there |= {"pixelstream_budget_streams": fleet.maximum, "pixelstream_budget_gpu_hours_left": left}
        for replica in "ab":
            labels = {**_pod("matchmaker", replica, service="px-matchmaker"), "fleet": fleet.name}
            for name, value in there.items():
                self.recorder.tell(name, labels, value)

    def _played(self, fleet: Fleet) -> None:
        """Count a minute of the streams that are there, and what players report of it."""
        labels = {**_pod("matchmaker", "a", service="px-matchmaker"), "fleet": fleet.name}
        starting = len(fleet.starting)
        states = {"busy": fleet.taken, "idle": fleet.ready - fleet.taken, "starting": starting}
        for state, count in states.items():
            self.recorder.add(
                "pixelstream_gpu_seconds_total", {**labels, "state": state}, MINUTE * count * SHARE
            )
            cost = fleet.price * count * SHARE * MINUTE / HOUR
            self.recorder.add("pixelstream_gpu_cost_total", {**labels, "state": state}, cost)
        self.spent += sum(states.values()) * SHARE * MINUTE / HOUR * (fleet.name == "castle")
        self.recorder.add("pixelstream_session_seconds_total", labels, MINUTE * fleet.taken)
        for _ in range(2 * fleet.taken):
            self._reported({**self._replica(), "fleet": fleet.name})
        for _ in fleet.released:
            self._ended(fleet)

    def _reported(self, labels: Labels) -> None:
        trip = self.chance.lognormvariate(-3.4, 0.5)
        frames = min(
            60.0, self.chance.gauss(59.2, 1.2) if self.chance.random() < 0.93 else self.chance.uniform(24, 58)
        )
        self.recorder.observe("pixelstream_player_rtt_seconds", labels, trip, ROUND_TRIPS)
        self.recorder.observe("pixelstream_player_frames_per_second", labels, frames, FRAME_RATES)
        self.recorder.add("pixelstream_player_freezes_total", labels, float(self.chance.random() < 0.004))

    def _ended(self, fleet: Fleet) -> None:
        reasons, weights = ("left", "idle", "expired", "streamer_lost"), (86, 10, 3, 0.2)
        reason = self.chance.choices(reasons, weights)[0]
        self.recorder.add("matchmaker_sessions_released_total", {**self._replica(), "reason": reason})
        stream = _pod("streamer", f"{fleet.name}-{self.chance.randrange(4)}", fleet=fleet.name)
        self.recorder.add("signalserver_visit_seconds_count", {**stream, "reason": reason})
        if self.chance.random() < 0.03:
            labels = {
                **self._replica(),
                "fleet": fleet.name,
                "reason": self.chance.choice(DROPS),
            }
            self.recorder.add("pixelstream_player_drops_total", labels)

    def _services(self, now: int) -> None:
        for replica in "ab":
            matchmaker = _pod("matchmaker", replica, service="px-matchmaker")
            trip = self.chance.lognormvariate(-7.4, 0.5)
            for _ in range(20):
                self.recorder.observe("pixelstream_store_round_trip_seconds", matchmaker, trip, STORE_TRIPS)
            self._process(matchmaker, 62e6, 0.02 + 0.004 * sum(fleet.taken for fleet in self.fleets))
            failed = {**matchmaker, "reason": self.chance.choice(("claim_timeout", "not_ready"))}
            self.recorder.add("matchmaker_match_failures_total", failed, float(self.chance.random() < 0.02))
            refused = {**matchmaker, "reason": "unknown_fleet"}
            self.recorder.add("matchmaker_joins_refused_total", refused, float(self.chance.random() < 0.005))
            turn_api = _pod("turn-api", replica)
            self.recorder.tell("turnapi_relays_offered", turn_api, 2 - (800 < now < 812))
            drains = 800 < now < 812
            for state, count in (("offered", 2 - drains), ("draining", int(drains)), ("unready", 0)):
                self.recorder.tell("pixelstream_turn_relays", {**turn_api, "state": state}, count)
            self.recorder.tell("turnapi_relays_age_seconds", {**turn_api, "source": "kubernetes"}, now % 4)
            self.recorder.tell("turnapi_credentials_lifetime_seconds", turn_api, 43200)
            self._process(turn_api, 47e6, 0.004)
            self._process(_pod("gate", replica), 51e6, 0.01)
        for fleet in self.fleets:
            for number in range(2):
                self._process(_pod("streamer", f"{fleet.name}-{number}", fleet=fleet.name), 55e6, 0.03)

    def _process(self, labels: Labels, memory: float, cpu: float) -> None:
        self.recorder.tell("pixelstream_build_info", {**labels, "version": __version__}, 1)
        self.recorder.tell("process_resident_memory_bytes", labels, memory * self.chance.uniform(0.99, 1.03))
        self.recorder.add("process_cpu_seconds_total", labels, MINUTE * cpu * self.chance.uniform(0.8, 1.2))

    def _upstream(self, at: float) -> None:
        self.load.fleets = {
            it.name: (it.ready + len(it.starting), it.wanted, it.minimum, it.maximum) for it in self.fleets
        }
        taken = sum(fleet.taken for fleet in self.fleets)
        ready = sum(fleet.ready for fleet in self.fleets)
        for number in range(len(NODES) * GPUS):
            played, idle = (max(0, min(4, (it + 11 - number) // 12)) for it in (taken, ready - taken))
            aim = 0.21 * played + 0.03 * idle + 0.04 * self.chance.random() * (ready > number)
            self.work[number] += 0.25 * (aim - self.work[number])
        gpus = [number * GPUS for number in range(len(NODES))]
        self.load.busy = {
            node: tuple(self.work[it : it + GPUS]) for node, it in zip(NODES, gpus, strict=True)
        }
        relayed = round(0.23 * taken)
        for number, pod in enumerate(self.load.relayed):
            share = (relayed + 1 - number) // 2
            self.load.allocations[pod] = (2 * share, share // 3)
            self.load.relayed[pod] += share * MINUTE * 1.4e6 * self.chance.uniform(0.9, 1.1)
        for name, labels, value in exporter.samples(at, self.load):
            self.recorder.tell(name, labels, value)


def _pod(component: str, suffix: str, **more: str) -> Labels:
    container = {"streamer": "signalserver"}.get(component, component)
    pod = f"px-{'proxy' if component == 'gate' else component}-{suffix}"
    return {"namespace": "streams", "pod": pod, "container": container, **more}


DAY = View(
    start=END - 12 * HOUR,
    end=END,
    step=MINUTE,
    variables={"namespace": "streams", "fleet": ".*", "node": ".*", "gpu": ".*"},
)
"""What a reader sees who looks at the last twelve hours of it."""


@contextmanager
def served(folder: Path) -> Iterator[Prometheus]:
    """Run a Prometheus that has the day, with what the chart's rules would have recorded of it."""
    file = folder / "day.om"
    Day().play().write(file)
    rules.promtool("tsdb", "create-blocks-from", "openmetrics", "--quiet", file, folder / "data")
    with prometheus(folder, interval="1m") as running:
        backfill = ["tsdb", "create-blocks-from", "rules", f"--start={DAY.start:.0f}", f"--end={END:.0f}"]
        recorded = rules.write(folder)
        rules.promtool(*backfill, f"--url={running.url}", f"--output-dir={folder / 'data'}", recorded)
    with prometheus(folder, interval="1m") as running:  # a new one, since blocks are read at its start
        yield running
