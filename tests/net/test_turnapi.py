"""Every player gets an answer, whatever turn-api does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest

from pixelstream.net.turnapi import Source, TurnApi
from tests.support.http import FakeServer, answer, fake_server

NOW = 1_000_000.0
STUN = {"iceTransportPolicy": "all", "iceServers": [{"urls": ["stun:192.0.2.9:3478"]}]}


def configuration(expiry: int = 1_003_600) -> dict[str, Any]:
    urls = ["stun:192.0.2.1:3478", "turn:192.0.2.1:3478?transport=udp"]
    return {
        "iceTransportPolicy": "all",
        "iceServers": [{"urls": urls, "username": f"{expiry}:s1", "credential": "c"}],
    }


class Clock:
    now = NOW

    def __call__(self) -> float:
        return self.now


@pytest.fixture
async def server() -> AsyncIterator[FakeServer]:
    async with fake_server(orjson.dumps(configuration())) as fake:
        yield fake


def client(server: FakeServer, **more: Any) -> TurnApi:
    return TurnApi(
        server.url, key=lambda: "k", deadline=0.2, stun=["stun:192.0.2.9:3478"], clock=Clock(), **more
    )


async def test_the_session_and_the_key_are_sent(server: FakeServer) -> None:
    turn_api = client(server)
    config = await turn_api.fetch("a/b c")
    assert server.requests[0].startswith(b"GET /?session=a%2Fb%20c HTTP/1.1\r\n")
    assert b"Authorization: Bearer k\r\n" in server.requests[0]
    assert (config.source, config.expires) == (Source.TURN_API, 1_003_600)
    assert orjson.loads(config.options) == configuration()
    turn_api.close()


async def test_a_relay_policy_is_asked_for(server: FakeServer) -> None:
    turn_api = client(server, policy="relay", zone="eu/1")
    await turn_api.fetch("s")
    assert b"GET /?session=s&policy=relay&zone=eu%2F1 " in server.requests[0]
    turn_api.close()


async def silence(_: bytes, __: asyncio.StreamWriter) -> None: ...


async def test_the_last_good_answer_helps_while_its_credentials_last(server: FakeServer) -> None:
    turn_api = client(server)
    await turn_api.fetch("s1")
    server.reply = silence
    config = await turn_api.fetch("s2")
    assert (orjson.loads(config.options), config.source) == (configuration(), Source.LAST_GOOD)


async def test_after_their_end_stun_alone_is_left(server: FakeServer) -> None:
    server.body = orjson.dumps(configuration(expiry=int(NOW) - 1))
    turn_api = client(server)
    await turn_api.fetch("s1")
    server.reply = silence
    config = await turn_api.fetch("s2")
    assert (orjson.loads(config.options), config.source, config.expires) == (STUN, Source.STUN_ONLY, None)


async def test_without_stun_of_its_own_it_takes_that_of_the_last_answer(server: FakeServer) -> None:
    server.body = orjson.dumps(configuration(expiry=1))
    turn_api = TurnApi(server.url, deadline=0.2, clock=Clock())
    await turn_api.fetch("s1")
    server.reply = silence
    options = orjson.loads((await turn_api.fetch("s2")).options)
    assert options["iceServers"] == [{"urls": ["stun:192.0.2.1:3478"]}]


async def test_without_a_url_it_answers_at_once() -> None:
    config = await TurnApi(None, stun=["stun:192.0.2.9:3478"]).fetch("s")
    assert (orjson.loads(config.options), config.source) == (STUN, Source.STUN_ONLY)
    nothing = (await TurnApi(None).fetch("s")).options
    assert orjson.loads(nothing) == {"iceTransportPolicy": "all", "iceServers": []}


@pytest.mark.parametrize(
    "wire",
    [
        answer(b"{}"),
        answer(b"null"),
        answer(b'{"iceServers":[{"urls":[1]}]}'),
        answer(b'{"iceServers":["x"]}'),
        answer(b"{"),
        answer(orjson.dumps(configuration()), status=503),
        answer(b"x" * 70_000),
        b"no http\r\n\r\n",
    ],
)
async def test_what_is_no_configuration_counts_as_down(server: FakeServer, wire: bytes) -> None:
    async def reply(_: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(wire)

    server.reply = reply
    assert orjson.loads((await client(server).fetch("s")).options) == STUN


async def test_it_recovers_by_itself(server: FakeServer) -> None:
    turn_api = client(server)
    server.reply = silence
    assert (await turn_api.fetch("s")).source is Source.STUN_ONLY
    server.reply = server.usual
    assert (await turn_api.fetch("s")).source is Source.TURN_API
    turn_api.close()
