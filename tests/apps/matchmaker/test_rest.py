"""Sessions by REST: created, read, followed and ended; and lists for operators."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest

from pixelstream.protocol.control import EndedReason, Release
from tests.support.matchmaking import ADMIN, House, house
from tests.support.sockets import DEADLINE
from tests.support.streams import FakeStream


async def create(here: House, status: int = 201, **body: object) -> dict[str, Any]:
    answer = await here.http.post("/api/v1/sessions", json=body)
    assert answer.status_code == status, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def take(here: House, session: dict[str, Any]) -> None:
    """Go to the seat of a reserved session."""
    seat = await here.visit_url(f"{here.streams[0].url}/{session['url']}")
    await seat.until(lambda s: bool(s.messages))


async def test_a_free_seat_is_in_the_answer_to_the_request() -> None:
    stream = FakeStream("s")
    async with house(stream) as here:
        await here.until("/api/v1/streams", lambda a: a["streams"][0]["state"] == "free")
        session = await create(here)
        assert (session["state"], session["stream"], session["position"]) == ("reserved", "s", None)
        assert session["url"] == f"s/{session['lease']}/ws"
        await take(here, session)
        path = f"/api/v1/sessions/{session['session']}"
        found = await here.until(path, lambda s: s["state"] == "connected")
        assert found["lease"] is found["url"] is None


async def test_without_a_free_seat_the_session_waits_until_there_is_one() -> None:
    stream = FakeStream("s")
    async with house(stream, link=False) as here:
        session = await create(here, fleet="default")
        assert (session["state"], session["position"], session["estimate"]) == ("waiting", 1, None)
        await stream.connect(here.ws)
        found = await here.until(f"/api/v1/sessions/{session['session']}", lambda s: s["url"] is not None)
        await take(here, found)


async def test_a_session_is_followed_from_waiting_to_its_end() -> None:
    stream = FakeStream("s")
    async with house(stream, link=False) as here:
        first = await here.visit()
        await first.waiting(1)
        session = await create(here)
        states: list[str] = []
        positions: list[int | None] = []
        async with (
            asyncio.timeout(DEADLINE),
            here.http.stream("GET", f"/api/v1/sessions/{session['session']}/events") as events,
        ):
            assert events.headers["content-type"].startswith("text/event-stream")
            async for line in events.aiter_lines():
                if not line.startswith("data: "):
                    continue
                event = orjson.loads(line[6:])
                states.append(event["state"])
                positions.append(event["position"])
                match event["state"], event["position"]:
                    case "waiting", 2:
                        first.ws.close(1000)
                    case "waiting", 1:
                        await stream.connect(here.ws)
                    case "reserved", _:
                        await take(here, event)
                    case "connected", _:
                        stream.free(session["session"], EndedReason.KICKED)
                    case _:
                        pass
        assert list(dict.fromkeys(states)) in (
            ["waiting", "reserved", "connected", "released"],
            ["waiting", "claimed", "reserved", "connected", "released"],
        )
        assert positions[:2] == [2, 1]
        assert event["reason"] == "kicked"


async def test_ending_a_waiting_session_takes_it_out_of_the_line() -> None:
    async with house() as here:
        session = await create(here)
        other = await here.visit()
        await other.waiting(2)
        assert (await here.http.delete(f"/api/v1/sessions/{session['session']}")).status_code == 204
        await other.waiting(1)
        found = await here.get(f"/api/v1/sessions/{session['session']}")
        assert (found["state"], found["reason"]) == ("released", "cancelled")


async def test_ending_a_played_session_tells_its_stream() -> None:
    stream = FakeStream("s")
    async with house(stream) as here:
        player = await here.visit()
        await player.seated()
        await here.until("/api/v1/streams", lambda a: a["streams"][0]["state"] == "taken")
        assert (await here.http.delete(f"/api/v1/sessions/{player.session}")).status_code == 204
        await stream.until(lambda s: any(isinstance(order, Release) for order in s.orders))


async def test_a_session_whose_stream_cannot_be_told_is_not_ended() -> None:
    stream = FakeStream("s")
    async with house(stream) as here:
        player = await here.visit()
        await player.seated()
        await here.until("/api/v1/streams", lambda a: a["streams"][0]["state"] == "taken")
        assert stream.link
        stream.link.abort()
        await here.until("/api/v1/streams", lambda a: a["streams"][0]["state"] == "unlinked")
        assert (await here.http.delete(f"/api/v1/sessions/{player.session}")).status_code == 409
        assert player.endings == []


async def test_a_session_that_nobody_asks_for_is_abandoned() -> None:
    async with house(settings="rest: {patience: 200ms}") as here:
        await create(here)
        await here.until_figure('matchmaker_sessions_released_total{reason="abandoned"}', 1)


async def test_a_session_that_is_asked_for_is_kept() -> None:
    async with house(settings="rest: {patience: 400ms}") as here:
        session = await create(here)
        path = f"/api/v1/sessions/{session['session']}"
        found = await here.until(path, lambda s: s["waited"] > 1.0)
        assert found["state"] == "waiting"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"fleet": "nowhere"}, 404),
        ({"fleet": "not a name"}, 422),
        ({"fleet": "default", "stream": "s"}, 422),
        ({"user": "ada"}, 401),
    ],
)
async def test_a_wrong_request_is_refused(body: dict[str, str], status: int) -> None:
    async with house() as here:
        await create(here, status, **body)


@pytest.mark.parametrize("told", [True, False])
async def test_a_body_that_is_too_long_is_refused_whether_its_length_is_told_or_not(told: bool) -> None:  # noqa: FBT001
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(3):
            yield b" " * 30_000

    async with house() as here:
        content = b" " * 90_000 if told else pieces()
        answer = await here.http.post("/api/v1/sessions", content=content)
        assert (answer.status_code, answer.json()) == (413, {"detail": "a body may have 65536 bytes"})
        await create(here, fleet="default")


async def test_a_user_is_named_with_the_control_key_only() -> None:
    stream = FakeStream("s")
    async with house(stream) as here:
        await here.until("/api/v1/streams", lambda a: a["streams"][0]["state"] == "free")
        answer = await here.http.post("/api/v1/sessions", json={"user": "ada"}, headers=ADMIN)
        assert answer.status_code == 201


async def test_a_full_queue_is_told_with_a_time_to_retry() -> None:
    async with house(settings="queue: {capacity: 1}") as here:
        await create(here)
        answer = await here.http.post("/api/v1/sessions", json={})
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "10")


async def test_an_unknown_session_is_not_found() -> None:
    async with house() as here:
        for path in ("/api/v1/sessions/x", "/api/v1/sessions/x/events"):
            await here.get(path, 404)
        assert (await here.http.delete("/api/v1/sessions/x")).status_code == 404


async def test_followers_of_one_session_are_bounded() -> None:
    async with house(settings="limits: {maxFollowers: 1}") as here:
        session = await create(here)
        path = f"/api/v1/sessions/{session['session']}/events"
        async with here.http.stream("GET", path) as events:
            await anext(events.aiter_lines())
            await here.get(path, 429)


async def test_streams_fleets_and_queue_are_listed() -> None:
    streams = FakeStream("a"), FakeStream("b", ready=False)
    async with house(*streams, settings="fleets: [{name: default, buffer: 2}]") as here:
        player = await here.visit()
        await player.seated()
        await (await here.visit()).waiting(1)
        found = await here.until("/api/v1/streams", lambda a: a["streams"][0]["state"] == "taken")
        assert [(s["id"], s["state"], s["taken"], s["seats"]) for s in found["streams"]] == [
            ("a", "taken", 1, 1),
            ("b", "not_ready", 0, 1),
        ]
        fleet = (await here.get("/api/v1/fleets"))["fleets"][0]
        assert fleet["name"] == "default"
        assert [fleet[name] for name in ("streams", "ready", "taken", "waiting", "wanted")] == [2, 1, 1, 1, 4]
        queue = await here.get("/api/v1/queue")
        assert queue["length"] == 1
        assert queue["waiting"][0]["position"] == 1


@pytest.mark.parametrize("path", ["/api/v1/streams", "/api/v1/fleets", "/api/v1/queue", "/list"])
async def test_lists_need_the_control_key(path: str) -> None:
    async with house() as here:
        assert (await here.http.get(path)).status_code == 401
        wrong = await here.http.get(path, headers={"Authorization": "Bearer wrong"})
        assert wrong.status_code == 401
        await here.get(path)


async def test_health_tells_how_the_matchmaker_is_without_a_key() -> None:
    async with house(FakeStream("s")) as here:
        await here.until("/api/v1/health", lambda h: h["links"] == 1)
        health = (await here.http.get("/api/v1/health")).json()
        assert (health["status"], health["store"], health["waiting"]) == ("ok", "memory", 0)
        assert (await here.http.get("/healthz")).status_code == 200
        assert (await here.http.get("/readyz")).status_code == 200


async def test_openapi_describes_the_routes() -> None:
    async with house() as here:
        described = (await here.http.get("/openapi.json")).json()
        assert {
            "/api/v1/sessions",
            "/api/v1/sessions/{session}",
            "/api/v1/sessions/{session}/events",
            "/api/v1/streams",
            "/api/v1/fleets",
            "/api/v1/queue",
            "/api/v1/health",
            "/list",
            "/signallingserver",
        } <= set(described["paths"])


async def test_the_list_of_the_original_has_its_fields() -> None:
    stream = FakeStream("s")
    async with house(stream) as here:
        await here.until("/list", lambda found: found[0]["ready"])
        entry = (await here.get("/list"))[0]
        assert stream.listener
        assert entry.pop("lastPingReceived") > 1_600_000_000_000
        assert entry == {
            "address": "127.0.0.1",
            "port": stream.listener.port,
            "numConnectedClients": 0,
            "ready": True,
            "id": "s",
            "restPort": None,
            "offered": False,
        }


async def test_signallingserver_tells_each_free_stream_once_in_a_while() -> None:
    one, two = FakeStream("one"), FakeStream("two")
    async with house(one, two) as here:
        await here.until("/api/v1/streams", lambda a: all(s["state"] == "free" for s in a["streams"]))
        answers = [await here.http.get("/signallingserver") for _ in range(3)]
        assert [answer.json() for answer in answers] == [
            {"signallingServer": one.url[5:]},
            {"signallingServer": two.url[5:]},
            {"signallingServer": "", "error": "No signalling servers available"},
        ]
        assert answers[0].headers["access-control-allow-origin"] == "*"
        preflight = await here.http.options("/signallingserver")
        assert preflight.status_code == 204
        assert preflight.headers["access-control-allow-origin"] == "*"


async def test_compatibility_routes_can_be_turned_off() -> None:
    async with house(settings="compat: {enabled: false}") as here:
        await here.get("/list", 404)
        await here.get("/signallingserver", 404)
