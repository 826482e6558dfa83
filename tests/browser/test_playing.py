"""Chromium plays a stream through the relay, touches it, waits for it, keeps it without a matchmaker."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page

from pixelstream.cli.stack import browser
from pixelstream.cli.stack.run import Stack
from pixelstream.synthetic.strip import Kind

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

DEADLINE = 20.0
POLL = 0.1


async def until(what: Callable[[], Awaitable[bool]], deadline: float = DEADLINE) -> None:
    async with asyncio.timeout(deadline):
        while not await what():  # noqa: ASYNC110 - a page has no event of ours
            await asyncio.sleep(POLL)


@pytest_asyncio.fixture(loop_scope="module")
async def playing(stack: Stack, chromium: Browser) -> AsyncIterator[Page]:
    page = await browser.open_page(chromium, stack.plan.page + "?HoveringMouse=true")
    await browser.wait_state(page, "playing")
    await browser.wake(page)
    yield page
    await page.close(run_before_unload=True)


async def frames(page: Page) -> int:
    return int((await browser.stats(page))["framesDecoded"])


async def strip(page: Page) -> dict[str, Any]:
    found = await browser.strip(page)
    assert found is not None, "the picture has no readable strip"
    return found


async def test_a_stream_plays_through_the_relay_alone(playing: Page, artifacts: Path) -> None:
    before = await frames(playing)

    async def plays_on() -> bool:
        return await frames(playing) > before + 30

    await until(plays_on)
    stats = await browser.stats(playing)
    assert (stats["candidatePair"], stats["codec"]) == ("relay", "H264")
    assert (await strip(playing))["mode"] == "live"
    await playing.screenshot(path=artifacts / "playing.png")


async def test_a_typed_key_shows_in_the_picture(playing: Page) -> None:
    inputs = (await strip(playing))["inputs"]
    await playing.keyboard.press("g")

    async def shows() -> bool:
        seen = await strip(playing)
        return bool(seen["inputs"] != inputs and (seen["kind"], seen["code"]) == (Kind.KEY, ord("G")))

    await until(shows)


async def test_the_pointer_shows_where_it_was_pressed(playing: Page) -> None:
    box = await playing.locator("video").bounding_box()
    assert box is not None
    picture = min(box["width"] / 16, box["height"] / 9)
    left, top = box["x"] + box["width"] / 2 - 8 * picture, box["y"] + box["height"] / 2 - 4.5 * picture
    await playing.mouse.click(left + 4 * picture, top + 4.5 * picture)

    async def shows() -> bool:
        seen = await strip(playing)
        return bool(seen["kind"] == Kind.POINTER and abs(seen["x"] - 64) <= 3 and abs(seen["y"] - 128) <= 3)

    await until(shows)


async def test_a_second_player_waits_and_gets_the_seat_when_the_first_leaves(
    stack: Stack, chromium: Browser, artifacts: Path
) -> None:
    first = await browser.open_page(chromium, stack.plan.page)
    await browser.wait_state(first, "playing")
    second = await browser.open_page(chromium, stack.plan.page, width=390, height=844)
    await browser.wait_state(second, "waiting")
    await second.wait_for_function("() => window.pixelstream.queue?.position === 1")
    await second.screenshot(path=artifacts / "waiting-phone.png")
    await first.close(run_before_unload=True)
    await browser.wait_state(second, "playing")
    assert (await browser.stats(second))["candidatePair"] == "relay"
    await second.close(run_before_unload=True)


async def test_playing_goes_on_while_the_matchmaker_restarts(stack: Stack, playing: Page) -> None:
    session, offer = (await strip(playing))["session"], (await browser.phases(playing))["offer"]
    matchmaker = stack.plan.services["matchmaker"]
    await stack.supervisor.restart(matchmaker)
    before = await frames(playing)
    await stack.supervisor.wait_ready(matchmaker)

    async def plays_on() -> bool:
        return await frames(playing) > before + 60

    await until(plays_on)
    seen = await strip(playing)
    assert seen["session"] == session, "another player has the stream"
    assert await playing.evaluate("window.pixelstream.state") == "playing"
    assert (await browser.phases(playing))["offer"] == offer, "it was negotiated anew"
