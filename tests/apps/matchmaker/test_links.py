"""Control links: authenticated, absolute, replaceable, and no session depends on one."""

from __future__ import annotations

import pytest

from pixelstream.errors import DialError, SettingsError
from pixelstream.protocol.control import SeatedSession, SeatState
from pixelstream.settings.base import CONTROL_KEY_ENV
from tests.support.matchmaking import house
from tests.support.streams import FakeStream


@pytest.mark.parametrize("key", ["wrong", "", "a-control-key2"])
async def test_a_link_without_the_key_is_refused(key: str) -> None:
    stream = FakeStream("s")
    async with house(stream, link=False) as here:
        with pytest.raises(DialError, match="401"):
            await stream.connect(here.ws, key)
        assert (await here.figures())['matchmaker_link_faults_total{reason="unauthorized"}'] == 1


async def test_a_matchmaker_without_keys_does_not_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(CONTROL_KEY_ENV)
    with pytest.raises(SettingsError, match="controlKeyFile"):
        async with house():
            pass


@pytest.mark.parametrize("text", ["null", "[]", "{", '{"type":"state"}', '{"type":"claim"}', "\x00"])
async def test_a_malformed_message_closes_its_link_and_nothing_else(text: str) -> None:
    bad, good = FakeStream("bad"), FakeStream("good")
    async with house(bad, good) as here:
        assert bad.link
        bad.link.send(text)
        await bad.until(lambda s: s.link_closed is not None)
        assert bad.link_closed
        assert bad.link_closed[0] == 1008
        assert (await (await here.visit()).matched())["detail"]["id"] == "good"


async def test_a_link_speaks_for_one_stream() -> None:
    stream = FakeStream("s")
    async with house(stream):
        stream.name = "t"
        stream.report()
        await stream.until(lambda s: s.link_closed is not None)
        assert stream.link_closed == (1008, "stream: this link speaks for s")


async def test_a_stream_that_discovery_does_not_know_is_never_offered() -> None:
    async with house() as here:
        stranger = FakeStream("stranger")
        await stranger.connect(here.ws)
        await here.until("/api/v1/streams", lambda a: a["streams"][0]["state"] == "unlisted")
        await (await here.visit()).waiting(1)
        assert stranger.orders == []
        assert stranger.link
        stranger.link.abort()


async def test_a_newer_link_replaces_the_older_one() -> None:
    stream, again = FakeStream("s"), FakeStream("s")
    async with house(stream) as here:
        await here.until("/api/v1/streams", lambda a: a["streams"][0]["linked"])
        again.epoch = "second"
        await again.connect(here.ws)
        await stream.until(lambda s: s.link_closed is not None)
        assert stream.link_closed
        assert stream.link_closed[0] == 4000
        await here.visit()
        await again.until(lambda s: bool(s.orders))
        assert again.link
        again.link.abort()


async def test_a_broken_link_ends_no_session_and_its_stream_is_not_offered_until_it_is_back() -> None:
    stream = FakeStream("s", seats=2)
    async with house(stream) as here:
        player = await here.visit()
        await player.seated()
        assert stream.link
        stream.link.abort()
        await here.until("/api/v1/streams", lambda a: a["streams"][0]["state"] == "unlinked")
        second = await here.visit()
        await second.waiting(1)
        streams = (await here.get("/api/v1/streams"))["streams"]
        assert streams[0]["sessions"][0]["session"] == player.session
        player.ws.send('{"type":"still"}')
        await stream.players.until(lambda seat: b'{"type":"still"}' in seat.messages)
        await stream.connect(here.ws)
        await second.matched()
        assert player.endings == []


async def test_a_restarted_matchmaker_finds_the_sessions_that_are_played() -> None:
    stream = FakeStream("s")
    stream.held["old"] = SeatedSession(session="old", state=SeatState.CONNECTED, fence=3)
    async with house(stream) as here:
        found = await here.until("/api/v1/streams", lambda a: a["streams"][0]["sessions"])
        assert found["streams"][0]["sessions"][0]["session"] == "old"
        assert (await here.get("/api/v1/sessions/old"))["state"] == "connected"


async def test_a_session_that_was_handed_off_outlives_the_matchmaker() -> None:
    stream = FakeStream("s")
    async with house(stream) as here:
        player = await here.visit("?handoff=1")
        notice = await player.matched()
        seat = await here.visit_url(f"{stream.url}/{notice['url']}")
        here.players.remove(seat)
        await seat.until(lambda s: bool(s.messages))
        await here.matchmaker.context.close()
        await here.matchmaker.listener.close()
        seat.ws.send('{"type":"still"}')
        await stream.players.until(lambda s: b'{"type":"still"}' in s.messages)
        assert seat.endings == []
        seat.ws.abort()
