"""Real media over loopback: a streamer and players with a stub server between them."""

import asyncio
import contextlib
import json
import time
from pathlib import Path

import pytest

from pixelstream.protocol.playerdata import FromStreamer, ToStreamer, Touch, encode_touches
from pixelstream.synthetic import strip, studio, visit
from pixelstream.synthetic.player import Player
from pixelstream.synthetic.strip import CLIPS, LIVE, Kind
from tests.synthetic.conftest import eventually, streaming
from tests.synthetic.stub import Stub


@pytest.mark.parametrize("codec", ["h264", "vp8"])
@pytest.mark.parametrize("mode", ["live", "clips"])
async def test_a_picture_arrives_whole_and_its_counter_runs(
    stub: Stub, mode: str, codec: str, clip_cache: Path
) -> None:
    settings = {"mode": mode, "codec": codec, "cache_dir": clip_cache, "fps": 20}
    async with streaming(stub, **settings), Player(stub.player_url, decode=True) as player:
        first = await player.strip(within=30)
        later = await player.strip(lambda strip: strip.frame != first.frame)
        await player.more_frames(25)
        assert first.marker == later.marker == {"live": LIVE, "clips": CLIPS}[mode]
        assert player.video.codec == codec.upper()
        assert player.video.backwards == 0
        assert player._sinks[0].unreadable == player._sinks[0].undecodable == 0
        assert await player.peer.lost_packets() == 0
        sound = player.peer.audio
        assert sound is not None
        await player.until(lambda: sound.frames > 20, "sound")


async def test_the_strip_names_the_player_and_what_he_does(stub: Stub) -> None:
    async with streaming(stub), Player(stub.player_url, decode=True) as player:
        wanted = strip.session_hash("synthetic", "101")
        await player.strip(lambda strip: strip.session == wanted)
        await player.input(ToStreamer.KEY_DOWN, 65, 0)
        shown = await player.strip(lambda strip: strip.inputs == 1)
        assert (shown.kind, shown.code) == (Kind.KEY, 65)
        await player.input(ToStreamer.MOUSE_MOVE, 0x4000, 0x8000, 0, 0)
        await player.strip(lambda strip: (strip.x, strip.y) == (0x40, 0x80))
        await player.input(ToStreamer.MOUSE_DOWN, 2, 0xC000, 0x1000)
        shown = await player.strip(lambda strip: strip.inputs == 2)
        assert (shown.kind, shown.code, shown.x, shown.y) == (Kind.POINTER, 2, 0xC0, 0x10)
        await player.send_data(encode_touches(ToStreamer.TOUCH_START, Touch(0x1000, 0x2000, 3)))
        shown = await player.strip(lambda strip: strip.inputs == 3)
        assert (shown.kind, shown.code, shown.x) == (Kind.TOUCH, 3, 0x10)


async def test_in_clips_each_input_shows_another_clip(stub: Stub, clip_cache: Path) -> None:
    settings = {"mode": "clips", "cache_dir": clip_cache}
    async with streaming(stub, **settings), Player(stub.player_url, decode=True) as player:
        assert (await player.strip(within=30)).inputs == 0
        seen: list[int] = []
        for number in range(4):
            await player.input(ToStreamer.KEY_DOWN, number, 0)
            last = seen[-1] if seen else 0
            seen.append((await player.strip(lambda strip, last=last: strip.inputs != last)).inputs)  # type: ignore[misc]
        assert seen == [2, 1, 2, 1]


async def test_the_data_channel_speaks_unreals_protocol(stub: Stub) -> None:
    async with streaming(stub), Player(stub.player_url) as player:
        await player.until(lambda: len(player.replies) == 2, "the protocol messages")
        assert {reply.kind for reply in player.replies} == {FromStreamer.PROTOCOL}
        player.replies.clear()
        await player.input(ToStreamer.REQUEST_INITIAL_SETTINGS)
        await player.input(ToStreamer.REQUEST_QUALITY_CONTROL)
        await player.input(ToStreamer.UI_INTERACTION, '{"hello": "€"}')
        await player.until(lambda: len(player.replies) == 3, "three answers")
        settings, quality, response = player.replies
        assert json.loads(settings.text)["WebRTC"]["FPS"] == 30
        assert (quality.kind, quality.number) == (FromStreamer.QUALITY_CONTROL_OWNERSHIP, 1)
        assert response.text == '{"hello": "€"}'


async def test_players_come_and_go_and_leave_nothing_behind(stub: Stub) -> None:
    before = asyncio.all_tasks()
    async with streaming(stub) as streamer:
        for _ in range(2):
            async with contextlib.AsyncExitStack() as stack:
                players = [await stack.enter_async_context(Player(stub.player_url)) for _ in range(3)]
                for player in players:
                    await player.frames(5)
                assert len(streamer.visits) == 3
            await eventually(lambda: not streamer.visits)
            assert streamer.studio.scene.players == ()
    await eventually(lambda: asyncio.all_tasks() <= before)


