"""The synthetic streamer and players through the project's own signalserver."""

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from pixelstream.apps.signalserver.app import Running, serving
from pixelstream.auth.keys import LeaseKeys
from pixelstream.auth.lease import Lease, sign
from pixelstream.protocol.playerdata import ToStreamer
from pixelstream.settings.signalserver import SignalserverSettings
from pixelstream.settings.streamer import StreamerSettings
from pixelstream.synthetic.player import Player
from pixelstream.synthetic.streamer import Streamer
from tests.synthetic.conftest import eventually


def settings(engine: str = "auto", **others: Any) -> SignalserverSettings:
    parts: dict[str, Any] = {
        "listen": {"host": "127.0.0.1", "port": 0},
        "streamers": {"host": "127.0.0.1", "port": 0, "engine": engine},
        "sfu": {"enabled": False},
        "sessions": {"reconnectGrace": 5},
        **others,
    }
    return SignalserverSettings.model_validate(parts)


@contextlib.asynccontextmanager
async def through(server: Running, **others: Any) -> AsyncIterator[Streamer]:
    url = f"ws://127.0.0.1:{server.streamers.port}"
    small: dict[str, Any] = {"width": 320, "height": 180, "signalserver_url": url} | others
    streamer = Streamer(StreamerSettings(**small))
    task = asyncio.create_task(streamer.run())
    try:
        await eventually(lambda: streamer.link.connections > 0)
        yield streamer
    finally:
        task.cancel()
        await asyncio.wait([task], timeout=20)
        assert task.cancelled()


def players_url(server: Running) -> str:
    return f"ws://127.0.0.1:{server.players.port}/"


@pytest.mark.parametrize("profile", ["5.5", "5.2"])
@pytest.mark.parametrize("engine", ["auto", "same"])
async def test_a_player_plays_and_is_seen_to_play(profile: str, engine: str) -> None:
    async with (
        serving(settings(profile if engine == "same" else "auto")) as server,
        through(server, profile=profile) as streamer,
        Player(players_url(server), decode=True) as player,
    ):
        await player.frames(5)
        await player.input(ToStreamer.KEY_DOWN, 65, 0)
        await player.strip(lambda strip: strip.inputs == 1)
        assert streamer.link.connections == 1


@pytest.mark.parametrize("profile", ["4.26", "4.27"])
async def test_engines_that_wait_for_an_offer_survive_a_visit(profile: str) -> None:
    async with serving(settings(profile)) as server, through(server, profile=profile) as streamer:
        async with Player(players_url(server), offers=True) as player:
            await player.frames(5)
        await eventually(lambda: not streamer.visits)
        async with Player(players_url(server), offers=True) as player:
            await player.frames(5)
        assert streamer.link.connections == 1, "no message of the visit closed the engine's socket"


async def test_ue_50_is_played_by_pages_that_never_subscribe() -> None:
    async with serving(settings("5.0")) as server, through(server, profile="5.0") as streamer:
        async with Player(players_url(server)) as player:
            await player.frames(5)
        assert streamer.link.connections == 1


async def test_a_player_with_a_lease_keeps_picture_and_seat_when_he_loses_his_socket(tmp_path: Path) -> None:
    text = json.dumps({"keys": [{"kid": "a", "k": "A" * 43}]})
    (tmp_path / "keys").write_text(text)
    now = int(time.time())
    lease = Lease("a-session", "default", "stream", fence=1, issued=now, expires=now + 600)
    path = f"s/{sign(lease, LeaseKeys.parse(text))}/ws"
    async with (
        serving(settings(leaseKeysFile=str(tmp_path / "keys"))) as server,
        through(server) as streamer,
        Player(players_url(server) + path) as player,
    ):
        await player.frames(5)
        (visit,) = streamer.visits.values()
        player.drop_socket()
        await player.until(lambda: player.log.connections == 2, "the second socket")
        await player.more_frames(30)
        assert tuple(streamer.visits.values()) == (visit,)
        assert player.video.gaps == 0


async def test_a_second_player_is_told_that_the_stream_is_full() -> None:
    async with serving(settings()) as server, through(server), Player(players_url(server)) as player:
        await player.frames(3)
        async with Player(players_url(server)) as second:
            full = (1013, "every seat is taken")
            await second.until(lambda: full in second.log.closes, "the refusal")
        await player.more_frames(3)


async def test_a_streamer_needs_its_token(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("open sesame\n")
    guarded = settings(streamerTokenFile=str(tmp_path / "token"))
    async with serving(guarded) as server:
        async with through(server, token_file=tmp_path / "token"), Player(players_url(server)) as player:
            await player.frames(3)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.5), through(server):
                pass
