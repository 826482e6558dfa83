"""A whole stack with one stream that plays through the relay only, and browsers on its page."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from pixelstream.cli.stack import browser
from pixelstream.cli.stack.plan import Options
from pixelstream.cli.stack.ports import free_ports
from pixelstream.cli.stack.run import Stack, running

ARTIFACTS = Path(__file__).resolve().parents[1] / "artifacts"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stack() -> AsyncIterator[Stack]:
    options = Options(streams=1, port=free_ports(1)[0], relay_only=True, mode="live", width=640, height=360)
    said: list[str] = []
    async with running(options, said.append) as stack:
        yield stack


@pytest_asyncio.fixture(loop_scope="module")
async def chromium() -> AsyncIterator[Browser]:
    async with browser.browser() as chromium:
        yield chromium


@pytest.fixture(scope="session")
def artifacts() -> Path:
    ARTIFACTS.mkdir(exist_ok=True)
    return ARTIFACTS
