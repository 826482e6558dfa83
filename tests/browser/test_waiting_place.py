"""Pages that wait keep their places when the matchmaker is replaced; who waited longest plays first."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page

from pixelstream.cli.stack import browser
from pixelstream.cli.stack.run import Stack

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

PLACES = 3
DEADLINE_MS = 30_000
COUNT = """() => {
  globalThis.sockets = 0;
  const Real = WebSocket;
  globalThis.WebSocket = class extends Real { constructor(...all) { super(...all); sockets += 1; } };
}"""


@pytest_asyncio.fixture(loop_scope="module")
async def line(stack: Stack, chromium: Browser) -> AsyncIterator[list[Page]]:
    """One who plays, and those who wait, first come first."""
    pages = []
    for place in range(PLACES + 1):
        page = await browser.open_page(chromium, stack.plan.page, width=480, height=320)
        if place == 0:
            await browser.wait_state(page, "playing")
        else:
            await stands_at(page, place)
        pages.append(page)
    yield pages
    for page in pages:
        if not page.is_closed():
            await page.close(run_before_unload=True)


async def stands_at(page: Page, place: int) -> None:
    await page.wait_for_function(
        "(place) => window.pixelstream?.queue?.position === place", arg=place, timeout=DEADLINE_MS
    )


async def test_a_matchmaker_that_is_replaced_costs_nobody_a_place(stack: Stack, line: list[Page]) -> None:
    first, *waiting = line
    for page in waiting:
        await page.evaluate(COUNT)
    matchmaker = stack.plan.services["matchmaker"]
    await stack.supervisor.restart(matchmaker)
    await stack.supervisor.wait_ready(matchmaker)
    for place, page in enumerate(waiting, 1):
        await page.wait_for_function("() => sockets > 0", timeout=DEADLINE_MS)
        await stands_at(page, place)
    await first.close(run_before_unload=True)
    await browser.wait_state(waiting[0], "playing")
    for place, page in enumerate(waiting[1:], 1):
        await stands_at(page, place)
        assert await page.evaluate("window.pixelstream.state") == "waiting"
