"""What kills other signalling servers, or their peers, costs at most the one who sent it here."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator

import orjson
import pytest

from tests.support.signalling import Peer, Server, signalserver, upgraded

POISON: list[str | bytes] = [
    "null",
    "[]",
    "[null]",
    "7",
    '"offer"',
    "",
    "{",
    "{}",
    '{"type":null}',
    '{"type":{}}',
    '{"type":"toString"}',
    '{"type":"__proto__"}',
    '{"type":"offer"}',
    '{"type":"iceCandidate","candidate":null,"playerId":{}}',
    '{"type":"subscribe"}',
    '{"type":"subscribe","streamerId":["A"]}',
    '{"type":"endpointId"}',
    '{"type":"endpointId","id":7}',
    '{"type":"disconnectPlayer","playerId":null}',
    '{"type":"layerPreference"}',
    '{"type":"ping","time":"soon"}',
    '{"type":"control","action":"http://127.0.0.1/"}',
    '{"type":"answer","sdp":' + "[" * 5000 + "]" * 5000 + "}",
    b"\xff\xfe\x00",
    b"\x00" * 100,
]


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    async with signalserver("stream: {seats: 10}\nlimits: {maxMessage: 65536}") as server:
        yield server


@pytest.mark.parametrize("role", ["streamer", "player", "sfu"])
async def test_poison_of_one_peer_leaves_everybody_else_alone(server: Server, role: str) -> None:
    streamer, witness = await server.streamer(), await server.player(to="A")
    await streamer.hears("playerConnected")
    sender = await server.open(role)
    for message in POISON:
        await sender.sends(message)
    await witness.says("offer", sdp="still here")
    assert (await streamer.hears("offer"))["sdp"] == "still here"
    await sender.breaks()
    await witness.quiet()


async def test_a_message_of_an_unsubscribed_player_to_a_full_streamer_is_answered() -> None:
    async with signalserver("stream: {seats: 10}", streamers="perStreamer: 1") as server:
        await server.streamer()
        first = await server.player(to="A")
        second = await server.player()
        await second.says("iceCandidate", candidate=None)
        assert await second.hears() == {
            "type": "subscribeFailed",
            "message": "Streamer A is full. Max players = 1.",
        }
        await first.quiet()


async def test_negotiating_without_any_streamer_closes_with_words(server: Server) -> None:
    player = await server.player()
    await player.says("offer", sdp="x")
    assert await player.closed() == (1013, "Streamer is not connected")


async def test_a_streamer_may_say_its_id_again(server: Server) -> None:
    streamer = await server.streamer("A")
    await streamer.says("endpointId", id="A", protocolVersion="1.3.0")
    assert await streamer.hears() == {"type": "endpointIdConfirm", "committedId": "A"}


async def test_no_two_streamers_share_an_id(server: Server) -> None:
    ids = []
    for wanted in ("A", "A", "A1", "A1", "42", "42"):
        peer = await server.open("streamer")
        await peer.says("endpointId", id=wanted, protocolVersion="1.3.0")
        ids.append((await peer.hears("endpointIdConfirm"))["committedId"])
    assert len(set(ids)) == len(ids)
    assert ids[0] == "A"


async def test_nobody_speaks_in_anothers_name(server: Server) -> None:
    streamer = await server.streamer()
    players = [await server.player(to="A") for _ in range(2)]
    ids = [(await streamer.hears("playerConnected"))["playerId"] for _ in players]
    await players[1].sends(orjson.dumps({"type": "answer", "sdp": "x", "playerId": ids[0]}))
    await players[1].sends('{"type":"iceCandidate","playerId":"1","PLAYERID":"1","candidate":{}}')
    assert (await streamer.hears("answer"))["playerId"] == ids[1]
    candidate = await streamer.hears("iceCandidate")
    assert candidate["playerId"] == ids[1]
    assert "PLAYERID" not in candidate


async def test_binary_frames_are_read_and_relayed_as_text(server: Server) -> None:
    streamer, player = await server.streamer(), await server.player(to="A")
    await streamer.hears("playerConnected")
    await player.sends(b'{"type":"answer","sdp":"x"}')
    assert isinstance(await streamer.connection.recv(), str)


async def test_a_message_beyond_the_limit_is_closed_with_1009(server: Server) -> None:
    player, other = await server.player(), await server.player()
    await player.says("offer", sdp="x" * 70_000)
    assert (await player.closed())[0] == 1009
    await other.quiet()


async def test_a_flood_of_messages_is_closed_with_1008() -> None:
    async with signalserver("limits: {messageRate: 20}") as server:
        player = await server.player()
        for _ in range(100):
            await player.says("ping", time=1)
        assert (await player.closed())[0] == 1008


@pytest.mark.parametrize(
    "frame",
    [
        b"\x81\x04null",  # not masked
        b"\xc1\x84" + b"\x00" * 8,  # compressed, which was never agreed
        b"\x83\x80\x00\x00\x00\x00",  # an opcode that is none
        b"\x89\xfe\x01\x00" + b"\x00" * 260,  # a ping too long
        b"\x80\x80\x00\x00\x00\x00",  # a continuation of nothing
        b"\x81\xff\xff\xff\xff\xff\xff\xff\xff\xff\x00\x00\x00\x00",  # 16 exabytes
    ],
)
async def test_malformed_frames_cost_their_sender_alone(server: Server, frame: bytes) -> None:
    witness = await server.player()
    async with upgraded(server.running.players.port) as (reader, writer):
        writer.write(frame)
        async with asyncio.timeout(10):
            await reader.readuntil(b"\x88")
            closing = await reader.readexactly(3)
    assert int.from_bytes(closing[1:], "big") in {1002, 1009}
    await witness.quiet()


async def test_half_a_handshake_and_garbage_are_no_harm(server: Server) -> None:
    for port in (server.running.players.port, server.running.streamers.port):
        for data in (b"GET / HTTP/1.1\r\nUpgrade: webso", os.urandom(3000), b"\r\n\r\n"):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(data)
            writer.close()
    player = await server.player()
    await player.quiet()


async def test_a_streamer_that_vanishes_sends_its_players_back_with_1012(server: Server) -> None:
    streamer = await server.streamer()
    watching, idle = await server.player(to="A"), await server.player()
    await streamer.hears("playerConnected")
    await streamer.breaks()
    assert await watching.closed() == (1012, "the streamer is gone")
    await idle.quiet()


async def test_kicks_reach_the_streamers_own_players_only(server: Server) -> None:
    first, second = await server.streamer("A"), await server.streamer("B")
    player: Peer = await server.player(to="A")
    player_id = (await first.hears("playerConnected"))["playerId"]
    await second.says("disconnectPlayer", playerId=player_id, reason="mine")
    await second.quiet()
    await player.quiet()
    await first.says("disconnectPlayer", playerId=player_id, reason="bye")
    assert await player.closed() == (1011, "bye")
