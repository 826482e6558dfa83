"""Claims, leases and reports: the signalserver on its control link."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from time import time
from typing import Any

import orjson
import pytest

from pixelstream.auth.keys import LeaseKeys
from pixelstream.auth.lease import Lease, sign
from pixelstream.net.handshake import Refusal
from pixelstream.net.listener import listen
from pixelstream.net.websocket import Handler, Request
from pixelstream.protocol.control import Claim, Release, encode
from pixelstream.settings.base import CONTROL_KEY_ENV, LEASE_KEYS_ENV
from tests.support.signalling import Server, signalserver
from tests.support.sockets import Recorder

KEYS = '{"keys":[{"kid":"a","k":"%s"}]}' % ("A" * 43)


class Matchmaker(Recorder):
    """The other end of the link; while it is `deaf` it refuses links."""

    deaf = False

    def route(self, request: Request) -> Handler | Refusal:
        return Refusal(503, "away") if self.deaf else self

    async def hears(
        self, kind: str, condition: Callable[[dict[str, Any]], bool] = lambda _: True
    ) -> dict[str, Any]:
        """The first message of a kind that fits; what came before it is forgotten."""

        def fits(data: bytes) -> bool:
            message: dict[str, Any] = orjson.loads(data)
            return message["type"] == kind and condition(message)

        await self.until(lambda _: any(map(fits, self.messages)))
        index = next(index for index, data in enumerate(self.messages) if fits(data))
        found: dict[str, Any] = orjson.loads(self.messages[index])
        del self.messages[: index + 1]
        return found

    def claims(self, session: str, fence: int, deadline: float = 10) -> None:
        self.sockets[-1].send(
            encode(Claim(claim=f"c{fence}", session=session, fence=fence, deadline=deadline))
        )


def lease(session: str, fence: int) -> str:
    now = int(time())
    return sign(Lease(session, "f1", "s1", fence, now, now + 600), LeaseKeys.parse(KEYS))


@asynccontextmanager
async def pair(more: str = "") -> AsyncIterator[tuple[Server, Matchmaker]]:
    matchmaker = Matchmaker()
    listener = await listen("127.0.0.1", 0, route=matchmaker.route)
    url = f"ws://127.0.0.1:{listener.port}"
    settings = f"stream: {{id: s1, fleet: f1, seats: 1}}\nmatchmaker: {{url: '{url}'}}\n{more}"
    async with signalserver(settings) as server:
        await matchmaker.hears("state")
        yield server, matchmaker
    await listener.close()


@pytest.fixture(autouse=True)
def _keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(LEASE_KEYS_ENV, KEYS)
    monkeypatch.setenv(CONTROL_KEY_ENV, "key")


@pytest.fixture
async def both() -> AsyncIterator[tuple[Server, Matchmaker]]:
    async with pair() as both:
        yield both


async def test_a_stream_is_claimed_taken_and_given_back(both: tuple[Server, Matchmaker]) -> None:
    server, matchmaker = both
    streamer = await server.streamer()
    state = await matchmaker.hears("state", lambda state: state["ready"])
    assert (state["stream"], state["fleet"], state["seats"], state["taken"]) == ("s1", "f1", 1, 0)
    assert await server.metric("matchmaker_socket_open_indicator") == 1
    matchmaker.claims("one", 1)
    assert await matchmaker.hears("granted") == {"type": "granted", "claim": "c1", "session": "one"}
    reserved = await matchmaker.hears("state", lambda state: state["taken"] == 1)
    assert reserved["sessions"] == [{"session": "one", "state": "reserved", "fence": 1}]
    assert await server.metric("stream_allocated") == 1
    player = await server.player(f"/s/{lease('one', 1)}/ws", to="A")
    await streamer.hears("playerConnected")
    await matchmaker.hears("state", lambda state: state["sessions"][0]["state"] == "connected")
    await player.leaves()
    ended = await matchmaker.hears("ended")
    assert (ended["session"], ended["reason"]) == ("one", "left")
    assert await server.metric("stream_allocated") == 0


async def test_a_second_claim_for_a_taken_seat_is_refused(both: tuple[Server, Matchmaker]) -> None:
    server, matchmaker = both
    await server.streamer()
    matchmaker.claims("one", 1)
    matchmaker.claims("two", 2)
    assert (await matchmaker.hears("granted"))["session"] == "one"
    assert (await matchmaker.hears("refused"))["reason"] == "full"
    stranger = await server.open("player")
    assert (await stranger.closed())[0] == 1013


async def test_without_a_streamer_claims_are_refused(both: tuple[Server, Matchmaker]) -> None:
    _, matchmaker = both
    matchmaker.claims("one", 1)
    assert (await matchmaker.hears("refused"))["reason"] == "not_ready"


async def test_who_does_not_show_up_loses_the_seat(
    both: tuple[Server, Matchmaker],
) -> None:
    server, matchmaker = both
    await server.streamer()
    matchmaker.claims("one", 1, deadline=0.01)
    ended = await matchmaker.hears("ended")
    assert (ended["session"], ended["reason"], ended["seconds"]) == ("one", "no_show", 0)


async def test_the_away_are_reported_with_their_seat_held(both: tuple[Server, Matchmaker]) -> None:
    server, matchmaker = both
    await server.streamer()
    player = await server.player(f"/s/{lease('one', 1)}/ws", to="A")
    await player.breaks()
    away = await matchmaker.hears(
        "state", lambda s: bool(s["sessions"]) and s["sessions"][0]["state"] == "away"
    )
    assert away["taken"] == 1
    assert await server.metric("player_socket_connections") == 0


async def test_a_release_ends_the_visit(both: tuple[Server, Matchmaker]) -> None:
    server, matchmaker = both
    await server.streamer()
    player = await server.player(f"/s/{lease('one', 1)}/ws", to="A")
    matchmaker.sockets[-1].send(encode(Release(session="one", reason="by the operator")))
    assert await player.closed() == (1011, "by the operator")
    assert (await matchmaker.hears("ended"))["reason"] == "released"


async def test_a_visit_outlives_the_link_and_the_next_one_hears_of_it(
    both: tuple[Server, Matchmaker],
) -> None:
    server, matchmaker = both
    streamer = await server.streamer()
    player = await server.player(f"/s/{lease('one', 1)}/ws", to="A")
    await matchmaker.hears("state", lambda state: state["taken"] == 1)
    matchmaker.sockets[-1].abort()
    await player.says("offer", sdp="meanwhile")
    await streamer.hears("offer")
    again = await matchmaker.hears("state")
    assert again["sessions"] == [{"session": "one", "state": "connected", "fence": 1}]


async def test_a_claim_whose_answer_was_lost_with_its_link_is_in_the_next_state_and_keeps_its_seat(
    both: tuple[Server, Matchmaker],
) -> None:
    server, matchmaker = both
    await server.streamer()
    await matchmaker.hears("state", lambda state: state["ready"])
    link = matchmaker.sockets[-1]
    link.pause_reading()  # the answer never arrives
    matchmaker.claims("one", 1)
    await server.until(lambda: server.relay.snapshot().taken == 1)
    link.abort()
    again = await matchmaker.hears("state", lambda state: state["taken"] == 1)
    assert again["sessions"] == [{"session": "one", "state": "reserved", "fence": 1}]
    matchmaker.claims("one", 1)  # by the replica that has the player now
    assert (await matchmaker.hears("granted"))["session"] == "one"
    assert await server.player(f"/s/{lease('one', 1)}/ws", to="A")


async def test_a_player_that_comes_while_the_link_is_broken_is_seated_by_its_lease_alone() -> None:
    async with pair() as (server, matchmaker):
        await server.streamer()
        matchmaker.claims("one", 1)
        await matchmaker.hears("granted")
        matchmaker.deaf = True
        matchmaker.sockets[-1].abort()
        link = server.running.context.registration
        assert link is not None
        await server.until(lambda: not link.connected)
        player = await server.player(f"/s/{lease('one', 1)}/ws", to="A")
        await player.quiet()
        matchmaker.deaf = False
        state = await matchmaker.hears("state", lambda state: bool(state["sessions"]))
        assert state["sessions"] == [{"session": "one", "state": "connected", "fence": 1}]


async def test_draining_is_told_and_the_end_as_well() -> None:
    async with pair("drain: {deadline: 0.1}") as (server, matchmaker):
        await server.streamer()
        player = await server.player(f"/s/{lease('one', 1)}/ws", to="A")
        server.relay.drain()
        assert (await matchmaker.hears("state", lambda state: state["draining"]))["taken"] == 1
        matchmaker.claims("two", 2)
        assert (await matchmaker.hears("refused"))["reason"] == "draining"
        await player.quiet()
    assert await player.closed() == (1012, "the server ends")
    assert (await matchmaker.hears("ended"))["reason"] == "drained"
    assert matchmaker.endings == [(1001, "stopped")]
