"""A visit in Chromium moves the matchmaker's histograms, and all services' logs name it alike."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from typing import Any

import httpx
import orjson
import pytest
from playwright.async_api import Browser, Request

from pixelstream.cli.stack import browser
from pixelstream.cli.stack.run import Stack
from pixelstream.protocol.quality import PATH

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

DEADLINE = 40.0
PHASES = ("queue", "seat", "signalling", "ice", "frame")
SERVICES = ("matchmaker", "edge", "stream-1", "turn-api")


async def figures(stack: Stack) -> dict[str, float]:
    async with httpx.AsyncClient(trust_env=False) as client:
        text = (await client.get(f"{stack.plan.matchmaker}/metrics")).text
    pairs = (line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
    return {name: float(value) for name, value in pairs}


async def until(stack: Stack, holds: Callable[[dict[str, float]], bool]) -> dict[str, float]:
    async with asyncio.timeout(DEADLINE):
        while not holds(found := await figures(stack)):  # noqa: ASYNC110 - metrics can only be asked
            await asyncio.sleep(0.2)
    return found


def lines(stack: Stack, service: str) -> list[dict[str, Any]]:
    file = stack.supervisor.log_of(stack.plan.services[service])
    return [orjson.loads(line) for line in file.read_bytes().splitlines() if line.startswith(b"{")]


async def told(stack: Stack, trace: str, *words: str) -> list[str]:
    """Wait until the matchmaker has told of all of these; return the events of the visit."""
    async with asyncio.timeout(DEADLINE):
        while True:
            found = [line for line in lines(stack, "matchmaker") if line.get("trace") == trace]
            if set(words) <= {word for line in found for word in (line["event"], line.get("part"))}:
                return [line["event"] for line in found]
            await asyncio.sleep(0.1)


async def test_a_visit_moves_the_histograms_and_has_one_name_in_all_logs(
    stack: Stack, chromium: Browser
) -> None:
    before = await figures(stack)
    page = await browser.open_page(chromium, stack.plan.page)
    asked: list[str] = []

    def note(request: Request) -> None:
        if request.url.endswith(PATH):
            asked.append(request.post_data or "")

    page.on("request", note)
    await browser.wait_state(page, "playing")
    trace = str(await page.evaluate("window.pixelstream.trace"))
    assert re.fullmatch("[0-9a-f]{32}", trace)

    def moved(name: str) -> Callable[[dict[str, float]], bool]:
        return lambda now: now.get(name, 0) > before.get(name, 0)

    first = 'pixelstream_first_frame_seconds_count{candidate="relay",fleet="default"}'
    now = await until(stack, moved(first))
    for phase in PHASES:
        assert moved(f'pixelstream_visit_phase_seconds_count{{fleet="default",phase="{phase}"}}')(now), phase
    now = await until(stack, moved('pixelstream_player_frames_per_second_count{fleet="default"}'))
    assert moved('pixelstream_player_rtt_seconds_count{fleet="default"}')(now)
    await page.close(run_before_unload=True)
    events = await told(stack, trace, "session over", "end")
    assert events[:2] == ["player waits", "matched"]
    for service in SERVICES:
        found = [line["event"] for line in lines(stack, service) if line.get("trace") == trace]
        assert found, f"{service} does not name the visit"
    # No address of anybody is in what the page has told.
    assert asked
    assert not any(re.search(r"\d+\.\d+\.\d+\.\d+|[0-9a-f]*:[0-9a-f]*:", text) for text in asked)


async def test_the_details_show_the_visits_name(stack: Stack, chromium: Browser) -> None:
    page = await browser.open_page(chromium, stack.plan.page)
    await browser.wait_state(page, "playing")
    trace = str(await page.evaluate("window.pixelstream.trace"))
    await page.mouse.move(200, 200)
    await page.evaluate("document.querySelector('[data-tool=details]').click()")
    await page.wait_for_function(
        "(name) => document.querySelector('#details .trace')?.textContent === name", arg=trace
    )
    await page.close(run_before_unload=True)
