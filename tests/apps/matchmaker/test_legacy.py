"""Old signalling servers over Epic's TCP link: taken from where they may come, and seated one by one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import orjson

from pixelstream.net.listener import Listener, listen
from tests.support.matchmaking import House, house
from tests.support.sockets import DEADLINE, Recorder


class Cirrus:
    """An old signalling server: players' sockets at any path, and the link to its matchmaker."""

    def __init__(self, listener: Listener, players: Recorder) -> None:
        self.listener, self.players = listener, players
        self.reader: asyncio.StreamReader
        self.writer: asyncio.StreamWriter

    async def dial(self, here: House) -> None:
        assert here.matchmaker.context.legacy
        port = here.matchmaker.context.legacy.port
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", port)

    async def connect(self, here: House, **fields: Any) -> None:
        await self.dial(here)
        self.say({
            "type": "connect", "address": "169.254.169.254", "port": self.listener.port, "ready": True,
            "playerConnected": False, **fields,
        })  # fmt: skip

    def say(self, *messages: dict[str, Any]) -> None:
        self.writer.write(b"".join(orjson.dumps(message) for message in messages))

    async def hung_up(self) -> bool:
        async with asyncio.timeout(DEADLINE):
            try:
                return await self.reader.read() == b""
            except ConnectionResetError:
                return True


@asynccontextmanager
async def cirrus_house(**settings: Any) -> AsyncIterator[tuple[House, Cirrus]]:
    players = Recorder()
    listener = await listen("127.0.0.1", 0, route=lambda _: players)
    legacy = {
        "enabled": True,
        "host": "127.0.0.1",
        "port": 0,
        "allow": ["127.0.0.0/8"],
        "ports": [listener.port],
    }
    text = f"legacy: {orjson.dumps(legacy | settings).decode()}"
    try:
        async with house(settings=text) as here:
            cirrus = Cirrus(listener, players)
            yield here, cirrus
            if hasattr(cirrus, "writer"):
                cirrus.writer.close()
    finally:
        await listener.close()


async def test_a_player_is_joined_to_the_address_that_the_link_comes_from() -> None:
    async with cirrus_house() as (here, cirrus):
        player = await here.visit("?handoff=1&x=1")
        await player.waiting(1)
        await cirrus.connect(here)
        notice = await player.matched()
        assert "url" not in notice
        await cirrus.players.until(lambda seat: bool(seat.sockets))
        assert cirrus.players.sockets[0].request.query == "x=1"
        cirrus.players.sockets[0].send('{"type":"config"}')
        await player.seated()


async def test_joined_and_split_writes_are_understood() -> None:
    async with cirrus_house() as (here, cirrus):
        await cirrus.connect(here, ready=False)
        cirrus.say({"type": "ping"}, {"type": "streamerConnected"}, {"type": "clientConnected"})
        text = orjson.dumps({"type": "clientDisconnected"})
        cirrus.writer.write(text[:7])
        await cirrus.writer.drain()
        await here.until("/api/v1/streams", lambda a: bool(a["streams"]) and a["streams"][0]["taken"] == 1)
        cirrus.writer.write(text[7:])
        await here.until("/api/v1/streams", lambda a: a["streams"][0]["state"] == "free")


async def test_its_seat_is_taken_while_our_player_is_there_and_free_afterwards() -> None:
    async with cirrus_house() as (here, cirrus):
        await cirrus.connect(here, restPort=8111)
        first, second = await here.visit(), await here.visit()
        await first.matched()
        cirrus.say({"type": "clientConnected"})
        await second.waiting(1)
        entry = (await here.get("/list"))[0]
        assert (entry["restPort"], entry["numConnectedClients"]) == (8111, 1)
        first.ws.close(1000)
        await first.ended()
        assert not any(notice["matched"] for notice in second.notices)
        cirrus.say({"type": "clientDisconnected"})
        await second.matched()


async def test_a_server_that_connects_again_keeps_its_session() -> None:
    async with cirrus_house() as (here, cirrus):
        await cirrus.connect(here)
        player = await here.visit()
        await player.matched()
        await cirrus.players.until(lambda seat: bool(seat.sockets))
        cirrus.writer.close()
        await here.until("/api/v1/streams", lambda a: a["streams"][0]["state"] == "unlinked")
        await cirrus.connect(here, playerConnected=True)
        found = await here.until("/api/v1/streams", lambda a: a["streams"][0]["linked"])
        assert found["streams"][0]["sessions"][0]["session"] == player.session
        assert player.endings == []


async def test_ending_the_session_closes_the_joined_sockets() -> None:
    async with cirrus_house() as (here, cirrus):
        await cirrus.connect(here)
        player = await here.visit()
        await player.matched()
        await here.until("/api/v1/streams", lambda a: a["streams"][0]["state"] == "taken")
        assert (await here.http.delete(f"/api/v1/sessions/{player.session}")).status_code == 204
        await player.ended()


async def test_a_server_of_another_network_is_hung_up_on() -> None:
    async with cirrus_house(allow=["10.0.0.0/8"]) as (here, cirrus):
        await cirrus.connect(here)
        assert await cirrus.hung_up()
        assert (await here.get("/api/v1/streams"))["streams"] == []


async def test_a_player_port_that_is_not_allowed_is_refused() -> None:
    async with cirrus_house() as (here, cirrus):
        await cirrus.connect(here, port=22)
        assert await cirrus.hung_up()


async def test_a_message_before_connect_and_garbage_end_the_link() -> None:
    async with cirrus_house() as (here, cirrus):
        for data in (b'{"type":"ping"}', b"GET / HTTP/1.1\r\n\r\n"):
            await cirrus.dial(here)
            cirrus.writer.write(data)
            assert await cirrus.hung_up()
            cirrus.writer.close()


async def test_an_unknown_type_is_overlooked() -> None:
    async with cirrus_house() as (here, cirrus):
        await cirrus.connect(here, ready=False)
        cirrus.say({"type": "somethingNew"}, {"type": "streamerConnected"})
        await here.until(
            "/api/v1/streams", lambda a: bool(a["streams"]) and a["streams"][0]["state"] == "free"
        )


async def test_a_silent_server_is_dropped() -> None:
    async with cirrus_house(silence="300ms") as (here, cirrus):
        await cirrus.connect(here)
        assert await cirrus.hung_up()
        await here.until_figure('matchmaker_link_faults_total{reason="silent"}', 1)


async def test_a_second_link_of_the_same_server_replaces_the_first() -> None:
    async with cirrus_house() as (here, cirrus):
        await cirrus.connect(here)
        await here.until("/api/v1/streams", lambda a: bool(a["streams"]))
        reader, writer = cirrus.reader, cirrus.writer
        await cirrus.connect(here)
        old = Cirrus(cirrus.listener, cirrus.players)
        old.reader = reader
        assert await old.hung_up()
        writer.close()
        found = await here.until("/api/v1/streams", lambda a: a["streams"][0]["linked"])
        assert len(found["streams"]) == 1


async def test_a_fleet_of_old_servers_takes_no_sessions_by_rest() -> None:
    async with cirrus_house() as (here, _):
        assert (await here.http.post("/api/v1/sessions", json={})).status_code == 409
