"""Every panel of every board shows something of real services, scraped by a real Prometheus.

Matchmaker, signalserver and turn-api are ours and players visit them; of what others tell, a fake exporter
has the documented series. `test_boards.py` holds the same over a whole day.
"""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest

from tests.setup.dashboards.__main__ import BOARDS
from tests.support.matchmaking import KEYS
from tests.telemetry import stack
from tests.telemetry.prometheus import Prometheus, View, prometheus

SECONDS = 240.0
PAUSE = 0.5
"""Seconds between two looks; it is scraped every second."""
CHOSEN = {"namespace": "streams", "fleet": ".*", "node": ".*", "gpu": ".*"}

Question = tuple[str, dict[str, Any]]
"""Where a query stands, and the query."""


@pytest.fixture(autouse=True)
def _keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {**KEYS, "PIXELSTREAM_TURN_SECRET": "north"}.items():
        monkeypatch.setenv(name, value)


def _questions() -> list[Question]:
    return [
        (f"{board.slug}: {panel['title']}: {target['expr']}", target)
        for board in BOARDS
        for panel in board.json()["panels"]
        for target in panel["targets"]
    ]


def _unanswered(running: Prometheus, questions: list[Question]) -> list[Question]:
    now = time.time()
    view = View(now - 60, now, 5, CHOSEN)
    return [question for question in questions if not running.ask(question[1], view)]


async def _day(found: stack.Stack) -> None:
    """Let happen whatever a board has a panel for."""
    picture = {"part": "start", "phases": stack.SEEN, "firstFrame": 0.9, "candidate": "relay"}
    await found.visit(
        {"age": 1.0, **picture},
        {"age": 2.0, "part": "while", "rtt": 0.03, "fps": 60, "freezes": 1},
        {"age": 3.0, "part": "end", "drop": "no_path", "ice": "no_path"},
    )
    await found.ask_for_nothing()


@pytest.mark.timeout(400)
async def test_every_query_of_every_board_is_answered_by_what_real_services_tell(tmp_path: Path) -> None:
    left = _questions()
    end = time.monotonic() + SECONDS
    async with stack.running() as found:
        with prometheus(tmp_path, found.targets) as running:
            while not await asyncio.to_thread(running.scrapes, len(found.targets)):
                assert time.monotonic() < end, "not everybody is scraped"
            await found.vanish()
            await found.stay()
            while left and time.monotonic() < end:
                await _day(found)
                left = await asyncio.to_thread(_unanswered, running, left)
                await asyncio.sleep(PAUSE)
            faults = await asyncio.to_thread(running.faults)
    assert [place for place, _ in left] == []
    assert faults == []
