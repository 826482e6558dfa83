"""The reset between two players over real sockets: what streamer, checks and metrics are told."""

from __future__ import annotations

import asyncio

import pytest

from tests.support.http import fake_server
from tests.support.signalling import DEADLINE, Server, signalserver

MESSAGE = "reset: {kind: message, message: {type: resetLevel, to: {level: start}}, %s}"


async def visits(server: Server) -> None:
    player = await server.player(to="A")
    await player.leaves()


async def is_offered(server: Server) -> None:
    await server.until(lambda: server.relay.snapshot().taken == 0)


async def outcome(server: Server, name: str) -> float:
    return await server.sample("pixelstream_reset_total", outcome=name)


async def test_the_streamer_is_told_and_the_seat_is_free_once_it_acknowledges() -> None:
    async with signalserver(MESSAGE % "acknowledgement: levelReset") as server:
        streamer = await server.streamer()
        await visits(server)
        assert await streamer.hears("resetLevel") == {"type": "resetLevel", "to": {"level": "start"}}
        assert await server.metric("seats_resetting") == 1
        refused = await server.open("player")
        assert await refused.closed() == (1013, "every seat is taken")
        await streamer.says("levelReset")
        await is_offered(server)
        assert await outcome(server, "done") == 1
        assert await server.player(to="A")


async def test_a_message_without_an_acknowledgement_has_its_time_to_settle() -> None:
    async with signalserver(MESSAGE % "settle: 0.2") as server:
        streamer = await server.streamer()
        await visits(server)
        await streamer.hears("resetLevel")
        await is_offered(server)
        assert await outcome(server, "done") == 1


async def test_the_rest_api_is_asked_for_what_players_may_not_ask_for() -> None:
    async with fake_server(b"{}") as rest:
        settings = (
            f"control: {{url: '{rest.url}/base', timeout: 0.5}}\n"
            "reset: {kind: rest, path: api/reset, body: {hard: true}}"
        )
        async with signalserver(settings) as server:
            await server.streamer()
            await visits(server)
            await is_offered(server)
            assert rest.requests[0].startswith(b"POST /base/api/reset HTTP/1.1\r\n")
            assert rest.requests[0].endswith(b'{"hard":true}')
            assert await outcome(server, "done") == 1


async def test_a_rest_api_that_answers_nothing_ends_in_a_wish_for_a_restart() -> None:
    settings = (
        "control: {url: 'http://127.0.0.1:1', timeout: 0.2}\n"
        "reset: {kind: rest, method: GET, path: api/reset, deadline: 1}"
    )
    async with signalserver(settings) as server:
        await server.streamer()
        await visits(server)
        await server.until(lambda: server.relay.restart_wanted)
        assert await outcome(server, "failed") == 1


async def test_the_check_of_the_container_fails_until_a_new_streamer_is_there() -> None:
    async with signalserver("reset: {kind: restart}") as server:
        assert (await server.http.get("/startedz")).status_code == 503
        streamer = await server.streamer()
        assert (await server.http.get("/startedz")).status_code == 200
        assert (await server.http.get("/streamerz?missing=60")).status_code == 200
        await visits(server)
        await server.until(lambda: server.relay.restart_wanted)
        answer = await server.http.get("/streamerz?missing=60")
        assert (answer.status_code, answer.json()["detail"]) == (
            503,
            "to be started again, for its next player",
        )
        async with asyncio.timeout(DEADLINE):  # its last hook has nobody to wait for
            assert (await server.http.get("/drained")).json() == {"drained": False}
        await streamer.breaks()
        await server.until(lambda: not server.relay.registry.streamers)
        assert (await server.http.get("/streamerz?missing=60")).status_code == 503
        assert (await server.http.get("/startedz")).status_code == 503
        await server.streamer()
        await is_offered(server)
        assert (await server.http.get("/streamerz?missing=60")).status_code == 200
        assert await server.player(to="A")


@pytest.mark.parametrize(("query", "status"), [("?missing=60", 200), ("", 503), ("?missing=x", 503)])
async def test_a_missing_streamer_is_borne_for_as_long_as_the_check_says(query: str, status: int) -> None:
    async with signalserver() as server:
        await server.http.get(f"/streamerz{query}")
        await asyncio.sleep(0)
        assert (await server.http.get(f"/streamerz{query}")).status_code == status


async def test_a_drain_in_the_middle_of_a_reset_has_nobody_to_wait_for() -> None:
    async with signalserver(MESSAGE % "deadline: 1h, acknowledgement: never") as server:
        streamer = await server.streamer()
        await visits(server)
        await streamer.hears("resetLevel")
        async with asyncio.timeout(DEADLINE):
            await server.running.drain()
        assert await outcome(server, "cancelled") == 1
