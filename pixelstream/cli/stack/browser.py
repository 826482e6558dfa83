"""A headless Chromium on the player page: opens it, waits for pictures, touches it, reads what it shows.

The trap: without the flags below Chromium looks up hosts of its own at every start and will not play
sound or picture before a click. Each measured visit has a browser of its own, so that its page is cold.
"""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any

from pixelstream.errors import PixelstreamError
from pixelstream.synthetic.strip import reader_script

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
)
PLAY_DEADLINE = 30.0
"""Seconds that a visit has to show its first frame."""
INPUT_DEADLINE_MS = 5000
REPEAT_MS = 250
KEYS = ("KeyW", "KeyA", "KeyS", "KeyD")

_RELAY_ONLY = """
const Real = globalThis.RTCPeerConnection;
const relayed = (config) => ({...config, iceTransportPolicy: 'relay'});
globalThis.RTCPeerConnection = class extends Real {
  constructor(config) { super(relayed(config)); }
  setConfiguration(config) { super.setConfiguration(relayed(config)); }
};
"""
_STATE = "window.pixelstream ? {state: window.pixelstream.state, reason: window.pixelstream.reason} : null"
_PRESS = """
([key, deadline, again]) => new Promise((resolve, reject) => {
  const video = document.querySelector('video');
  const read = () => globalThis.readPixelstreamStrip(video)?.inputs;
  const before = read();
  const start = performance.now();
  const target = document.activeElement ?? document.body;
  const send = (type) => target.dispatchEvent(
    new KeyboardEvent(type, {code: key, key: key.at(-1), keyCode: key.charCodeAt(3), bubbles: true}));
  const look = () => {
    const now = performance.now(), inputs = read();
    if (inputs !== undefined && inputs !== before) { send('keyup'); resolve(now - start); }
    else if (now - start > deadline) reject(new Error(`no frame showed ${key} within ${deadline} ms`));
    else video.requestVideoFrameCallback(look);
  };
  video.requestVideoFrameCallback(look);
  send('keydown');
  const repeat = () => {
    if (read() !== before || performance.now() - start > deadline) return;
    send('keydown');
    setTimeout(repeat, again);
  };
  if (again) setTimeout(repeat, again);
})
"""


class BrowserError(PixelstreamError):
    """A browser that cannot be had, or a page that did not do what it should."""


def find_browser() -> str:
    """Path of a Chromium on this machine.

    Raises:
        BrowserError: there is none.
    """
    for name in NAMES:
        if path := shutil.which(name):
            return path
    raise BrowserError(f"no browser found ({', '.join(NAMES)}); Debian's package is called chromium")


@asynccontextmanager
async def browser(*flags: str) -> AsyncIterator[Browser]:
    """A fresh headless Chromium with an empty profile, and with flags beside those that it needs.

    Raises:
        BrowserError: it can't be had, or a call of it failed within the block.
    """
    try:
        from playwright.async_api import Error, async_playwright  # noqa: PLC0415 - a development dependency
    except ImportError:
        raise BrowserError(
            "Playwright is not installed, which drives the browser: pip install playwright"
        ) from None

    try:
        async with async_playwright() as playwright:
            chromium = await playwright.chromium.launch(executable_path=find_browser(), args=[*FLAGS, *flags])
            try:
                yield chromium
            finally:
                with suppress(Error):  # one that is gone already is closed
                    await chromium.close()
    except Error as error:
        raise BrowserError(f"the browser failed: {error.message.splitlines()[0]}") from error


async def open_page(
    chromium: Browser, url: str, *, width: int = 1280, height: int = 800, relay_only: bool = False
) -> Page:
    """Open the player page in a context of its own, without waiting for anything to play.

    With `relay_only` the browser is one that reaches nothing but TURN relays, whatever the stack allows.
    """
    context = await chromium.new_context(viewport={"width": width, "height": height})
    page = await context.new_page()
    await page.add_init_script(reader_script())
    if relay_only:
        await page.add_init_script(_RELAY_ONLY)
    await page.goto(url, wait_until="commit")
    return page


async def wait_state(page: Page, *states: str, deadline: float = PLAY_DEADLINE) -> str:
    """Wait until the page's state is one of `states`, and say which.

    Raises:
        BrowserError: it wasn't within `deadline` seconds; the text has the state and the page's words.
    """
    from playwright.async_api import Error  # noqa: PLC0415 - a development dependency

    try:
        found = await page.wait_for_function(
            "(states) => states.includes(window.pixelstream?.state) && window.pixelstream.state",
            arg=list(states),
            timeout=deadline * 1000,
            polling=20,
        )
    except Error as error:
        seen = await page.evaluate(_STATE)
        raise BrowserError(
            f"the page did not get to {' or '.join(states)} in {deadline:.0f} s: {seen}"
        ) from error
    return str(await found.json_value())


async def phases(page: Page) -> dict[str, float]:
    """Milliseconds from navigation to each phase of the visit, as the page saw them."""
    found: dict[str, float | None] = await page.evaluate("({...window.pixelstream.phases})")
    return {name: float(at) for name, at in found.items() if at is not None}


async def stats(page: Page) -> dict[str, Any]:
    """What the page knows of its connection: candidate pair, frames, bitrate and so on.

    Raises:
        BrowserError: it has none any more.
    """
    found: dict[str, Any] | None = await page.evaluate("window.pixelstream.stats()")
    if found is None:
        raise BrowserError(f"the stream ended: {await page.evaluate(_STATE)}")
    return found


async def strip(page: Page) -> dict[str, Any] | None:
    """What the picture's strip says right now; None where it can't be read."""
    found: dict[str, Any] | None = await page.evaluate(
        "globalThis.readPixelstreamStrip(document.querySelector('video'))"
    )
    return found


async def wake(page: Page) -> None:
    """Press a key again and again until a frame shows one: from then on inputs are listened to.

    Raises:
        BrowserError: no frame showed one in time.
    """
    await _press(page, "KeyQ", again=REPEAT_MS)


async def input_to_picture(page: Page, key: str) -> float:
    """Milliseconds from pressing a key once in the page to the frame that shows it.

    Raises:
        BrowserError: no frame showed it in time.
    """
    return await _press(page, key, again=0)


async def _press(page: Page, key: str, again: int) -> float:
    from playwright.async_api import Error  # noqa: PLC0415 - a development dependency

    try:
        return float(await page.evaluate(_PRESS, [key, INPUT_DEADLINE_MS, again]))
    except Error as error:
        raise BrowserError(error.message.splitlines()[0]) from error
