"""A real browser obeys the page's policy: what is ours works, what is inline or evaluated doesn't."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest
from playwright.async_api import async_playwright

from pixelstream.apps.edge.app import serving
from pixelstream.net.listener import listen
from pixelstream.settings.edge import EdgeListen, EdgeSettings
from tests.support.sockets import Recorder

DEADLINE = 30.0

HTML = """<!doctype html><title>Stream</title>
<script>window.inline = true</script>
<script src="assets/page.js"></script>
"""

SCRIPT = """
try { eval('window.evaluated = true'); } catch { window.evaluated = false; }
window.done = new Promise((resolve) => {
  const socket = new WebSocket(`ws://${location.host}/ws?fleet=a`);
  socket.onopen = () => socket.send('hello');
  socket.onmessage = (event) => {
    socket.close();
    resolve([event.data, window.inline ?? false, window.evaluated]);
  };
});
"""


@pytest.mark.browser
async def test_the_page_reaches_its_own_server_and_nothing_inline_runs(tmp_path: Path) -> None:
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text(HTML)
    (tmp_path / "assets" / "page.js").write_text(SCRIPT)
    recorder = Recorder(lambda ws, data: ws.send(data))
    matchmaker = await listen("127.0.0.1", 0, route=lambda _: recorder)
    settings = EdgeSettings(
        listen=EdgeListen(host="127.0.0.1", port=0),
        page_dir=tmp_path,
        matchmaker_url=f"http://127.0.0.1:{matchmaker.port}",
    )
    async with serving(settings) as edge, async_playwright() as playwright, asyncio.timeout(DEADLINE):
        browser = await playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        page = await browser.new_page()
        await page.goto(f"http://127.0.0.1:{edge.listener.port}/")
        # An expression for wait_for_function would be evaluated in the page, which its policy forbids.
        assert await page.evaluate("window.done") == ["hello", False, False]
        await recorder.until(lambda seen: len(seen.endings) == 1)
        await browser.close()
    await matchmaker.close()
