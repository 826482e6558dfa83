"""A release that scales by a metric, its players, and the cluster's word on both.

The trap: an upgrade of values reaches the matchmaker by a mounted file that the kubelet renews when it next
looks at the pod, within a minute or so; here the pods are touched, so that it looks at once.
"""

from __future__ import annotations

import asyncio
import base64
import logging
import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from typing import Any

import orjson

from pixelstream.auth.keys import SharedKeys
from pixelstream.net.dial import dial
from pixelstream.net.websocket import WebSocket
from tests.charts.helm import objects, of_kind, template
from tests.cluster.monitoring import Monitoring
from tests.cluster.node import host
from tests.cluster.release import Release
from tests.support.matchmaking import Visitor

log = logging.getLogger(__name__)

FLEET = "deployment/px-streamer-default"
SCALER = "horizontalpodautoscaler/px-streamer-default"
SECONDS = 150.0
SCRAPE = 4
"""Seconds between two readings of Prometheus: no divisor of the autoscaler's five, or the two would keep
step, and every run would be as lucky as it began."""
QUICK = 5
"""Seconds that scaling down looks back."""


def values(
    *,
    buffer: int = 1,
    minimum: int = 1,
    window: int = QUICK,
    metric: dict[str, Any] | None = None,
    page: bool = False,
) -> dict[str, Any]:
    """Values of a release that is the loop and nothing else; with `page` there is one, and real media."""
    scaling = {
        "enabled": True,
        "minReplicas": minimum,
        "maxReplicas": 6,
        "buffer": buffer,
        "behavior": {"scaleDown": {"stabilizationWindowSeconds": window}},
        **({"metric": metric} if metric else {}),
    }
    return {
        **{name: {"enabled": page} for name in ("router", "player")},
        **{name: {"enabled": False} for name in ("turn", "turn-api")},
        "global": {"monitoring": {"enabled": True, "interval": f"{SCRAPE}s"}},
        "streamer": {
            **({} if page else {"config": {"mode": "signalling"}}),
            "signalserver": {"config": {"auth": {"lease": "optional"}}},
            "autoscaling": scaling,
            "terminationGracePeriodSeconds": 600,
        },
    }


class Guest(Visitor):
    """A player's socket that knows when it was matched, and when its seat spoke; by `time.monotonic`."""

    def __init__(self) -> None:
        super().__init__()
        self.came = time.monotonic()
        self.matched_at: float | None = None
        self.spoken = asyncio.Event()
        self.seated_at: float | None = None

    def received(self, ws: WebSocket, data: bytes) -> None:
        super().received(ws, data)
        told = orjson.loads(data)
        if self.matched_at is None and told.get("matched"):
            self.matched_at = time.monotonic()
        if self.seated_at is None and told["type"] == "config":
            self.seated_at = time.monotonic()
            self.spoken.set()

    async def sits(self) -> None:
        """Wait until its seat has spoken to it."""
        async with asyncio.timeout(SECONDS):
            await self.spoken.wait()


