"""Usage over HTTP: a row for each session, the same from every replica; and what fleets cost."""

from __future__ import annotations

import asyncio
import csv
import io
import secrets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from pixelstream.apps.matchmaker.app import serving
from pixelstream.protocol.control import EndedReason
from pixelstream.protocol.trace import trace_of
from pixelstream.settings.base import parse
from pixelstream.settings.matchmaker import MatchmakerSettings
from tests.support.matchmaking import ADMIN, House, house
from tests.support.sockets import DEADLINE
from tests.support.streams import FakeStream, fake_streams
from tests.support.valkeyserver import valkey_server

PATH = "/api/v1/usage"
PRICED = "fleets: [{name: default, gpus: 0.5, pricePerGpuHour: 7.2}]\n"


async def play(
    here: House, stream: FakeStream, reason: EndedReason = EndedReason.LEFT, **options: Any
) -> str:
    """Let a player come, play and go; return its session."""
    player = await here.visit("?handoff=1", **options)
    notice = await player.matched()
    seat = await here.visit_url(f"{stream.url}/{notice['url']}")
    await seat.until(lambda _: bool(seat.messages))
    session = str(notice["session"])
    await here.until("/api/v1/streams", lambda found: states(found) == ["connected"])
    stream.free(session, reason, 12.5)
    seat.ws.abort()
    await here.until(PATH, lambda found: session in [row["session"] for row in found["rows"]])
    return session


def states(found: Any) -> list[str]:
    return [seat["state"] for stream in found["streams"] for seat in stream["sessions"]]


async def test_a_session_that_is_over_leaves_a_row() -> None:
    stream = FakeStream("s")
    async with house(stream) as here:
        session = await play(here, stream, EndedReason.IDLE)
        found = await here.get(PATH)
        (row,) = found["rows"]
        assert row.pop("start") <= row.pop("end")
        assert 0 <= row.pop("waited") < DEADLINE
        assert row == {
            "session": session,
            "trace": trace_of(session),
            "fleet": "default",
            "seconds": 12.5,
            "ended": "idle",
        }
        assert found["next"] is None


async def test_one_who_left_the_queue_leaves_a_row_too() -> None:
    async with house() as here:
        player = await here.visit()
        await player.waiting()
        player.ws.close()
        found = await here.until(PATH, lambda found: bool(found["rows"]))
        assert (found["rows"][0]["seconds"], found["rows"][0]["ended"]) == (0.0, "left")


@pytest.mark.parametrize(("query", "accept"), [("?format=csv", "*/*"), ("", "text/csv")])
async def test_rows_are_given_as_csv(query: str, accept: str) -> None:
    stream = FakeStream("s")
    async with house(stream) as here:
        session = await play(here, stream)
        answer = await here.http.get(PATH + query, headers={**ADMIN, "Accept": accept})
        assert answer.headers["content-type"].startswith("text/csv")
        (row,) = csv.DictReader(io.StringIO(answer.text))
        assert list(row) == ["session", "trace", "fleet", "start", "end", "waited", "seconds", "ended"]
        assert (row["session"], row["seconds"], row["ended"]) == (session, "12.5", "left")


async def test_it_needs_the_control_key() -> None:
    async with house() as here:
        assert (await here.http.get(PATH)).status_code == 401


async def test_names_are_told_only_if_they_are_kept_and_asked_for() -> None:
    user: dict[str, Any] = {"headers": {"x-user": "=ada"}}
    for kept in ("true", "false"):
        stream = FakeStream("s")
        settings = f"userHeader: x-user\nusage: {{users: {kept}}}\n"
        async with house(stream, settings=settings) as here:
            await play(here, stream, **user)
            assert "user" not in (await here.get(PATH))["rows"][0]
            asked = await here.http.get(f"{PATH}?users=1", headers=ADMIN)
            if kept == "false":
                assert asked.status_code == 403
                continue
            assert asked.json()["rows"][0]["user"] == "=ada"
            text = (await here.http.get(f"{PATH}?users=1&format=csv", headers=ADMIN)).text
            assert next(csv.DictReader(io.StringIO(text)))["user"] == "'=ada"  # no formula for a spreadsheet


async def test_pages_and_bounds() -> None:
    stream = FakeStream("s")
    async with house(stream) as here:
        sessions = [await play(here, stream) for _ in range(3)]
        first = await here.get(f"{PATH}?limit=2")
        assert [row["session"] for row in first["rows"]] == sessions[:2]
        rest = await here.get(f"{PATH}?limit=2&after={first['next']}")
        assert ([row["session"] for row in rest["rows"]], rest["next"]) == (sessions[2:], None)
        page = await here.http.get(f"{PATH}?limit=2&format=csv", headers=ADMIN)
        assert page.headers["link"].endswith('>; rel="next"')
        assert f"after={first['next']}" in page.headers["link"]
        second = first["rows"][1]["end"]
        later = await here.get(f"{PATH}?since={second}")
        assert [row["session"] for row in later["rows"]] == sessions[1:]
        earlier = await here.get(f"{PATH}?until={second}")
        assert [row["session"] for row in earlier["rows"]] == sessions[:1]
        assert (await here.get(f"{PATH}?since=2999-01-01T00:00:00Z"))["rows"] == []


