"""The fleets of a matchmaker, and the file that the streams' chart writes for it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from pixelstream.apps.matchmaker import fleets
from pixelstream.apps.matchmaker.fleets import Fleets
from pixelstream.errors import SettingsError
from pixelstream.matchmaking.scaling.policy import Sizing
from pixelstream.matchmaking.usage import Rate
from pixelstream.settings.base import parse
from pixelstream.settings.matchmaker import MatchmakerSettings

DEADLINE = 10.0


def settings(file: Path, text: str = "") -> MatchmakerSettings:
    return parse(MatchmakerSettings, f"fleetsFile: {file}\n{text}")


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(fleets, "INTERVAL", 0.001)
    return tmp_path / "fleets.yaml"


@pytest.fixture
async def followed(file: Path) -> AsyncIterator[Fleets]:
    write(file, "fleets: [{name: a, buffer: 3}]")
    found = Fleets(settings(file))
    task = asyncio.create_task(found.run())
    yield found
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def write(file: Path, text: str) -> None:
    """Replace the file in one step, as Kubernetes does."""
    new = file.with_suffix(".new")
    new.write_text(text)
    new.replace(file)


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(DEADLINE):
        while not condition():  # noqa: ASYNC110 - a file that is looked at tells nobody
            await asyncio.sleep(0)


def test_without_any_there_is_a_default_fleet(file: Path) -> None:
    assert Fleets(settings(file)).sizes == {"default": Sizing(1)}


def test_the_file_names_fleets_and_the_settings_win(file: Path) -> None:
    write(file, "fleets: [{name: a, buffer: 3}, {name: b, buffer: 4}]")
    assert Fleets(settings(file)).sizes == {"a": Sizing(3), "b": Sizing(4)}
    own = "fleets: [{name: b, buffer: 0, minimum: 1, maximum: 2}]"
    assert Fleets(settings(file, own)).sizes == {"a": Sizing(3), "b": Sizing(0, 1, 2)}


def test_a_file_with_a_fault_ends_the_start(file: Path) -> None:
    write(file, "fleets: [{nmae: a}]")
    with pytest.raises(SettingsError, match="name"):
        Fleets(settings(file))


async def test_a_change_of_the_file_is_followed_in_place(file: Path, followed: Fleets) -> None:
    sizes = followed.sizes
    write(file, "fleets: [{name: a, buffer: 1}, {name: b}]")
    await until(lambda: sizes == {"a": Sizing(1), "b": Sizing(1)})
    assert followed.sizes is sizes


async def test_a_fault_is_told_once_and_changes_nothing(file: Path, followed: Fleets) -> None:
    with capture_logs() as logs:
        write(file, "fleets: {")
        await until(lambda: logs)
        assert followed.sizes == {"a": Sizing(3)}
        assert str(file) in " ".join(followed.warnings(alone=False))
        write(file, "fleets: [{name: c}]")
        await until(lambda: followed.sizes == {"c": Sizing(1)})
        assert followed.warnings(alone=False) == []
    assert [line["event"] for line in logs] == ["fleets stay as they are", "fleets"]


async def test_a_price_that_changes_alone_is_taken_over_in_place(file: Path, followed: Fleets) -> None:
    rates = followed.rates
    assert rates == {"a": Rate(1.0, 0.0)}
    write(file, "fleets: [{name: a, buffer: 3, gpus: 0.25, pricePerGpuHour: 0.5}]")
    await until(lambda: rates == {"a": Rate(0.25, 0.5)})
