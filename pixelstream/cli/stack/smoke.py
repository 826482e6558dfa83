"""The smoke run: cold visits in a real browser, each to its first frame and to an input that shows.

The trap: figures of one visit say little on a busy machine, so each figure is the median over all visits
and the worst first frame stands beside it; a visit that plays nothing fails the whole run.
"""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from pixelstream.cli.stack import browser
from pixelstream.cli.stack.browser import BrowserError

if TYPE_CHECKING:
    from playwright.async_api import Page

FRAMES_DEADLINE = 10.0
POLL = 0.1
TYPING = (0.2, 0.3)
"""Seconds between two keys."""
MIN_FRAMES = 60
"""Frames that a visit must decode before it counts as playing."""
TRANSPORT_ORDER = ("host", "srflx", "prflx", "relay")


@dataclass
class Visit:
    """What one visit measured; times in milliseconds from navigation."""

    phases: dict[str, float]
    candidate_pair: str
    protocol: str
    frames_decoded: int
    input_to_picture_ms: list[float]

    @property
    def first_frame_ms(self) -> float:
        """From navigation to the first frame on the screen."""
        return self.phases["firstFrame"]


@dataclass
class Report:
    """All visits of a smoke run, and what went wrong."""

    visits: list[Visit] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether every visit played and reacted."""
        return bool(self.visits) and not self.faults

    def line(self) -> dict[str, Any]:
        """The figures as one flat object: medians over the visits, the worst first frame beside."""
        line: dict[str, Any] = {"ok": self.ok, "runs": len(self.visits)}
        if self.visits:
            line |= self._figures()
        if self.faults:
            line["faults"] = self.faults
        return line

    def _figures(self) -> dict[str, Any]:
        first = [visit.first_frame_ms for visit in self.visits]
        sockets = [visit.first_frame_ms - visit.phases["waitOpen"] for visit in self.visits]
        names = [name for name in self.visits[0].phases if all(name in visit.phases for visit in self.visits)]
        inputs = [value for visit in self.visits for value in visit.input_to_picture_ms]
        return {
            "first_frame_ms": round(median(first), 1),
            "first_frame_worst_ms": round(max(first), 1),
            "socket_to_frame_ms": round(median(sockets), 1),
            "phases": {name: round(median(visit.phases[name] for visit in self.visits), 1) for name in names},
            "candidate_pair": max((v.candidate_pair for v in self.visits), key=_remoteness),
            "candidate_pairs": sorted({visit.candidate_pair for visit in self.visits}),
            "protocol": self.visits[-1].protocol,
            "frames_decoded": min(visit.frames_decoded for visit in self.visits),
            "input_to_picture_ms": round(median(inputs), 1),
            "input_to_picture_p90_ms": round(sorted(inputs)[int(len(inputs) * 0.9)], 1),
        }


def _remoteness(pair: str) -> int:
    return TRANSPORT_ORDER.index(pair) if pair in TRANSPORT_ORDER else -1


async def run(url: str, *, runs: int, relay_only: bool, screenshot: Path | None = None) -> Report:
    """Visit the page `runs` times and report.

    Args:
        url: the player page.
        runs: visits, each in a browser of its own.
        relay_only: whether a pair that isn't relayed is a fault.
        screenshot: where to keep a picture of the last playing page.
    """
    report = Report()
    for number in range(runs):
        try:
            visit = await _visit(url, screenshot if number == runs - 1 else None)
        except BrowserError as error:
            report.faults.append(f"visit {number + 1}: {error}")
            continue
        report.visits.append(visit)
        if relay_only and visit.candidate_pair != "relay":
            report.faults.append(
                f"visit {number + 1}: played over {visit.candidate_pair}, not through the relay"
            )
    return report


async def _visit(url: str, screenshot: Path | None) -> Visit:
    async with browser.browser() as chromium:
        page = await browser.open_page(chromium, url)
        if await browser.wait_state(page, "playing", "failed", "ended") != "playing":
            raise BrowserError(f"it did not play: {await page.evaluate('window.pixelstream.reason')}")
        await browser.wake(page)
        inputs = [await _input(page, key) for key in browser.KEYS]
        seen = await _playing(page)
        if screenshot is not None:
            await page.screenshot(path=screenshot)
        visit = Visit(
            phases=await browser.phases(page),
            candidate_pair=str(seen["candidatePair"]),
            protocol=str(seen.get("protocol", "")),
            frames_decoded=int(seen["framesDecoded"]),
            input_to_picture_ms=inputs,
        )
        await page.close(run_before_unload=True)
    return visit


async def _input(page: Page, key: str) -> float:
    # As apart as a quick typist's keys, and never in step with the frames.
    await asyncio.sleep(random.uniform(*TYPING))  # noqa: S311 - nothing secret
    return await browser.input_to_picture(page, key)


async def _playing(page: Page) -> dict[str, Any]:
    """Statistics of a page that has decoded `MIN_FRAMES`."""
    try:
        async with asyncio.timeout(FRAMES_DEADLINE):
            while (seen := await browser.stats(page))["framesDecoded"] < MIN_FRAMES:  # noqa: ASYNC110 - a page's
                await asyncio.sleep(POLL)
    except TimeoutError:
        raise BrowserError(f"decoded fewer than {MIN_FRAMES} frames in {FRAMES_DEADLINE:.0f} s") from None
    return seen