@pytest.mark.parametrize("query", ["since=yesterday", "until=-1", "after=x", "since=1e300", "until=nan"])
async def test_bounds_that_are_none_are_refused(query: str) -> None:
    async with house() as here:
        await here.get(f"{PATH}?{query}", 400)


async def test_gpu_seconds_go_by_state_and_cost_what_the_fleets_file_says() -> None:
    stream = FakeStream("s")
    async with house(stream, settings=PRICED) as here:
        name = 'pixelstream_gpu_{}_total{{fleet="default",state="{}"}}'
        await grows(here, name.format("seconds", "idle"))
        player = await here.visit("?handoff=1")
        notice = await player.matched()
        seat = await here.visit_url(f"{stream.url}/{notice['url']}")
        await seat.until(lambda _: bool(seat.messages))
        await grows(here, name.format("seconds", "busy"))
        await grows(here, 'pixelstream_session_seconds_total{fleet="default"}')
        found = await here.figures()
        seconds, cost = (found[name.format(what, "busy")] for what in ("seconds", "cost"))
        assert cost == pytest.approx(seconds * 7.2 / 3600)
        (fleet,) = (await here.get("/api/v1/fleets"))["fleets"]
        cost = fleet["cost"]
        assert (cost["gpus"], cost["price_per_gpu_hour"], cost["per_hour"]) == (0.5, 7.2, 3.6)
        assert cost["per_session_minute"] == 0.06
        assert cost["gpu_seconds"]["busy"] > 0
        assert cost["counted_per_session_minute"] > 0


async def test_a_stream_that_is_not_there_yet_is_starting() -> None:
    stream = FakeStream("s")
    async with house(stream, link=False) as here:
        await grows(here, 'pixelstream_gpu_seconds_total{fleet="default",state="starting"}')


async def grows(here: House, name: str) -> None:
    begin = (await here.figures()).get(name, 0.0)
    async with asyncio.timeout(DEADLINE):
        while (await here.figures()).get(name, 0.0) <= begin:  # noqa: ASYNC110 - HTTP can only be asked
            await asyncio.sleep(0.05)


@asynccontextmanager
async def replicas(folder: Path, *streams: FakeStream) -> AsyncIterator[list[House]]:
    """Two matchmakers that share a store."""
    async with AsyncExitStack() as stack:
        server = stack.enter_context(valkey_server(folder))
        await stack.enter_async_context(fake_streams(*streams))
        listed = ", ".join(f"{{id: {stream.name}, url: '{stream.url}'}}" for stream in streams)
        text = (
            f"listen: {{host: 127.0.0.1, port: 0}}\nstreams: [{listed}]\n{PRICED}"
            f"store: {{kind: valkey, url: '{server.url}', prefix: t-{secrets.token_hex(4)}}}\n"
        )
        found = []
        for _ in range(2):
            running = await stack.enter_async_context(serving(parse(MatchmakerSettings, text)))
            here = House(running, streams)
            stack.push_async_callback(here.http.aclose)
            found.append(here)
        yield found
        for here in found:
            for player in here.players:
                player.ws.abort()


async def rows(here: House) -> list[dict[str, Any]]:
    answer = await here.http.get(PATH, headers=ADMIN)
    return list(answer.json()["rows"]) if answer.status_code == httpx.codes.OK else []


async def test_every_replica_gives_the_same_rows_each_once(tmp_path: Path) -> None:
    stream = FakeStream("s")
    async with replicas(tmp_path, stream) as (a, b):
        await stream.connect(b.ws)
        sessions = [await play(here, stream) for here in (a, b, a)]
        assert [row["session"] for row in await rows(a)] == sessions
        assert await rows(a) == await rows(b)


async def test_each_stream_is_counted_by_one_replica(tmp_path: Path) -> None:
    linked, starting = FakeStream("s"), FakeStream("t")
    async with replicas(tmp_path, linked, starting) as (a, b):
        await linked.connect(b.ws)
        idle, begun = (
            f'pixelstream_gpu_seconds_total{{fleet="default",state="{s}"}}' for s in ("idle", "starting")
        )
        await grows(b, idle)
        async with asyncio.timeout(DEADLINE):
            while max([(await here.figures()).get(begun, 0.0) for here in (a, b)]) < 1.5:  # noqa: ASYNC110 - as above
                await asyncio.sleep(0.05)
        before = [await here.figures() for here in (a, b)]
        await grows(b, idle)
        after = [await here.figures() for here in (a, b)]
        assert after[0].get(idle, 0.0) == before[0].get(idle, 0.0)
        moved = [now.get(begun, 0.0) - then.get(begun, 0.0) for now, then in zip(after, before, strict=True)]
        assert min(moved) == 0.0
