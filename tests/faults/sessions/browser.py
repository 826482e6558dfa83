"""A session of our own page in Chromium, watched from within the page.

The traps: the page counts what it paints, which a busy machine delays, so its media gaps are an upper
bound; and nothing may be asked of a page that is gone, so what it last said is kept.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from playwright.async_api import Error

from pixelstream.cli.stack import browser
from tests.faults.sessions.closing import loss

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page

SCRIPT = (Path(__file__).parent / "watch.js").read_text(encoding="utf-8")
POLL = 0.1
PICTURES, ANSWERS = 3, 2
PLAYS = {"playing", "reconnecting"}


class BrowserSession:
    """One page; `begin` it, and `end` it by closing it.

    Args:
        name: for people.
        url: of the page.
        chromium: where to open it.
        relay_only: whether its media goes through a relay.
    """

    def __init__(self, name: str, url: str, chromium: Browser, *, relay_only: bool = False) -> None:
        self.name = name
        self.seen_elsewhere: Callable[[], str | None] = lambda: None
        self._url, self._chromium, self._relay_only = url, chromium, relay_only
        self._page: Page | None = None
        self._seen: dict[str, Any] = {}

    @property
    def page(self) -> Page:
        """The page."""
        if self._page is None:
            raise RuntimeError(f"{self.name} does not play")
        return self._page

    @property
    def session(self) -> str:
        """The session's id, as its lease says."""
        return str(self._seen["sessions"][-1])

    @property
    def stream(self) -> str:
        """The stream that it was given, as its lease says."""
        return str(self._seen["stream"])

    async def key_of_lease(self) -> str:
        """The id of the key that signed the lease it would come back with."""
        await self._look()
        return str(self._seen["key"])

    async def begin(self) -> None:
        """Wait for a seat and for pictures.

        Raises:
            BrowserError: they did not come.
        """
        context = await self._chromium.new_context(viewport={"width": 640, "height": 400})
        self._page = await context.new_page()
        await self._page.add_init_script(SCRIPT)
        if self._relay_only:
            await self._page.add_init_script(browser._RELAY_ONLY)
        await self._page.goto(self._url, wait_until="commit")
        await browser.wait_state(self._page, "playing", deadline=40.0)
        await self._look()

    async def end(self) -> None:
        """Close the page."""
        page, self._page = self._page, None
        if page is not None:
            with contextlib.suppress(Error):  # a browser that was ended has closed it already
                await page.context.close()

    async def mark(self) -> None:
        """Begin to measure."""
        await self.page.evaluate("window.watched.mark()")
        await self._look()

    async def steady(self, within: float) -> None:
        """Wait until pictures come and signalling answers, from now on.

        Raises:
            TimeoutError: they don't within so many seconds.
        """
        await self._look()
        pictures, answers = self._seen["pictures"] + PICTURES, self._seen["answers"] + ANSWERS
        try:
            async with asyncio.timeout(within):
                while self._seen["pictures"] < pictures or self._seen["answers"] < answers:
                    if self.lost:
                        return
                    await asyncio.sleep(POLL)
                    await self._look()
        except TimeoutError:
            raise TimeoutError(f"the page: {self._seen}") from None

    @property
    def lost(self) -> str | None:
        """Why it counts as lost, if so; as of the last look."""
        if self._seen["state"] not in PLAYS:
            return f"the page is {self._seen['state']}: {self._seen['reason']}"
        if len(set(self._seen["sessions"])) > 1:
            return f"it got another session: {self._seen['sessions']}"
        closes = (loss(code, reason) for code, reason in self._seen["closes"])
        return next(filter(None, closes), None) or self.seen_elsewhere()

    @property
    def media_gap(self) -> float:
        """The longest time without a painted picture, in seconds."""
        return float(self._seen["mediaGap"]) / 1000

    @property
    def signalling_gap(self) -> float:
        """The longest time without an answer, in seconds."""
        return float(self._seen["signallingGap"]) / 1000

    async def _look(self) -> None:
        self._seen = await self.page.evaluate("window.watched.read()")
