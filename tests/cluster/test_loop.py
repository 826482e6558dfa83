"""The scaling loop for real: matchmaker, Prometheus, adapter and the cluster's own autoscaler.

Players are sockets at the matchmaker and streams answer signalling only, but where a page is asked for; so
what is timed is the loop. Traps: each measurement begins from a fleet at rest, or it would be that of the
tail of the one before; and a player must be matched before it may be counted as one that must not be lost.
"""

from __future__ import annotations

import asyncio
import json
import math
import os
import random
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from pixelstream.cli.stack import browser
from tests.cluster import kinds
from tests.cluster.loop import Loop, values
from tests.cluster.monitoring import IMAGES, Monitoring, monitoring
from tests.cluster.node.kubectl import Kubectl
from tests.cluster.node.provider import Cluster
from tests.cluster.recording import INTERVAL, PATTERN, WAVES, WINDOW, record, told
from tests.cluster.release import PLAYING_SECONDS, Charts, still_plays

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(1800)]

REACTION = 20.0
"""Seconds from the arrival of players to the number of replicas that they want, at the 95th percentile."""

GROUPS = (1, 1, 2)
"""Players who come, each time to a fleet at rest."""

REPETITIONS = int(os.environ.get("LOOP_REPETITIONS", "3"))
"""How often players come; `LOOP_REPETITIONS=20` gives figures worth telling."""

LONG = bool(os.environ.get("LOOP_LONG"))
"""Whether the simulator is held against a run long enough for chance to average out: six minutes."""

WANTED = "pixelstream_streams_wanted"
ALLOCATED = "signalserver_stream_allocated"
MADE = "A stream is being started"


@pytest.fixture(scope="module")
def watched(cluster: Cluster, kubectl: Kubectl) -> Iterator[Monitoring]:
    cluster.load(*IMAGES)
    with kinds.known(kubectl, "prometheus-operator"), monitoring(kubectl) as found:
        yield found


@pytest.fixture(scope="module")
def loop(charts: Charts, watched: Monitoring) -> Iterator[Loop]:
    with charts.release("loop") as made:
        found = Loop(made, watched)
        found.watch()
        yield found


async def test_a_player_waits_in_the_page_while_the_first_stream_starts_and_plays_without_a_reload(
    loop: Loop, artifacts: Path
) -> None:
    async with loop.opened(values(buffer=0, minimum=0, page=True), rests=0):
        async with loop.release.way("service/px-router", 80) as address, browser.browser() as chromium:
            began = time.monotonic()
            page = await browser.open_page(chromium, f"http://{address}/")
            await page.wait_for_function("words => document.body.innerText.includes(words)", arg=MADE)
            await page.evaluate("window.sameDocument = true")
            await page.screenshot(path=artifacts / "from-zero.png", animations="disabled")
            state = await browser.wait_state(page, "playing", "failed", "ended", deadline=2 * PLAYING_SECONDS)
            assert state == "playing", await page.evaluate("window.pixelstream.reason")
            seconds = time.monotonic() - began
            await browser.wake(page)
            assert await page.evaluate("window.sameDocument")
            await still_plays(page)
        await loop.rests(0)
    _note(artifacts, "zero", {"seconds_from_page_to_picture": round(seconds, 1)})


async def test_the_simulator_tells_what_the_real_loop_does(loop: Loop, artifacts: Path) -> None:
    wanted = values(buffer=0, minimum=0, window=WINDOW)
    async with loop.opened(wanted, rests=0):
        run = await record(loop, PATTERN if LONG else PATTERN[: len(PATTERN) // WAVES])
    assert run.endings == []
    off = told(run, artifacts, keep=LONG)
    bound = 0.10 if LONG else 0.5
    assert max(off["wait"], off["idle"]) < bound, off


async def test_streams_follow_players_and_a_shrinking_fleet_touches_no_session(
    loop: Loop, artifacts: Path
) -> None:
    reactions: list[float] = []
    dice = random.Random(6)
    async with loop.opened(values()):
        while len(reactions) < REPETITIONS:
            for count in GROUPS:
                here = len(loop.players)
                # At any moment between two decisions: a fleet comes to rest at a fixed time after one.
                await asyncio.sleep(dice.uniform(0.0, INTERVAL))
                began = time.monotonic()
                came = await loop.arrive(count)
                await loop.until("streams wanted", lambda: loop.wanted() == len(loop.players) + 1)
                reactions.append(time.monotonic() - began)
                await loop.seated(came)
                await loop.rests(here + count + 1)

            stays, *others = loop.players
            stream = (await stays.matched())["detail"]["id"]
            await loop.leave(*others)
            await loop.rests(2)
            assert stream in loop.pods()
            assert stays.endings == []
            await loop.leave(stays)
            await loop.rests(1)
    figures = {"p50": _share(reactions, 0.5), "p95": _share(reactions, 0.95), "lost": 0}
    _note(artifacts, "reaction", {**figures, "seconds": [round(it, 2) for it in sorted(reactions)]})
    assert figures["p95"] < REACTION if REPETITIONS >= 20 else max(reactions) < 2 * REACTION, reactions


async def test_nobody_is_scaled_away_while_nobody_knows_the_number(loop: Loop, watched: Monitoring) -> None:
    async with loop.opened(values()):
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
        assert [guest.endings for guest in came] == [[]]
        await loop.rests(2)
        assert came[0].endings == []


@pytest.mark.parametrize(
    "metric",
    [
        pytest.param(
            {"type": "Object", "name": WANTED, "averageValue": "1"}, id="of-the-matchmakers-service"
        ),
        pytest.param({"type": "Pods", "name": ALLOCATED, "averageValue": "900m"}, id="of-each-stream"),
    ],
)
async def test_an_autoscaler_may_read_a_metric(metric: dict[str, Any], loop: Loop) -> None:
    async with loop.opened(values(metric=metric)):
        await loop.until("the metric read", lambda: loop.reads() == {metric["type"]})
        (player,) = await loop.arrive()
        await loop.rests(2)
        await loop.condition("ScalingActive", "True")
        assert player.endings == []


async def test_another_buffer_acts_by_an_upgrade_that_restarts_nothing(loop: Loop) -> None:
    async with loop.opened(values()):
        (player,) = await loop.arrive()
        await loop.rests(2)
        matchmakers = {pod["metadata"]["uid"] for pod in loop.release.pods("matchmaker")}
        streams = set(loop.pods())
        await loop.deploy(values(buffer=3))
        await loop.rests(4)
        assert {pod["metadata"]["uid"] for pod in loop.release.pods("matchmaker")} == matchmakers
        assert streams <= set(loop.pods())
        assert player.endings == []


def _share(figures: Sequence[float], share: float) -> float:
    return round(sorted(figures)[math.ceil(share * len(figures)) - 1], 2)


def _note(artifacts: Path, name: str, found: dict[str, Any]) -> None:
    """Leave figures where the others of a run are."""
    (artifacts / f"loop-{name}.json").write_text(json.dumps(found, indent=1))
