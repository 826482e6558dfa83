"""Slow peers: bounded buffers both ways, a close code that says so, and nobody else pays."""

from __future__ import annotations

import asyncio

import orjson
import pytest

from pixelstream.net import frames, websocket
from pixelstream.net.websocket import WebSocket
from tests.support.signalling import Server, signalserver, upgraded

SETTINGS = (
    "stream: {seats: 10}\nlimits: {buffer: 131072, maxMessage: 131072, slowStreamer: %s, messageRate: 100000}"
)
BLOCK = "x" * 32_768
TOO_SLOW = b"\x88\x0a\x03\xf5too slow"


def frame(kind: str, **fields: object) -> bytes:
    return frames.build(frames.TEXT, orjson.dumps({"type": kind, **fields}), mask=True)


async def reads_until(reader: asyncio.StreamReader, marker: bytes) -> None:
    end = b""
    async with asyncio.timeout(20):
        while marker not in end:
            data = await reader.read(1 << 20)
            assert data, f"the socket ended before {marker!r}"
            end = end[-100:] + data


async def slow_readers(server: Server, role: str, count: float) -> None:
    async with asyncio.timeout(10):
        while await server.metric("slow_peers_total", role=role) < count:
            pass


async def test_a_slow_player_is_closed_with_1013_and_the_stream_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(websocket, "CLOSE_DEADLINE", 60.0)  # its streamer hears of it without its answer
    async with signalserver(SETTINGS % 10) as server:
        streamer = await server.streamer()
        async with upgraded(server.running.players.port) as (reader, writer):
            writer.write(frame("subscribe", streamerId="A"))
            slow = (await streamer.hears("playerConnected"))["playerId"]
            other = await server.player(to="A")
            quick = (await streamer.hears("playerConnected"))["playerId"]
            port = server.relay.registry.players[slow].port
            assert isinstance(port, WebSocket)
            while not port.closing:
                await streamer.says("iceCandidate", playerId=slow, candidate={"candidate": BLOCK})
                await asyncio.sleep(0)
            assert (await streamer.hears("playerDisconnected"))["playerId"] == slow
            await reads_until(reader, TOO_SLOW)
            await streamer.says("offer", playerId=quick, sdp="for the quick")
            assert (await other.hears("offer"))["sdp"] == "for the quick"
        assert await server.metric("slow_peers_total", role="player") == 1


async def test_players_wait_for_a_slow_streamer_and_nothing_is_lost() -> None:
    async with signalserver(SETTINGS % 20) as server, upgraded(server.running.streamers.port) as streamer:
        reader, writer = streamer
        writer.write(frame("endpointId", id="A", protocolVersion="1.3.0"))
        await server.until(lambda: "A" in server.relay.registry.streamers)
        player = await server.player(to="A")

        async def talk() -> None:
            for number in range(1500):
                await player.says("answer", sdp=BLOCK, number=number)
            await player.says("answer", sdp="the last")

        talking = asyncio.create_task(talk())
        await slow_readers(server, "streamer", 1)
        assert not talking.done()
        await reads_until(reader, b'"sdp":"the last"')
        await talking
        await player.quiet()
        assert server.relay.counts.relayed["answer"] == 1501


async def test_a_streamer_that_stays_slow_is_closed_and_its_players_come_back_later() -> None:
    async with signalserver(SETTINGS % 0.2) as server, upgraded(server.running.streamers.port) as streamer:
        reader, writer = streamer
        writer.write(frame("endpointId", id="A", protocolVersion="1.3.0"))
        await server.until(lambda: "A" in server.relay.registry.streamers)
        player, other = await server.player(to="A"), await server.player(to="A")

        async def talk() -> None:
            while True:
                await player.says("answer", sdp=BLOCK)

        talking = asyncio.create_task(talk())
        assert await other.closed() == (1012, "the streamer is gone")
        await reads_until(reader, TOO_SLOW)
        talking.cancel()
        await asyncio.gather(talking, return_exceptions=True)