class Loop:
    """The release, and who plays at it."""

    def __init__(self, release: Release, watched: Monitoring) -> None:
        self.release, self.kubectl, self.watched = release, release.kubectl, watched
        self.address = ""
        self.players: list[Guest] = []
        self._given: dict[str, Any] = {}

    def watch(self) -> None:
        """Have Prometheus read what the charts say."""
        monitors = of_kind(objects(template(values=values())), "PodMonitor")
        self.watched.watch(self.release.place.namespace, monitors, f"{SCRAPE}s")

    async def deploy(self, wanted: dict[str, Any]) -> None:
        """Install or upgrade, unless it is as wanted; the matchmaker learns of it at once."""
        if wanted == self._given:
            return
        began = time.monotonic()
        await self.release.deploy(wanted)
        log.info("deployed in %.1f s", time.monotonic() - began)
        self._given = wanted
        pods = [f"pod/{pod['metadata']['name']}" for pod in self.release.pods("matchmaker")]
        self.kubectl("annotate", "--overwrite", *pods, f"tests/touched={time.time_ns()}")

    @asynccontextmanager
    async def opened(self, wanted: dict[str, Any], *, rests: int = 1) -> AsyncIterator[Loop]:
        """Deploy, find the fleet at rest with so many streams, and have nobody in it afterwards."""
        await self.deploy(wanted)
        async with self.release.way("deployment/px-matchmaker", 3000) as self.address:
            await self.condition("ScalingActive", "True")  # the adapter has found the metric
            await self.rests(rests)
            try:
                yield self
            finally:
                await self.leave(*list(self.players))

    async def arrive(self, count: int = 1) -> list[Guest]:
        """Let players come; they wait, or are seated at once."""
        return [await self.come() for _ in range(count)]

    async def come(self) -> Guest:
        """Let one player come."""
        guest = Guest()
        guest.ws = await dial(f"ws://{self.address}/ws", guest)
        self.players.append(guest)
        return guest

    async def leave(self, *leaving: Guest) -> None:
        """Let players say goodbye, and be heard: whose way is cut before keeps the seat for a minute."""
        for guest in leaving:
            guest.ws.close()
            self.players.remove(guest)
        for guest in leaving:
            await guest.ended()

    async def seated(self, players: Iterable[Guest]) -> None:
        """Wait until the seats of these have spoken to them."""
        await asyncio.gather(*(guest.sits() for guest in players))

    def key(self) -> str:
        """The release's control key, which operators have."""
        spec = self.kubectl.json("get", "deployment/px-matchmaker")["spec"]["template"]["spec"]
        (secret,) = (it["secret"]["secretName"] for it in spec["volumes"] if it["name"] == "keys")
        text = base64.b64decode(self.kubectl.json("get", "secret", secret)["data"]["control-key"]).decode()
        return SharedKeys.parse(text, "control-key").said

    def wanted(self) -> int:
        """Replicas that the autoscaler gave the fleet."""
        return int(self.kubectl.json("get", FLEET)["spec"]["replicas"])

    def pods(self) -> list[str]:
        """Streams that were not told to end."""
        return sorted(pod["metadata"]["name"] for pod in self.release.pods("streamer"))

    async def until(self, what: str, check: Callable[[], bool], seconds: float = SECONDS) -> None:
        """Wait for the cluster without keeping the players' sockets from being served."""
        began = time.monotonic()
        await asyncio.to_thread(host.wait, what, check, seconds)
        log.info("%s after %.1f s", what, time.monotonic() - began)

    async def rests(self, streams: int) -> None:
        """Wait until the fleet has so many streams, all there and none on its way in or out."""
        labels = f"{self.release.place.selector},app.kubernetes.io/name=streamer"

        def holds() -> bool:
            found = self.kubectl.json("get", "deployments,pods", f"--selector={labels}")["items"]
            (fleet,) = (item for item in found if item["kind"] == "Deployment")
            pods = [item for item in found if item["kind"] == "Pod"]
            ready = fleet["status"].get("readyReplicas", 0)
            return bool(fleet["spec"]["replicas"] == ready == len(pods) == streams)

        await self.until(f"a fleet of {streams} at rest", holds)

    def reads(self) -> set[str]:
        """Types of the metrics that the autoscaler has a value of."""
        status = self.kubectl.json("get", SCALER)["status"]
        return {it["type"] for it in status.get("currentMetrics") or [] if it.get(it["type"].lower())}

    async def condition(self, kind: str, status: str) -> None:
        """Wait until the autoscaler says this of itself."""

        def holds() -> bool:
            told = self.kubectl.json("get", SCALER)["status"].get("conditions", [])
            return any(it["type"] == kind and it["status"] == status for it in told)

        await self.until(f"{kind} {status}", holds)
