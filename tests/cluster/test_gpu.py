"""Streams by GPU count on a real scheduler, with a device that the test declares in a node's status.

Trap: an extended resource stays in the node's status until it is taken out, so it has a name of its own
that no other test asks for.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.cluster.node import host
from tests.cluster.node.kubectl import Kubectl
from tests.cluster.release import Charts, Release

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(600)]

GPUS = 2
DEVICE = "pixelstream.test/gpu"
PATH = "/status/capacity/pixelstream.test~1gpu"
SECONDS = 90.0


def _values(streams: int, placeholders: int = 0) -> dict[str, Any]:
    """Streams that each need a GPU; only they, the matchmaker and what keeps the nodes warm."""
    return {
        **{name: {"enabled": False} for name in ("router", "player", "turn", "turn-api")},
        "streamer": {
            "config": {"mode": "signalling"},
            "replicas": streams,
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 0, "maxUnavailable": "100%"}},
            "gpu": {"mode": "dedicated", "resource": DEVICE},
            "warm": {"prePull": True, "placeholders": placeholders},
            "terminationGracePeriodSeconds": 60,
        },
    }


@pytest.fixture
def gpus(kubectl: Kubectl) -> Iterator[int]:
    """Give a node `GPUS` GPUs, as a device plugin would, and take them away again."""
    nodes = [it["metadata"] for it in kubectl.json("get", "nodes")["items"]]
    node = next(it["name"] for it in nodes if "kwok.x-k8s.io/node" not in it.get("annotations", {}))

    def patch(*steps: dict[str, Any]) -> None:
        kubectl("patch", "node", node, "--subresource=status", "--type=json", "--patch", json.dumps(steps))

    patch({"op": "add", "path": PATH, "value": str(GPUS)})
    yield GPUS
    patch({"op": "remove", "path": PATH})


def _phases(release: Release, component: str) -> dict[str, str]:
    """Phase of each pod of a component, by name; those on their way out are left out."""
    found = release.kubectl.json("get", "pods", "--selector", f"app.kubernetes.io/name={component}")["items"]
    live = [pod for pod in found if "deletionTimestamp" not in pod["metadata"]]
    return {pod["metadata"]["name"]: pod["status"]["phase"] for pod in live}


def _counts(release: Release, component: str) -> tuple[int, int]:
    """How many pods of a component run, and how many wait for room."""
    phases = [*_phases(release, component).values()]
    return phases.count("Running"), phases.count("Pending")


def _wait(release: Release, component: str, running: int, pending: int) -> None:
    what = f"{running} {component} running and {pending} waiting"
    host.wait(what, lambda: _counts(release, component) == (running, pending), SECONDS)


def test_a_gpu_carries_one_stream_and_room_held_for_streams_is_given_up_to_them(
    charts: Charts, gpus: int
) -> None:
    with charts.release("gpu") as release:
        asyncio.run(release.deploy(_values(streams=1, placeholders=gpus - 1)))
        _wait(release, "streamer", 1, 0)
        _wait(release, "streamer-room", gpus - 1, 0)
        _wait(release, "streamer-image", 1, 0)

        release.kubectl("scale", "deployment/px-streamer-default", f"--replicas={gpus}")
        _wait(release, "streamer", gpus, 0)
        _wait(release, "streamer-room", 0, gpus - 1)

        release.kubectl("scale", "deployment/px-streamer-default", f"--replicas={gpus + 1}")
        _wait(release, "streamer", gpus, 1)
        (waiting,) = [name for name, phase in _phases(release, "streamer").items() if phase == "Pending"]
        events = release.kubectl.json("get", "events", "--field-selector", f"involvedObject.name={waiting}")
        assert any(f"Insufficient {DEVICE}" in event["message"] for event in events["items"])

        release.kubectl("scale", "deployment/px-streamer-default", "--replicas=1")
        _wait(release, "streamer", 1, 0)
        _wait(release, "streamer-room", gpus - 1, 0)
