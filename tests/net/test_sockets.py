"""Listener, websocket and dial over real TCP, the `websockets` library as the other side."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from pixelstream.errors import DialError
from pixelstream.net import frames, handshake
from pixelstream.net.dial import dial
from pixelstream.net.handshake import Refusal
from pixelstream.net.listener import Limits, Listener, listen
from pixelstream.net.websocket import Handler, Request, WebSocket
from tests.support.sockets import DEADLINE, Recorder

LIMITS = Limits(max_message=100_000, high_water=64 * 1024, max_sockets=8)


def echo(ws: WebSocket, data: bytes) -> None:
    ws.send(data)


class Server:
    """A listener with an echoing recorder and a small HTTP app behind it."""

    def __init__(self) -> None:
        self.recorder = Recorder(echo)
        self.listener: Listener | None = None

    def route(self, request: Request) -> Handler | Refusal:
        return Refusal(403, "not you") if request.path == "/refused" else self.recorder

    @property
    def url(self) -> str:
        assert self.listener is not None
        return f"ws://127.0.0.1:{self.listener.port}"


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    app = FastAPI()

    @app.get("/healthz")
    async def health() -> str:
        return "ok"

    server = Server()
    server.listener = await listen("127.0.0.1", 0, route=server.route, http=app, limits=LIMITS)
    yield server
    await server.listener.close()


async def test_an_upgrade_may_follow_on_a_connection_that_served_http(server: Server) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", int(server.url.rpartition(":")[2]))
    async with asyncio.timeout(DEADLINE):
        writer.write(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
        await reader.readuntil(b'"ok"')
        request, accept_value = handshake.build_request("a", "/any?fleet=a%2Fb", {}, ())
        writer.write(request)
        handshake.check_response(await reader.readuntil(b"\r\n\r\n"), accept_value)
        writer.write(frames.build(frames.TEXT, b"hello", mask=True))
        assert await reader.readexactly(7) == b"\x81\x05hello"
        assert server.recorder.sockets[0].request.path == "/any"
        assert server.recorder.sockets[0].request.query == "fleet=a%2Fb"
        writer.close()
        await writer.wait_closed()
        await server.recorder.until(lambda seen: len(seen.endings) == 1)


@pytest.mark.parametrize("size", [0, 1, 2, 3, 125, 126, 127, 132, 65_535, 65_536, 99_999])
async def test_messages_of_every_length_come_back_whole(server: Server, size: int) -> None:
    async with connect(server.url) as client:
        await client.send("x" * size)
        assert await client.recv() == "x" * size
        await client.send(b"y" * size)
        assert await client.recv(decode=False) == b"y" * size


async def test_fragments_and_a_ping_between_them_make_one_message(server: Server) -> None:
    async with connect(server.url) as client:

        async def pieces() -> AsyncIterator[str]:
            yield "one "
            await (await client.ping())
            yield "two "
            yield "three"

        await client.send(pieces())
        assert await client.recv() == "one two three"
        await client.send("again")
        assert await client.recv() == "again"


async def test_frames_in_any_cut_are_put_together(server: Server) -> None:
    reader, writer = await raw(server)
    stream = b"".join(frames.build(frames.TEXT, b"m%d" % n * 40, mask=True) for n in range(20))
    for at in range(0, len(stream), 7):
        writer.write(stream[at : at + 7])
        await writer.drain()
        await asyncio.sleep(0)
    await server.recorder.until(lambda r: len(r.messages) == 20)
    assert server.recorder.messages == [b"m%d" % n * 40 for n in range(20)]
    await hang_up(writer)
    assert reader is not None


@pytest.mark.parametrize("size", [40, 5000])
async def test_many_frames_in_each_read_are_each_delivered_once(server: Server, size: int) -> None:
    _, writer = await raw(server)
    for first in range(0, 40, 4):
        writer.write(
            b"".join(
                frames.build(frames.TEXT, b"%02d" % n * size, mask=True) for n in range(first, first + 4)
            )
        )
        await server.recorder.until(lambda r, count=first + 4: len(r.messages) == count)  # type: ignore[misc]
    assert server.recorder.messages == [b"%02d" % n * size for n in range(40)]
    await hang_up(writer)


async def test_http_and_websockets_share_one_port(server: Server) -> None:
    async with httpx.AsyncClient() as client, connect(server.url):
        answer = await client.get(server.url.replace("ws", "http", 1) + "/healthz")
    assert (answer.status_code, answer.json()) == (200, "ok")


async def test_a_refused_upgrade_says_why(server: Server) -> None:
    with pytest.raises(InvalidStatus) as caught:
        await connect(server.url + "/refused")
    assert caught.value.response.status_code == 403
    assert caught.value.response.body == b"not you\n"


async def test_a_message_over_the_limit_closes_its_sender_with_1009(server: Server) -> None:
    async with connect(server.url) as client:
        await client.send("x" * 100_001)
        with pytest.raises(ConnectionClosed):
            await client.recv()
        assert client.close_code == 1009


async def test_fragments_over_the_limit_close_their_sender_with_1009(server: Server) -> None:
    async with connect(server.url) as client:
        await client.send(["x" * 60_000, "x" * 60_000])
        with pytest.raises(ConnectionClosed):
            await client.recv()
        assert client.close_code == 1009


async def test_more_sockets_than_allowed_are_refused(server: Server) -> None:
    assert server.listener is not None
    clients = [await connect(server.url) for _ in range(8)]
    with pytest.raises(InvalidStatus) as caught:
        await connect(server.url)
    assert caught.value.response.status_code == 503
    for client in clients:
        await client.close()
    await server.recorder.until(lambda r: len(r.endings) == 8)
    assert not server.listener.sockets


async def test_both_goodbyes_reach_the_other_side(server: Server) -> None:
    client = await connect(server.url)
    await client.close(4321, "bye")
    await server.recorder.until(lambda r: r.endings == [(4321, "bye")])
    async with connect(server.url) as other:
        await server.recorder.until(lambda r: len(r.sockets) == 2)
        server.recorder.sockets[1].close(1013, "later")
        with pytest.raises(ConnectionClosed):
            await other.recv()
        assert (other.close_code, other.close_reason) == (1013, "later")
    await server.recorder.until(lambda r: len(r.endings) == 2)
    assert server.recorder.endings[1] == (1013, "later")


async def test_a_socket_that_breaks_without_goodbye_is_told_as_1006(server: Server) -> None:
    client = await connect(server.url)
    await server.recorder.until(lambda r: len(r.sockets) == 1)
    client.transport.abort()
    await server.recorder.until(lambda r: r.endings == [(1006, "")])


async def test_a_failing_handler_costs_its_sender_alone() -> None:
    def fail(_: WebSocket, data: bytes) -> None:
        raise ValueError(data)

    faults: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: faults.append(context["exception"]))
    listener = await listen("127.0.0.1", 0, route=lambda _: Recorder(fail), limits=LIMITS)
    url = f"ws://127.0.0.1:{listener.port}"
    async with connect(url) as bystander, connect(url) as client:
        await client.send("boom")
        with pytest.raises(ConnectionClosed):
            await client.recv()
        assert client.close_code == 1011
        await (await bystander.ping())
    assert [type(fault) for fault in faults] == [ValueError]
    await listener.close()


async def test_a_reader_that_never_reads_is_closed_as_too_slow(server: Server) -> None:
    _, writer = await raw(server)
    await server.recorder.until(lambda r: len(r.sockets) == 1)
    ws = server.recorder.sockets[0]
    while not ws.closing:
        ws.send(b"x" * 50_000)
        await asyncio.sleep(0)
    assert server.recorder.pauses == 1
    await server.recorder.until(lambda r: r.endings == [(1013, "too slow")])
    writer.transport.abort()


async def test_dial_speaks_with_another_library_both_ways(server: Server) -> None:
    mine = Recorder()
    ws = await dial(server.url + "/seat?a=b", mine, subprotocols=["ws"], limits=LIMITS)
    for size in (0, 5, 126, 70_000):
        ws.send(b"z" * size)
    await mine.until(lambda r: [len(m) for m in r.messages] == [0, 5, 126, 70_000])
    ws.close(1000, "done")
    await mine.until(lambda r: r.endings == [(1000, "done")])
    assert server.recorder.sockets[0].request.path == "/seat"


async def test_dial_tells_why_it_failed(server: Server) -> None:
    with pytest.raises(DialError, match="403"):
        await dial(server.url + "/refused", Recorder())
    accepted: list[asyncio.StreamWriter] = []
    silent = await asyncio.start_server(lambda _, writer: accepted.append(writer), "127.0.0.1", 0)
    port = silent.sockets[0].getsockname()[1]
    with pytest.raises(DialError, match=r"no answer within 0\.05 s"):
        await dial(f"ws://127.0.0.1:{port}/", Recorder(), timeout=0.05)
    silent.close()
    await hang_up(accepted[0])
    with pytest.raises(DialError):
        await dial(f"ws://127.0.0.1:{port}/", Recorder())


async def test_spliced_sockets_pass_everything_both_ways_and_end_together(server: Server) -> None:
    """A browser waits at the front listener and is then joined with the echoing seat."""
    front = Recorder()
    listener = await listen("127.0.0.1", 0, route=lambda _: front, limits=LIMITS)
    async with connect(f"ws://127.0.0.1:{listener.port}") as browser:
        await front.until(lambda r: len(r.sockets) == 1)
        front.sockets[0].send("wait")
        seat = Recorder()
        front.sockets[0].splice(await dial(server.url, seat, limits=LIMITS))
        assert await browser.recv() == "wait"
        for size in (3, 200, 90_000):
            await browser.send("b" * size)
            assert await browser.recv() == "b" * size
        server.recorder.sockets[0].close(1012, "restart")
        with pytest.raises(ConnectionClosed):
            await browser.recv()
        assert (browser.close_code, browser.close_reason) == (1012, "restart")
    await front.until(lambda r: len(r.endings) == 1)
    await seat.until(lambda r: len(r.endings) == 1)
    await listener.close()


async def test_what_came_behind_the_frame_that_made_the_splice_is_not_lost(server: Server) -> None:
    """The joint falls inside a read: one whole message, then one and a half more."""
    seat = await dial(server.url, Recorder(), limits=LIMITS)
    front = Recorder(lambda ws, _: ws.splice(seat))
    listener = await listen("127.0.0.1", 0, route=lambda _: front, limits=LIMITS)
    reader, writer = await asyncio.open_connection("127.0.0.1", listener.port)
    await upgrade(reader, writer)
    first, second, third = (
        frames.build(frames.TEXT, text * 30, mask=True) for text in (b"join", b"two", b"three")
    )
    writer.write(first + second + third[:20])
    await server.recorder.until(lambda r: len(r.messages) == 1)
    writer.write(third[20:])
    await server.recorder.until(lambda r: r.messages == [b"two" * 30, b"three" * 30])
    assert front.messages == [b"join" * 30]
    await hang_up(writer)
    await listener.close()


async def test_a_message_in_fragments_may_begin_before_a_splice_and_end_behind_it(server: Server) -> None:
    front = Recorder()
    listener = await listen("127.0.0.1", 0, route=lambda _: front, limits=LIMITS)
    pieces: list[str] = ["a", "b", "c"]
    go = asyncio.Event()

    async def message() -> AsyncIterator[str]:
        for piece in pieces:
            yield piece
            if piece == "b":
                await go.wait()

    async with connect(f"ws://127.0.0.1:{listener.port}", compression=None) as browser:
        sending = asyncio.create_task(browser.send(message()))
        await front.until(lambda _: bool(front.sockets))
        async with asyncio.timeout(DEADLINE):
            while bytes(front.sockets[0]._fragments or b"") != b"ab":  # noqa: ASYNC110 - it tells nobody
                await asyncio.sleep(0.005)
        front.sockets[0].splice(await dial(server.url, Recorder(), limits=LIMITS))
        go.set()
        await sending
        async with asyncio.timeout(DEADLINE):
            assert await browser.recv() == "abc"
    await listener.close()


async def test_a_slow_browser_behind_a_splice_slows_the_seat_down() -> None:
    """Bytes that the browser doesn't take must wait at their source, not in our memory."""
    source = Recorder()
    back = await listen("127.0.0.1", 0, route=lambda _: source, limits=LIMITS)
    front = Recorder()
    listener = await listen("127.0.0.1", 0, route=lambda _: front, limits=LIMITS)
    reader, writer = await asyncio.open_connection("127.0.0.1", listener.port)
    await upgrade(reader, writer)
    await front.until(lambda r: len(r.sockets) == 1)
    seat = await dial(f"ws://127.0.0.1:{back.port}", Recorder(), limits=LIMITS)
    front.sockets[0].splice(seat)
    writer.transport.pause_reading()  # type: ignore[attr-defined]
    producer = source.sockets[0]
    while source.pauses == 0:
        producer.send(b"x" * 50_000)
        await asyncio.sleep(0)
    assert front.sockets[0].buffered <= 4 * LIMITS.high_water + 300_000
    writer.transport.resume_reading()  # type: ignore[attr-defined]
    async with asyncio.timeout(DEADLINE):
        while source.resumes == 0:
            await reader.read(1 << 20)
    await hang_up(writer)
    await listener.close()
    await back.close()


