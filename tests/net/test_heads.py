"""Requests that follow on a kept connection have bounded heads, as the first one has."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from fastapi import FastAPI, Request

from pixelstream.net import handshake, heads
from pixelstream.net.handshake import Refusal
from pixelstream.net.listener import listen
from tests.support.sockets import DEADLINE

Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@pytest.fixture
async def kept() -> AsyncIterator[Connection]:
    """A connection on which one request was answered."""
    app = FastAPI()

    @app.post("/count")
    async def count(request: Request) -> int:
        return len(await request.body()) + len(request.headers.get("x", ""))

    listener = await listen("127.0.0.1", 0, route=lambda _: Refusal(404, "none"), http=app)
    reader, writer = await asyncio.open_connection("127.0.0.1", listener.port)
    async with asyncio.timeout(DEADLINE):
        await ask(reader, writer, b"Content-Length: 2\r\n\r\nhi", b"2")
        yield reader, writer
        writer.close()
    await listener.close()


async def ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, rest: bytes, count: bytes) -> None:
    writer.write(b"POST /count HTTP/1.1\r\nHost: a\r\n" + rest)
    assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200")
    assert await reader.readexactly(len(count)) == count


async def test_a_head_that_goes_on_for_ever_is_answered_431(kept: Connection) -> None:
    reader, writer = kept
    writer.write(b"GET / HTTP/1.1\r\nX: ")
    answer = asyncio.create_task(reader.readline())
    while not answer.done():
        writer.write(b"x" * 4096)
        await asyncio.wait([answer], timeout=0.01)
    assert (await answer).startswith(b"HTTP/1.1 431")


async def test_a_head_within_the_bound_may_come_in_pieces_and_a_body_may_be_longer(kept: Connection) -> None:
    reader, writer = kept
    size = 4 * handshake.MAX_HEAD
    writer.write(b"POST /count HTTP/1.1\r\nHost: a\r\nX: ")
    for _ in range(10):
        writer.write(b"x" * 1000)
        await writer.drain()
    writer.write(b"\r\nContent-Length: %d\r\n\r\n" % size + b"y" * size)
    assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200")
    assert await reader.readexactly(5) == b"%d" % (size + 10_000)
    await ask(reader, writer, b"\r\n", b"0")


async def test_a_client_that_stops_within_a_head_is_hung_up_on(
    kept: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(heads, "HEAD_DEADLINE", 0.05)
    reader, writer = kept
    writer.write(b"GET / HTTP/1.1\r\nX: ")
    assert await reader.read() == b""