@pytest.mark.parametrize("mode", ["live", "clips"])
async def test_players_who_leave_while_they_connect_leave_nothing_behind(
    stub: Stub, mode: str, clip_cache: Path
) -> None:
    before = asyncio.all_tasks()

    async def visit(seconds: float) -> None:
        async with Player(stub.player_url):
            await asyncio.sleep(seconds)

    async with streaming(stub, mode=mode, cache_dir=clip_cache) as streamer:
        await asyncio.gather(*(visit(n / 100) for n in range(12)))
        await eventually(lambda: not streamer.visits)
    await eventually(lambda: asyncio.all_tasks() <= before)


async def test_a_picture_survives_the_loss_of_the_players_socket(stub: Stub) -> None:
    stub.holds = True
    async with streaming(stub) as streamer, Player(stub.player_url) as player:
        await player.frames(5)
        visit = streamer.visits["101"]
        player.drop_socket()
        await player.until(lambda: player.log.connections == 2, "the second socket")
        await player.more_frames(10)
        assert streamer.visits == {"101": visit}
        assert stub.types().count("offer") == 1


async def test_pictures_go_on_while_the_signalling_server_restarts(stub: Stub) -> None:
    restarted = Stub()
    restarted.next_player = 200
    async with streaming(stub) as streamer, Player(stub.player_url) as player:
        await player.frames(5)
        port = stub.port
        await stub.stop()
        await player.more_frames(30)
        async with restarted.running(port):
            await restarted.until(lambda: restarted.streamer_id)
            await player.more_frames(15)
            assert player.video.gaps == 0
            async with Player(restarted.player_url) as second:
                await second.frames(5)
            # Not mentioned within sessionLinger (1 s here), the first player is let go.
            await eventually(lambda: "101" not in streamer.visits)


async def test_a_new_visit_under_the_same_id_replaces_the_old_one(stub: Stub) -> None:
    async with streaming(stub) as streamer, Player(stub.player_url) as player:
        await player.frames(3)
        first = streamer.visits["101"]
        await stub.to_streamer(type="playerConnected", playerId="101", dataChannel=True, sfu=False)
        await eventually(lambda: first.over)
        await stub.until(lambda: stub.types().count("offer") == 2)
        await eventually(lambda: player.peer.state == "connected")
        await player.frames(5)


async def test_a_dead_ice_server_holds_up_nobody(stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(studio, "READY_PATIENCE", 0.05)
    stub.options = {"iceServers": [{"urls": ["stun:127.0.0.1:9"]}]}
    async with streaming(stub), Player(stub.player_url) as player:
        await player.frames(3)
        assert player.log.times["offer"] - player.log.times["streamerList"] < 3.0


async def test_later_players_get_the_fresh_config(stub: Stub) -> None:
    async with streaming(stub) as streamer, Player(stub.player_url) as player:
        await player.frames(3)
        await stub.to_streamer(type="config", peerConnectionOptions={"iceServers": [], "fresh": True})
        async with Player(stub.player_url) as second:
            await second.frames(3)
        assert streamer.studio._options == {"iceServers": [], "fresh": True}
        await player.more_frames(45)  # longer than sessionLinger: a fresh config is no new server


async def test_a_player_who_never_answers_is_let_go(stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(visit, "CONNECT_PATIENCE", 0.3)
    async with streaming(stub) as streamer:
        await stub.to_streamer(type="playerConnected", playerId="7", dataChannel=True, sfu=False)
        await stub.until(lambda: "offer" in stub.types())
        assert "7" in streamer.visits
        await eventually(lambda: not streamer.visits)


@pytest.mark.parametrize("sdp", ["", "v=0", "no sdp at all", None])
async def test_a_senseless_answer_ends_that_visit_alone(stub: Stub, sdp: str | None) -> None:
    async with streaming(stub) as streamer, Player(stub.player_url) as player:
        await player.frames(3)
        await stub.to_streamer(type="playerConnected", playerId="7", dataChannel=True, sfu=False)
        await stub.to_streamer(type="iceCandidate", playerId="7", candidate={"candidate": "?"})
        await stub.to_streamer(type="answer", playerId="7", sdp=sdp)
        await eventually(lambda: "7" not in streamer.visits)
        await player.more_frames(3)


async def test_messages_of_unknown_players_and_types_are_ignored(stub: Stub) -> None:
    async with streaming(stub), Player(stub.player_url) as player:
        await player.frames(3)
        for message in (
            {"type": "answer", "playerId": "99", "sdp": ""},
            {"type": "playerDisconnected", "playerId": "99"},
            {"type": "offer"},
            {"type": "brandNew", "playerId": "101"},
            {"type": "ping", "time": 5},
        ):
            await stub.to_streamer(**message)
        await stub.until(lambda: {"type": "pong", "time": 5} in stub.from_streamer)
        await player.more_frames(3)
        assert stub.streamer_closes == []


async def test_the_streamer_reconnects_two_seconds_after_it_lost_its_server(stub: Stub) -> None:
    async with streaming(stub) as streamer:
        await stub.until(lambda: stub.streamer_id)
        assert stub.streamer is not None
        lost = time.monotonic()
        await stub.streamer.close()
        await stub.until(lambda: streamer.link.connections == 2)
        assert time.monotonic() - lost >= 1.9
