"""The small HTTP client against servers that behave and servers that don't."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from pixelstream.net.http import CallError, HttpClient
from tests.support.http import FakeServer, answer, fake_server


@pytest.fixture
async def server() -> AsyncIterator[FakeServer]:
    async with fake_server(b'{"a":1}') as fake:
        yield fake


@pytest.fixture
async def client(server: FakeServer) -> AsyncIterator[HttpClient]:
    client = HttpClient(server.url + "/base/", max_body=1000)
    yield client
    client.close()


async def test_a_get_carries_prefix_and_bearer(server: FakeServer, client: HttpClient) -> None:
    got = await client.get("/x?y=1", timeout=5, bearer="k")
    assert (got.status, got.content_type, got.body) == (200, "application/json", b'{"a":1}')
    assert server.requests[0].startswith(b"GET /base/x?y=1 HTTP/1.1\r\nHost: 127.0.0.1:")
    assert b"Authorization: Bearer k\r\n" in server.requests[0]


async def test_connections_are_kept(server: FakeServer, client: HttpClient) -> None:
    for _ in range(3):
        await client.get("/", timeout=5)
    assert (server.connections, len(server.requests)) == (1, 3)


async def test_calls_at_once_have_a_connection_each(server: FakeServer, client: HttpClient) -> None:
    await asyncio.gather(*(client.get("/", timeout=5) for _ in range(6)))
    assert server.connections == 6


async def test_a_kept_connection_that_ended_is_replaced(server: FakeServer, client: HttpClient) -> None:
    await client.get("/", timeout=5)

    async def hang_up(_: bytes, writer: asyncio.StreamWriter) -> None:
        server.reply = server.usual
        writer.close()

    server.reply = hang_up
    assert (await client.get("/", timeout=5)).status == 200
    assert server.connections == 2


async def test_a_body_is_never_sent_twice(server: FakeServer, client: HttpClient) -> None:
    await client.get("/", timeout=5)

    async def hang_up(_: bytes, writer: asyncio.StreamWriter) -> None:
        writer.close()

    server.reply = hang_up
    with pytest.raises(CallError, match="ended before an answer"):
        await client.call("POST", "/", body=b"{}", timeout=5)
    assert len(server.requests) == 2


async def test_the_length_of_a_body_counts_bytes(server: FakeServer, client: HttpClient) -> None:
    await client.call("POST", "/", body='{"name":"Grüße 🎮"}'.encode(), timeout=5)
    assert b"Content-Length: 23\r\n" in server.requests[0]
    assert server.requests[0].endswith('{"name":"Grüße 🎮"}'.encode())


async def test_silence_ends_at_the_deadline(server: FakeServer, client: HttpClient) -> None:
    async def nothing(_: bytes, __: asyncio.StreamWriter) -> None: ...

    server.reply = nothing
    with pytest.raises(CallError, match=r"no answer within 0\.05 s"):
        await client.get("/", timeout=0.05)


async def test_a_closed_port_is_told() -> None:
    async with fake_server() as gone:
        url = gone.url
    with pytest.raises(CallError):
        await HttpClient(url).get("/", timeout=5)


@pytest.mark.parametrize("target", ["x", "http://evil/", "/a b", "/a\r\nX: y", "/ä"])
async def test_odd_targets_are_refused(client: HttpClient, target: str) -> None:
    with pytest.raises(CallError, match="a target begins"):
        await client.get(target, timeout=5)


@pytest.mark.parametrize(
    ("wire", "body"),
    [
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", b"abcde"),
        (b"HTTP/1.0 200 OK\r\n\r\nuntil the end", b"until the end"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", b""),
        (answer(b"last", extra="Connection: close\r\n"), b"last"),
    ],
)
async def test_each_way_to_end_an_answer_is_known(
    server: FakeServer, client: HttpClient, wire: bytes, body: bytes
) -> None:
    async def one_by_one(_: bytes, writer: asyncio.StreamWriter) -> None:
        for byte in wire:
            writer.write(bytes([byte]))
            await writer.drain()
        writer.close()

    server.reply = one_by_one
    assert (await client.get("/", timeout=5)).body == body


@pytest.mark.parametrize(
    ("wire", "words"),
    [
        (answer(b"x" * 1001), "more than 1000 bytes"),
        (b"SSH-2.0-OpenSSH\r\n", "not HTTP"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", "ended within the answer"),
    ],
)
async def test_bad_answers_are_errors(
    server: FakeServer, client: HttpClient, wire: bytes, words: str
) -> None:
    async def reply(_: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(wire)
        writer.close()

    server.reply = reply
    with pytest.raises(CallError, match=words):
        await client.get("/", timeout=5)
