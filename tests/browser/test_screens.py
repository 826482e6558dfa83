"""What the page says and where its controls are: on a phone, by keyboard alone, and when something fails."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, ViewportSize

from pixelstream.cli.stack import browser
from pixelstream.cli.stack.run import Stack
from pixelstream.synthetic.strip import Kind, reader_script

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

PHONE = ViewportSize(width=360, height=640)

NO_RELAY_ANSWERS = """
const Real = globalThis.RTCPeerConnection;
const urls = ['turn:127.0.0.1:9?transport=udp', 'turn:127.0.0.1:9?transport=tcp'];
const dead = (config) => ({...config, iceServers: (config?.iceServers ?? []).map((one) => ({...one, urls}))});
globalThis.RTCPeerConnection = class extends Real {
  constructor(config) { super(dead(config)); }
  setConfiguration(config) { super.setConfiguration(dead(config)); }
};
"""


@pytest_asyncio.fixture(loop_scope="module")
async def phone(chromium: Browser) -> AsyncIterator[Page]:
    context = await chromium.new_context(viewport=PHONE, is_mobile=True, has_touch=True)
    page = await context.new_page()
    await page.add_init_script(reader_script())
    yield page
    await page.close(run_before_unload=True)


async def fits(page: Page) -> bool:
    return bool(await page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


async def focused(page: Page) -> str:
    return str(await page.evaluate("document.activeElement.innerText || document.activeElement.dataset.tool"))


async def read(page: Page, selector: str) -> str:
    return str(await page.inner_text(selector))


async def test_a_phone_plays_and_is_touched_without_scrolling_sideways(stack: Stack, phone: Page) -> None:
    await phone.goto(stack.plan.page + "?autoplay=0")
    await browser.wait_state(phone, "landing")
    assert await fits(phone)
    await phone.tap("text=Start")
    await browser.wait_state(phone, "playing")
    assert await fits(phone)
    await browser.wake(phone)
    await phone.touchscreen.tap(180, 320)
    await phone.wait_for_function(
        "(kind) => globalThis.readPixelstreamStrip(document.querySelector('video'))?.kind === kind",
        arg=int(Kind.TOUCH),
    )


async def test_the_keyboard_alone_starts_finds_the_menu_and_leaves(stack: Stack, chromium: Browser) -> None:
    page = await browser.open_page(chromium, stack.plan.page + "?autoplay=0")
    await browser.wait_state(page, "landing")
    await page.keyboard.press("Tab")
    assert await focused(page) == "Start"
    await page.keyboard.press("Enter")
    await browser.wait_state(page, "playing")
    await page.keyboard.press("Control+Alt+KeyM")
    assert await focused(page) == "sound"
    await page.keyboard.press("ArrowLeft")
    assert await focused(page) == "leave"
    await page.keyboard.press("Enter")
    await browser.wait_state(page, "ended")
    assert await focused(page) == await read(page, "#final-title") == "Thanks for playing"
    assert await read(page, "#live") == ""
    await page.close()


async def test_who_waits_on_a_phone_can_leave_the_queue(stack: Stack, chromium: Browser, phone: Page) -> None:
    first = await browser.open_page(chromium, stack.plan.page)
    await browser.wait_state(first, "playing")
    await phone.goto(stack.plan.page)
    await phone.wait_for_selector(".word >> text=next")
    assert await fits(phone)
    await phone.tap("text=Leave the queue")
    await browser.wait_state(phone, "landing")
    assert await read(phone, "#landing-note") == "You left the queue"
    await first.close(run_before_unload=True)


async def test_a_fleet_that_is_not_there_is_said_in_words(stack: Stack, phone: Page) -> None:
    await phone.goto(stack.plan.page + "?fleet=nope")
    await browser.wait_state(phone, "failed")
    assert await read(phone, "#final-title") == "There is nothing by that name"
    assert await fits(phone)


async def test_a_relay_that_does_not_answer_is_said_in_words(stack: Stack, phone: Page) -> None:
    await phone.add_init_script(NO_RELAY_ANSWERS)
    await phone.goto(stack.plan.page)
    await browser.wait_state(phone, "failed")
    assert await read(phone, "#final-title") == "No relay could be reached"
    await phone.click("text=Technical details")
    assert "relay candidates 0" in await read(phone, "#final-report")
