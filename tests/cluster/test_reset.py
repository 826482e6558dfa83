"""A streamer that is started again between two players, by its own container's checks alone.

Trap: the kubelet puts each further restart off, from 10 s up to 5 min; so the second one here waits.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from tests.cluster.release import Charts, Release
from tests.cluster.test_busy import VALUES, Fleet

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def clean(charts: Charts) -> Iterator[Release]:
    streamer = VALUES["streamer"] | {"replicas": 1, "reset": {"kind": "restart"}}
    with charts.release("reset") as made:
        asyncio.run(made.deploy(VALUES | {"streamer": streamer}))
        yield made


def restarts(release: Release, container: str) -> int:
    (pod,) = release.pods("streamer")
    status: dict[str, Any] = pod["status"]
    found = [*status["containerStatuses"], *status.get("initContainerStatuses", [])]
    return next(int(one["restartCount"]) for one in found if one["name"] == container)


async def test_each_player_finds_a_streamer_that_was_started_for_it(clean: Release) -> None:
    async with clean.way("deployment/px-matchmaker", 3000) as address:
        fleet = Fleet(clean, address)
        (pod,) = fleet.names()
        for visits in (1, 2):
            assert await fleet.take() == pod
            assert restarts(clean, "streamer") == visits - 1
            await fleet.free(pod)  # the label follows the seat, which a reset holds
            assert restarts(clean, "streamer") == visits
        assert restarts(clean, "signalserver") == 0
        assert fleet.names() == [pod]
