"""Players' pages report by their leases; what they tell is counted by fleet, in bounds."""

from __future__ import annotations

import time
from typing import Any

import httpx
import pytest

from pixelstream.apps.matchmaker.quality import BURST, EPILOGUE, OverError, QualityDesk, TooManyError
from pixelstream.auth.keys import LeaseKeys
from pixelstream.auth.lease import Lease, sign
from pixelstream.errors import LeaseError
from pixelstream.metrics.common import new_registry
from pixelstream.metrics.quality import QualityMetrics, ReportResult
from pixelstream.protocol.quality import MAX_REPORT, PATH, Report
from tests.support.matchmaking import House, house
from tests.support.streams import LEASE_KEYS, FakeStream

START = (
    b'{"part":"start","age":0.5,"phases":{"queue":1.5,"seat":0.05,"signalling":0.2,"ice":0.1,"frame":0.1},'
    b'"firstFrame":0.45,"candidate":"relay","rtt":0.013,"freezes":2}'
)
END = b'{"part":"end","age":60,"drop":"stream_lost","ice":"lost"}'


def lease(session: str = "v-1", fleet: str = "default", *, age: int = 0, keys: LeaseKeys = LEASE_KEYS) -> str:
    now = int(time.time()) - age
    return sign(Lease(session, fleet, "s", 1, now, now + 3600), keys)


async def report(here: House, token: str, body: bytes = START) -> httpx.Response:
    return await here.http.post(PATH, content=body, headers={"Authorization": f"Bearer {token}"})


async def test_a_report_moves_the_histograms_of_its_fleet() -> None:
    async with house() as here:
        assert (await report(here, lease())).status_code == 204
        assert (await report(here, lease(), END)).status_code == 204
        found = await here.figures()
        assert found['pixelstream_first_frame_seconds_count{candidate="relay",fleet="default"}'] == 1
        assert found['pixelstream_first_frame_seconds_sum{candidate="relay",fleet="default"}'] == 0.45
        assert found['pixelstream_visit_phase_seconds_sum{fleet="default",phase="queue"}'] == 1.5
        assert found['pixelstream_player_rtt_seconds_count{fleet="default"}'] == 1
        assert found['pixelstream_player_freezes_total{fleet="default"}'] == 2
        assert found['pixelstream_player_drops_total{fleet="default",reason="stream_lost"}'] == 1
        assert found['pixelstream_ice_failures_total{fleet="default",reason="lost"}'] == 1
        assert found['pixelstream_quality_reports_total{result="taken"}'] == 2


async def test_the_limits_of_the_first_frame_have_those_that_goals_are_set_by() -> None:
    async with house() as here:
        await report(here, lease())
        found = await here.figures()
        for limit in ("1.0", "2.0", "3.0", "5.0"):
            name = f'pixelstream_first_frame_seconds_bucket{{candidate="relay",fleet="default",le="{limit}"}}'
            assert found[name] == 1


async def test_every_series_of_a_fleet_is_there_before_its_first_event() -> None:
    async with house() as here:
        await here.until_figure('pixelstream_ice_failures_total{fleet="default",reason="no_path"}', 0)
        await here.until_figure('pixelstream_gpu_seconds_total{fleet="default",state="starting"}', 0)


async def test_the_steps_of_a_session_are_counted_once() -> None:
    async with house() as here:
        for _ in range(2):
            await report(here, lease())
        found = await here.figures()
        assert found['pixelstream_first_frame_seconds_count{candidate="relay",fleet="default"}'] == 1
        assert found['pixelstream_player_rtt_seconds_count{fleet="default"}'] == 2


@pytest.mark.parametrize(
    ("token", "status"),
    [
        ("a.b.c", 401),
        ("nonsense", 401),
        (lease(age=100_000), 401),
        (lease(keys=LeaseKeys({"x": b"0" * 32})), 403),
        (lease(keys=LeaseKeys({"t": b"0" * 32})), 403),
    ],
)
async def test_a_report_needs_a_lease(token: str, status: int) -> None:
    async with house() as here:
        answer = await report(here, token)
        assert answer.status_code == status
        assert token not in answer.text
        await here.until_figure('pixelstream_quality_reports_total{result="no_lease"}', 1)


async def test_the_control_key_is_no_lease() -> None:
    async with house() as here:
        assert (await report(here, "a-control-key")).status_code == 401


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 422),
        (b'{"part":"end","age":1,"address":"192.0.2.1"}', 422),
        (b'{"part":"end","age":1}' + b" " * MAX_REPORT, 413),
    ],
)
async def test_what_is_no_report_is_refused_and_never_repeated(body: bytes, status: int) -> None:
    async with house() as here:
        answer = await report(here, lease(), body)
        assert answer.status_code == status
        assert "192.0.2.1" not in answer.text


async def test_a_session_that_reports_too_often_is_told_when_to_come_again() -> None:
    async with house() as here:
        answers = [await report(here, lease()) for _ in range(int(BURST) + 1)]
        assert [answer.status_code for answer in answers] == [204] * int(BURST) + [429]
        assert 1 <= int(answers[-1].headers["Retry-After"]) <= 10
        assert (await report(here, lease("v-2"))).status_code == 204


async def test_a_page_reports_the_end_of_a_session_that_was_played() -> None:
    stream = FakeStream("s")
    async with house(stream) as here:
        player = await here.visit("?handoff=1")
        notice = await player.matched()
        stream.free(notice["session"])
        await here.until("/api/v1/usage", lambda found: bool(found["rows"]))
        assert (await report(here, notice["lease"], END)).status_code == 204


class Desk:
    """A desk with a clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 10_000.0
        self.heard: list[tuple[str, Report]] = []
        self.metrics = QualityMetrics(new_registry())
        self.desk = QualityDesk(
            lambda: LEASE_KEYS, self.metrics, lambda *one: self.heard.append(one), lambda: self.now
        )

    def take(self, session: str = "v", expires: int = 20_000, **options: Any) -> None:
        token = sign(Lease(session, "default", "s", 1, 0, expires), LEASE_KEYS)
        self.desk.take(token, options.get("body", START))


def test_a_lease_is_good_for_a_last_report_shortly_after_its_end() -> None:
    desk = Desk()
    desk.take(expires=int(desk.now - EPILOGUE / 2))
    with pytest.raises(LeaseError, match="expired"):
        desk.take(expires=int(desk.now - EPILOGUE - 1))


def test_a_session_is_good_for_reports_shortly_after_its_end_whatever_its_lease_says() -> None:
    desk = Desk()
    desk.desk.released("v")
    desk.now += EPILOGUE / 2
    desk.take()
    desk.now += EPILOGUE
    with pytest.raises(OverError):
        desk.take()
    assert desk.metrics.results.counts[ReportResult.OVER] == 1
    assert len(desk.heard) == 1


def test_a_report_in_every_ten_seconds_is_taken_for_ever() -> None:
    desk = Desk()
    for _ in range(200):
        desk.take()
        desk.now += 10.0
    for _ in range(int(BURST)):
        desk.take()
    with pytest.raises(TooManyError):
        desk.take()


def test_what_is_remembered_of_sessions_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pixelstream.apps.matchmaker.quality.KEPT", 3)
    desk = Desk()
    for n in range(10):
        desk.take(f"v{n}")
        desk.desk.released(f"v{n}")
    assert len(desk.desk._known) == len(desk.desk._over) == 3
