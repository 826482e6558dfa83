"""`helm install` without values ends with a stream in a browser outside the cluster.

Trap: a browser on this machine reaches pods directly, which one on the internet does not, so the visits
here allow nothing but the relay.
"""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from pixelstream.cli import status
from pixelstream.cli.stack import browser
from tests.cluster.release import Release, play

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(600)]

SERVICES = {"matchmaker", "player", "proxy", "router", "streamer", "turn", "turn-api"}


def used(pod: dict[str, Any]) -> bool:
    return any(
        entry["type"] == "Ready" and entry["status"] == "True" for entry in pod["status"]["conditions"]
    )


async def test_all_pods_of_an_installation_without_values_are_ready(stack: Release) -> None:
    pods = stack.pods()
    assert {pod["metadata"]["labels"]["app.kubernetes.io/name"] for pod in pods} == SERVICES
    assert [pod["metadata"]["name"] for pod in pods if not used(pod)] == []


async def test_no_container_had_to_be_started_twice(stack: Release) -> None:
    restarts = {
        f"{pod['metadata']['name']}/{container['name']}": container["restartCount"]
        for pod in stack.pods()
        for container in pod["status"]["containerStatuses"]
    }
    assert {name: count for name, count in restarts.items() if count} == {}


async def test_helm_test_passes(stack: Release) -> None:
    logs = await stack.test()
    assert "ok: the waiting room told of a place in it" in logs
    assert "ok: a stream gave its seat" in logs


async def test_a_browser_outside_plays_through_the_relay_and_shows_an_input(
    stack: Release, artifacts: Path
) -> None:
    async with stack.way("service/px-router", 80) as address, browser.browser() as chromium:
        page = await play(chromium, f"http://{address}/")
        inputs = [await browser.input_to_picture(page, key) for key in browser.KEYS]
        seen, phases = await browser.stats(page), await browser.phases(page)
        await page.screenshot(path=artifacts / "install.png")
    assert seen["candidatePair"] == "relay"
    ready = stack.served - stack.began
    report = {
        "install_to_free_stream_s": round(ready, 2),
        "page_to_first_frame_ms": round(phases["firstFrame"], 1),
        "install_to_first_frame_s": round(ready + phases["firstFrame"] / 1000, 2),
        "input_to_picture_ms": [round(value, 1) for value in inputs],
        "candidate_pair": seen["candidatePair"],
        "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }
    (artifacts / "install.json").write_text(json.dumps(report, indent=2) + "\n")
    assert report["install_to_first_frame_s"] < 120


async def test_status_shows_the_session_while_it_plays(stack: Release) -> None:
    async with stack.way("service/px-router", 80) as address, browser.browser() as chromium:
        await play(chromium, f"http://{address}/")
        found = await status.read(stack.place)
    assert found.ready
    assert found.why == []
    assert len(found.relays) == len(stack.pods("turn"))
    assert found.seats is not None
    assert [stream["state"] for stream in found.seats.streams].count("taken") == 1
    states = [one["state"] for stream in found.seats.streams for one in stream["sessions"]]
    assert states.count("connected") == 1  # beside one that is away, of a browser that was just ended
