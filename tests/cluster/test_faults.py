"""Faults on the cluster, each once or as often as is asked for, while sessions play: none may be lost.

Trap: sessions go on from one fault to the next, as they do in life, so the order of the faults matters to
what is left of streams that were told to end.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator

import pytest

from tests.cluster import valkey
from tests.cluster.node.provider import Cluster
from tests.cluster.release import Charts, Release
from tests.faults import report, runner
from tests.faults.cluster.ground import VALUES, playing
from tests.faults.cluster.strikes import FAULTS
from tests.faults.fault import Form, Outcome

REPETITIONS = int(os.environ.get("FAULTS_REPETITIONS", "1"))
"""How often each fault strikes."""

LONG = bool(os.environ.get("FAULTS_LONG"))
"""Whether what is away stays away for as long as the words of its fault say."""

pytestmark = [pytest.mark.cluster, pytest.mark.own_node, pytest.mark.timeout(1500 * REPETITIONS * (1 + LONG))]


@pytest.fixture(scope="module")
def release(charts: Charts, cluster: Cluster) -> Iterator[Release]:
    cluster.load(valkey.IMAGE)
    with charts.release("faults") as made:
        valkey.start(made.kubectl)
        asyncio.run(made.deploy(VALUES))
        yield made


async def test_no_fault_costs_a_session(release: Release) -> None:
    form, outcomes = Form(long=LONG, repeat=REPETITIONS), list[Outcome]()

    def told(outcome: Outcome, done: int, of: int) -> None:
        if done == of:
            outcomes.append(outcome)
            report.write("cluster", form.name, outcomes)

    async with playing(release, VALUES, form) as ground:
        found = await runner.run(ground, FAULTS, told)
    assert report.complaints(found) == []
    assert [one.name for one in found] == [one.name for one in FAULTS]
