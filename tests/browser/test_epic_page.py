"""A page of Epic's own, unmodified library plays through the waiting room, and waits its turn in it."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page

import pixelstream
from pixelstream.cli.stack import run
from pixelstream.cli.stack.plan import Options
from pixelstream.cli.stack.ports import free_ports
from pixelstream.cli.stack.run import Stack

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

PACKAGES = Path(pixelstream.__file__).resolve().parents[1] / "player" / "node_modules"
SOURCES = Path(__file__).parent / "epic"
PLAYS = "() => (document.querySelector('video')?.currentTime ?? 0) > 1"
DEADLINE_MS = 30_000


async def build(folder: Path) -> Path:
    shutil.copytree(SOURCES, folder, dirs_exist_ok=True)
    (folder / "node_modules").symlink_to(PACKAGES)
    vite = PACKAGES / "vite" / "bin" / "vite.js"
    # The set-up puts Node into the virtual environment where the machine has none.
    node = shutil.which("node", path=f"{Path(sys.prefix) / 'bin'}{os.pathsep}{os.environ['PATH']}")
    assert node is not None
    building = await asyncio.create_subprocess_exec(
        node, str(vite), "build", "--logLevel=error", "--base=./", cwd=folder
    )
    assert await building.wait() == 0
    return folder / "dist"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    page = await build(tmp_path_factory.mktemp("epic"))
    options = Options(streams=1, port=free_ports(1)[0], relay_only=True, mode="live", width=640, height=360)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run, "find_page", lambda: page)
        async with run.running(options, lambda _: None) as stack:
            yield stack


async def opened(chromium: Browser, stack: Stack, on_frame: Callable[[str | bytes], None]) -> Page:
    page = await chromium.new_page()
    page.on("websocket", lambda ws: ws.on("framereceived", on_frame))
    await page.goto(stack.plan.page)
    return page


async def test_it_plays_and_the_next_one_waits_with_its_pings_answered(
    stack: Stack, chromium: Browser
) -> None:
    first = await opened(chromium, stack, lambda _: None)
    await first.wait_for_function(PLAYS, timeout=DEADLINE_MS)
    assert await first.evaluate("window.seen.includes('dataChannelOpen')")
    pongs: asyncio.Queue[str | bytes] = asyncio.Queue()
    second = await opened(
        chromium, stack, lambda frame: pongs.put_nowait(frame) if '"pong"' in str(frame) else None
    )
    async with asyncio.timeout(DEADLINE_MS / 1000):
        for _ in range(3):  # one that is unanswered makes it hang up when the next is due
            await pongs.get()
    assert await second.evaluate("window.seen") == []
    await first.close()
    await second.wait_for_function(PLAYS, timeout=DEADLINE_MS)
    assert "webRtcDisconnected" not in await second.evaluate("window.seen")
    await second.close()
