"""A fleet's size as others read it: autoscalers by metrics and REST, players by what they are told."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from pixelstream.apps.matchmaker import fleets
from tests.support.matchmaking import House, house
from tests.support.sockets import DEADLINE
from tests.support.streams import FakeStream

ONE = "{schedule: [{cron: '* * * * *', streams: 1}], gpuHoursPerDay: 1000}"
CAPPED = f"fleets: [{{name: default, buffer: 2, maximum: 9, scaled: true, budget: {ONE}}}]"


async def wanted(here: House, fleet: str = "default") -> int:
    found = await here.get(f"/api/v1/fleets/{fleet}")
    return int(found["wanted"])


async def test_keda_reads_the_streams_wanted_with_the_control_key() -> None:
    async with house(FakeStream("s"), settings="fleets: [{name: default, buffer: {percent: 100}}]") as here:
        assert await wanted(here) == 0
        await (await here.visit()).seated()
        found = await here.until("/api/v1/fleets/default", lambda fleet: fleet["wanted"] == 2)
        assert found["buffer"] == 1
        assert (found["minimum"], found["maximum"], found["capped"]) == (0, 1000, False)
        assert (await here.http.get("/api/v1/fleets/default")).status_code == 401
        await here.get("/api/v1/fleets/none", 404)


async def test_metrics_tell_the_size_and_what_it_follows_from() -> None:
    async with house(FakeStream("s"), FakeStream("t"), settings=CAPPED) as here:
        await (await here.visit()).seated()
        await (await here.visit()).waiting()
        await here.until_figure('pixelstream_budget_capped{fleet="default"}', 1)
        figures = await here.figures()
        for name, value in (
            ("pixelstream_streams_wanted", 1),
            ("pixelstream_streams_buffer", 2),
            ("pixelstream_streams_minimum", 0),
            ("pixelstream_streams_maximum", 9),
            ("pixelstream_budget_streams", 1),
        ):
            assert figures[f'{name}{{fleet="default"}}'] == value, name
        assert 999 < figures['pixelstream_budget_gpu_hours_left{fleet="default"}'] <= 1000


async def test_a_fleet_without_a_budget_has_no_series_of_one_but_is_not_capped() -> None:
    async with house() as here:
        await here.until_figure('pixelstream_budget_capped{fleet="default"}', 0)
        names = {name.partition("{")[0] for name in await here.figures()}
        assert not names & {"pixelstream_budget_streams", "pixelstream_budget_gpu_hours_left"}


async def test_who_waits_for_want_of_budget_is_told_so() -> None:
    async with house(FakeStream("s"), FakeStream("t"), settings=CAPPED) as here:
        await (await here.visit()).seated()
        told = await (await here.visit()).waiting()
        assert (told["supply"], told["detail"]) == ("budget", "All streams that the budget allows are taken")


async def test_who_comes_to_an_empty_fleet_is_told_that_a_stream_is_being_started() -> None:
    async with house(settings="fleets: [{name: default, scaled: true}]") as here:
        told = await (await here.visit()).waiting()
        assert (told["supply"], told["detail"]) == ("starting", "A stream is being started")


async def test_who_waits_is_told_as_soon_as_something_else_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fleets, "INTERVAL", 0.01)
    file = tmp_path / "fleets.yaml"
    file.write_text("fleets: [{name: default}]")
    async with house(settings=f"fleetsFile: {file}\nqueue: {{notice: 1h}}") as here:
        player = await here.visit()
        assert (await player.waiting())["supply"] == "taken"
        file.write_text("fleets: [{name: default, scaled: true}]")
        await player.until(lambda _: any(notice["supply"] == "starting" for notice in player.notices))


async def test_who_waits_for_another_to_leave_is_promised_nothing() -> None:
    async with house(FakeStream("s")) as here:
        await (await here.visit()).seated()
        told = await (await here.visit()).waiting()
        assert (told["supply"], told["detail"]) == ("taken", "Waiting for available streamer")


async def test_a_changed_buffer_acts_on_a_running_matchmaker(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fleets, "INTERVAL", 0.01)
    file = tmp_path / "fleets.yaml"
    file.write_text("fleets: [{name: default, buffer: 1}]")
    async with house(settings=f"fleetsFile: {file}") as here:
        assert await wanted(here) == 1
        file.write_text("fleets: [{name: default, buffer: {schedule: [{cron: '* * * * *', streams: 4}]}}]")
        async with asyncio.timeout(DEADLINE):
            await here.until_figure('pixelstream_streams_wanted{fleet="default"}', 4)
        assert await wanted(here) == 4


async def test_health_warns_of_a_budget_that_a_restart_forgets() -> None:
    async with house(settings=CAPPED) as here:
        assert any(
            "default has cost today" in words for words in (await here.get("/api/v1/health"))["warnings"]
        )
    async with house() as here:
        assert (await here.get("/api/v1/health"))["warnings"] == []