async def test_only_an_accepted_and_a_dialled_socket_can_be_spliced(server: Server) -> None:
    one, two = [await dial(server.url, Recorder()) for _ in range(2)]
    with pytest.raises(ValueError, match="splice joins"):
        one.splice(two)
    one.abort()
    two.abort()


async def test_headers_are_dropped_after_the_opening_and_path_and_query_stay(server: Server) -> None:
    async with connect(server.url + "/p?q=1"):
        await server.recorder.until(lambda r: len(r.sockets) == 1)
        request = server.recorder.sockets[0].request
        assert (request.path, request.query, request.headers) == ("/p", "q=1", {})


async def test_an_endless_head_is_cut_off(server: Server) -> None:
    assert server.listener is not None
    reader, writer = await asyncio.open_connection("127.0.0.1", server.listener.port)
    writer.write(b"GET / HTTP/1.1\r\nX: " + b"x" * 20_000)
    assert (await reader.readline()).startswith(b"HTTP/1.1 431")
    await hang_up(writer)


async def raw(server: Server) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    assert server.listener is not None
    reader, writer = await asyncio.open_connection("127.0.0.1", server.listener.port)
    await upgrade(reader, writer)
    return reader, writer


async def upgrade(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(
        b"GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    assert b"101" in await reader.readuntil(b"\r\n\r\n")


async def hang_up(writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()
    await asyncio.sleep(0)
