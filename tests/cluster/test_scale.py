"""A thousand streams behind one matchmaker: watched in little memory, and played on without a loss."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cluster.node.kubectl import Kubectl
from tests.cluster.scale import fleet, measure
from tests.cluster.scale.fleet import Fleet

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(1800)]

STREAMS, PLAYERS = 1000, 1500
MOST_MB = 200.0
WRITES = 2.0
"""Writes to the API server that a session may cost."""


@pytest.fixture
def pods(kubectl: Kubectl, namespace: Kubectl, tmp_path: Path) -> Iterator[Fleet]:
    kubectl("label", "namespace", namespace.namespace, "pod-security.kubernetes.io/enforce-", "--overwrite")
    with fleet.kwok(kubectl, tmp_path):
        made = Fleet(namespace)
        yield made
        made.end()


async def test_a_thousand_streams_are_watched_in_little_memory_and_lose_nobody(
    pods: Fleet, namespace: Kubectl, tmp_path: Path
) -> None:
    measure.allow_files()
    async with measure.matchmaker(tmp_path, namespace, length=2.0) as made:
        (found,) = [one async for one in measure.grow(made, pods, [(STREAMS, PLAYERS)])]
        print(found)  # noqa: T201 - shown with a test that fails
        assert found.lost == 0
        assert found.rss_idle < MOST_MB
        assert found.rss < MOST_MB
        assert found.writes <= WRITES
        names = await asyncio.to_thread(pods.size, STREAMS - 100)
        await made.lists(names)
