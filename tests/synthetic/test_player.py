"""The player's own ways: waiting rooms, hand-off, refusal, and what it says when nothing comes."""

import contextlib
import json
from collections.abc import AsyncIterator

import pytest
from websockets.asyncio.server import ServerConnection, serve

from pixelstream.synthetic.player import Player, PlayerError
from tests.synthetic.conftest import streaming
from tests.synthetic.stub import Stub


@contextlib.asynccontextmanager
async def saying(*messages: dict[str, object], then: int | None = None) -> AsyncIterator[str]:
    """A server that says these things to whoever comes, then waits or closes with code `then`."""

    async def serve_one(socket: ServerConnection) -> None:
        for message in messages:
            await socket.send(json.dumps(message))
        if then is not None:
            await socket.close(then)
        await socket.wait_closed()

    async with serve(serve_one, "127.0.0.1", 0) as server:
        yield f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}/ws"


async def test_a_player_follows_the_matchmaker_to_his_stream(stub: Stub) -> None:
    waiting = {"type": "matchmaker", "queued": True, "matched": False, "position": 1}
    matched = {"type": "matchmaker", "queued": False, "matched": True, "url": stub.player_url + "s/lease/ws"}
    async with (
        saying(waiting, matched) as matchmaker,
        streaming(stub),
        Player(matchmaker + "?fleet=a", handoff=True) as player,
    ):
        await player.frames(5)
        assert [notice["queued"] for notice in player.log.notices] == [True, False]
        assert player._link.url.endswith("/s/lease/ws?renew=1")
        player.drop_socket()
        await player.until(lambda: player.log.connections == 3, "the same address again")


async def test_a_relative_address_is_of_the_page() -> None:
    async with saying() as url:
        player = Player(url)
        await player._link._notice({"matched": True, "url": "s/abc/ws"})
        assert player._link.url == url.removesuffix("ws") + "s/abc/ws?renew=1"


async def test_a_new_lease_is_what_a_player_comes_back_with() -> None:
    async with saying() as url:
        player = Player(url)
        await player._link._take({"type": "lease", "lease": "new", "expires": 1})
        assert player._link.url == url.removesuffix("ws") + "s/new/ws?renew=1"


@pytest.mark.parametrize(
    "message",
    [
        {"type": "matchmaker", "queued": False, "matched": False, "reason": "queue_full"},
        {"type": "subscribeFailed", "message": "queue_full"},
    ],
)
async def test_a_refusal_ends_the_wait_with_its_reason(message: dict[str, object]) -> None:
    async with saying(message, then=1013) as url, Player(url) as player:
        with pytest.raises(PlayerError, match="queue_full"):
            await player.frames(1)
        assert player.log.connections == 1, "he does not come back"


async def test_what_did_not_come_is_said_with_how_far_it_got() -> None:
    async with saying({"type": "config", "peerConnectionOptions": {}}) as url, Player(url) as player:
        with pytest.raises(PlayerError, match=r"1 frames did not come within 0.3 s: open at .* config at"):
            await player.frames(1, within=0.3)
        with pytest.raises(PlayerError, match="no connection yet"):
            _ = player.video


async def test_messages_that_cannot_be_used_are_noted_and_survived() -> None:
    halves: list[dict[str, object]] = [
        {"type": "offer", "sdp": "v=0\r\nm=video 9 UDP/TLS/RTP/SAVPF 97\r\n"},
        {"type": "offer"},
        {"type": "config"},
    ]
    async with saying(*halves) as url, Player(url) as player:
        await player.until(lambda: len(player.log.faults) == 2, "two faults")
        await player.until(lambda: "config" in player.log.times, "what came after them")


async def test_a_player_waits_for_a_streamer_to_come(stub: Stub) -> None:
    async with Player(stub.player_url) as player:
        await player.until(lambda: "streamerList" in player.log.times, "an empty list")
        async with streaming(stub):
            await player.frames(3)
