"""The bridge from a player to its streamer's REST API: closed but for what the settings allow."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.support.http import FakeServer, answer, fake_server
from tests.support.signalling import Peer, Server, signalserver


@pytest.fixture
async def rest() -> AsyncIterator[FakeServer]:
    async with fake_server(b'{"level":"Arena"}') as fake:
        yield fake


@pytest.fixture
async def server(rest: FakeServer) -> AsyncIterator[Server]:
    control = (
        f"control: {{url: '{rest.url}/base', paths: [GET api/level, api/say/*], timeout: 0.3, maxBody: 1024}}"
    )
    async with signalserver(control) as server:
        await server.streamer()
        yield server


async def asks(player: Peer, action: str, **fields: Any) -> dict[str, Any]:
    await player.says("control", action=action, **fields)
    return await player.hears("response")


async def test_an_allowed_get_is_answered_with_the_body(server: Server, rest: FakeServer) -> None:
    player = await server.player(to="A")
    assert await asks(player, "api/level") == {
        "type": "response",
        "action": "api/level",
        "response": {"level": "Arena"},
    }
    assert rest.requests[0].startswith(b"GET /base/api/level HTTP/1.1\r\n")
    assert await server.metric("control_calls_total", result="ok") == 1


async def test_a_payload_is_posted_with_its_length_in_bytes(server: Server, rest: FakeServer) -> None:
    player = await server.player(to="A")
    await asks(player, "api/say/all", payload={"text": "Grüße 🎮"})
    body = '{"text":"Grüße 🎮"}'.encode()
    assert rest.requests[0].startswith(b"POST /base/api/say/all HTTP/1.1\r\n")
    assert f"Content-Length: {len(body)}\r\n".encode() in rest.requests[0]
    assert rest.requests[0].endswith(body)


@pytest.mark.parametrize(
    ("action", "payload"),
    [
        ("http://127.0.0.1/", None),
        ("//127.0.0.1/x", None),
        ("api/level/../secret", None),
        ("api/%2e%2e/secret", None),
        ("api/level", {"set": 1}),
        ("api/other", None),
        ("", None),
    ],
)
async def test_nothing_else_is_asked(
    server: Server, rest: FakeServer, action: str, payload: dict[str, int] | None
) -> None:
    player = await server.player(to="A")
    fields = {"payload": payload} if payload else {}
    assert "error" in await asks(player, action, **fields)
    assert rest.requests == []


async def test_failures_are_told_in_words(server: Server, rest: FakeServer) -> None:
    player = await server.player(to="A")

    async def silent(_: bytes, __: asyncio.StreamWriter) -> None: ...

    async def large(_: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(answer(b"x" * 2000))

    async def missing(_: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(answer(b"{}", status=404))

    for reply, words in ((silent, "no answer within 0.3 s"), (large, "more than 1024"), (missing, "404")):
        rest.reply = reply
        assert words in (await asks(player, "api/level"))["error"]
    assert await server.metric("control_calls_total", result="failed") == 2
    assert await server.metric("control_calls_total", result="status") == 1


async def test_it_is_off_by_default() -> None:
    async with signalserver() as server:
        await server.streamer()
        player = await server.player(to="A")
        assert "error" in await asks(player, "api/level")
