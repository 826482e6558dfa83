"""Any front end waits at the matchmaker's socket, is told its place, and is brought to its seat."""

from __future__ import annotations

import asyncio

import orjson
import pytest

from pixelstream.protocol.control import EndedReason, RefusedReason, Release
from pixelstream.protocol.trace import trace_of
from tests.support.matchmaking import house
from tests.support.streams import FakeStream


async def test_a_player_is_told_at_once_that_it_waits_and_where() -> None:
    async with house() as here:
        notice = await (await here.visit()).waiting()
        assert notice.pop("trace") == trace_of(notice.pop("session"))
        assert notice.pop("waited") < 1
        assert notice.pop("ticket")
        assert notice == {
            "type": "matchmaker",
            "queued": True,
            "matched": False,
            "detail": "Waiting for available streamer",
            "fleet": "default",
            "position": 1,
            "estimate": None,
            "capacity": 0,
            "supply": "taken",
            "seating": True,
        }


async def test_a_free_seat_is_joined_and_everything_passes_both_ways() -> None:
    stream = FakeStream("s")
    async with house(stream) as here:
        player = await here.visit("?a=1&handoff=0&lease=stolen", subprotocols=("ws", "x"))
        notice = await player.matched()
        assert notice["detail"] == {"id": "s", "fleet": "default"}
        assert "url" not in notice
        await player.seated()
        path, query, protocols = stream.paths[0]
        assert path.startswith("/s/")
        assert path.endswith("/ws")
        assert (query, protocols) == ("a=1", "ws, x")
        big = orjson.dumps({"type": "offer", "sdp": "v=0" * 30_000})
        player.ws.send(big)
        await stream.players.until(lambda seat: big in seat.messages)
        stream.players.sockets[0].send('{"type":"answer"}')
        await player.until(lambda _: {"type": "answer"} in player.told)


async def test_no_address_is_told_to_a_player() -> None:
    stream = FakeStream("s")
    async with house(stream) as here:
        await (player := await here.visit()).matched()
        assert b"127.0.0.1" not in b"".join(player.messages)


async def test_what_is_said_while_waiting_reaches_the_seat_in_order() -> None:
    stream = FakeStream("s")
    async with house(stream, link=False) as here:
        player = await here.visit()
        said = [f'{{"type":"early","n":{n}}}'.encode() for n in range(5)]
        for message in said:
            player.ws.send(message)
        await player.waiting()
        await stream.connect(here.ws)
        await player.matched()
        player.ws.send(b'{"type":"late"}')
        await stream.players.until(lambda seat: len(seat.messages) == 6)
        assert stream.players.messages == [*said, b'{"type":"late"}']


async def test_a_ping_is_answered_while_waiting_and_not_replayed() -> None:
    stream = FakeStream("s")
    async with house(stream, link=False) as here:
        player = await here.visit()
        player.ws.send('{"type":"ping","time":12345.5}')
        await player.until(lambda _: {"type": "pong", "time": 12345.5} in player.told)
        player.ws.send('{"type":"listStreamers"}')
        await stream.connect(here.ws)
        await stream.players.until(lambda seat: bool(seat.messages))
        assert stream.players.messages == [b'{"type":"listStreamers"}']


@pytest.mark.parametrize(("count", "size"), [(33, 10), (3, 30_000)])
async def test_who_says_too_much_while_waiting_is_closed(count: int, size: int) -> None:
    async with house() as here:
        player = await here.visit()
        for _ in range(count):
            player.ws.send("x" * size)
        assert await player.ended() == (1008, "too much was said while waiting")


async def test_a_hand_off_tells_url_and_lease_and_ends_when_the_player_goes() -> None:
    stream = FakeStream("s")
    async with house(stream) as here:
        player = await here.visit("?handoff=1")
        notice = await player.matched()
        assert notice["url"] == f"s/{notice['lease']}/ws"
        assert notice["expires"] > 0
        player.ws.close(1000)
        await player.ended()
        seat = await here.visit_url(f"{stream.url}/{notice['url']}")
        await seat.seated()
        found = await here.until("/api/v1/streams", lambda a: a["streams"][0]["state"] == "taken")
        assert found["streams"][0]["sessions"][0]["session"] == notice["session"]


async def test_players_are_seated_in_the_order_of_their_coming() -> None:
    stream = FakeStream("s")
    async with house(stream, link=False) as here:
        players = [await here.visit() for _ in range(3)]
        for place, player in enumerate(players, 1):
            await player.waiting(place)
        await stream.connect(here.ws)
        await players[0].matched()
        await players[1].waiting(1)
        await players[2].waiting(2)
        players[0].ws.close(1000)
        await players[1].matched()
        await players[2].waiting(1)


async def test_a_player_who_leaves_moves_the_others_up() -> None:
    async with house() as here:
        first, second = await here.visit(), await here.visit()
        await second.waiting(2)
        first.ws.close(1000)
        await second.waiting(1)


async def test_a_seat_that_cannot_be_joined_sends_its_player_to_the_front() -> None:
    bad, good = FakeStream("bad", turn_away=True), FakeStream("good")
    async with house(bad, good, link=False) as here:
        first, second = await here.visit(), await here.visit()
        await second.waiting(2)
        await bad.connect(here.ws)
        await bad.until(lambda stream: any(isinstance(order, Release) for order in stream.orders))
        await good.connect(here.ws)
        assert (await first.matched())["detail"]["id"] == "good"
        assert not any(notice["matched"] for notice in second.notices)
        assert (await here.figures())['matchmaker_match_failures_total{reason="dial"}'] >= 1


async def test_a_refused_claim_sends_its_player_to_the_front() -> None:
    full, good = FakeStream("full", answer=lambda _: RefusedReason.FULL), FakeStream("good")
    async with house(full, good, link=False) as here:
        player = await here.visit()
        await player.waiting()
        await full.connect(here.ws)
        await full.until(lambda stream: bool(stream.orders))
        await good.connect(here.ws)
        assert (await player.matched())["detail"]["id"] == "good"


async def test_a_claim_without_an_answer_is_given_up() -> None:
    mute, good = FakeStream("mute", silent=True), FakeStream("good")
    async with house(mute, good, link=False, settings="claims: {answer: 100ms}") as here:
        player = await here.visit()
        await player.waiting()
        await mute.connect(here.ws)
        await mute.until(lambda stream: len(stream.orders) == 2)
        await good.connect(here.ws)
        assert (await player.matched())["detail"]["id"] == "good"
        await here.until_figure('matchmaker_match_failures_total{reason="claim_timeout"}', 1)


async def test_two_players_who_come_at_once_for_one_seat_never_share_it() -> None:
    stream = FakeStream("s")
    async with house(stream) as here:
        for _ in range(20):
            one, other = await asyncio.gather(here.visit(), here.visit())
            await asyncio.gather(one.waiting(), other.waiting())
            await stream.players.until(lambda seat: len(seat.sockets) > len(seat.endings))
            assert len(stream.held) == 1
            waiting = [player for player in (one, other) if player.session not in stream.held]
            assert len(waiting) == 1
            for player in (*waiting, one, other):
                player.ws.close(1000)
            await asyncio.gather(one.ended(), other.ended())
            await stream.until(lambda s: not s.held)


async def test_closing_either_side_of_a_joined_pair_closes_the_other() -> None:
    stream = FakeStream("s")
    async with house(stream) as here:
        player = await here.visit()
        await player.seated()
        stream.players.sockets[0].close(4000, "kicked")
        assert await player.ended() == (4000, "kicked")
        other = await here.visit()
        await other.seated()
        other.ws.close(1000, "bye")
        await stream.players.until(lambda seat: (1000, "bye") in seat.endings)


async def test_the_queue_is_bounded_and_says_so() -> None:
    async with house(settings="queue: {capacity: 2}") as here:
        await (await here.visit()).waiting()
        await (await here.visit()).waiting()
        late = await here.visit()
        assert (await late.ended())[0] == 1013
        assert late.notices[0]["reason"] == "queue_full"
        assert late.notices[0]["queued"] is late.notices[0]["matched"] is False


async def test_an_unknown_fleet_is_refused() -> None:
    async with house() as here:
        player = await here.visit("?fleet=nowhere")
        assert (await player.ended())[0] == 1008
        assert player.notices[0]["reason"] == "unknown_fleet"


async def test_fleets_have_lines_of_their_own() -> None:
    gold = FakeStream("g", fleet="gold")
    async with house(gold, settings="fleets: [{name: default}, {name: gold}]") as here:
        plain = await here.visit()
        await plain.waiting(1)
        rich = await here.visit("?fleet=gold")
        assert (await rich.matched())["detail"] == {"id": "g", "fleet": "gold"}
        assert not any(notice["matched"] for notice in plain.notices)


async def test_a_waiting_player_is_told_again_though_nothing_has_changed() -> None:
    async with house(settings="queue: {notice: 200ms}") as here:
        player = await here.visit()
        await player.until(lambda p: len(p.messages) >= 3)
        assert {notice["position"] for notice in player.notices} == {1}
        assert player.notices[-1]["waited"] > 0.1


async def test_a_player_who_does_not_answer_pings_is_dropped_from_the_line() -> None:
    async with house(settings="queue: {ping: 100ms, silence: 300ms}") as here:
        dead, alive = await here.visit(), await here.visit()
        await alive.waiting(2)
        dead.ws.pause_reading()
        await alive.waiting(1)
        await here.until_figure("matchmaker_player_socket_connections", 1)


async def test_waiting_ends_with_the_settings_patience() -> None:
    async with house(settings="queue: {maxWait: 100ms}") as here:
        player = await here.visit()
        assert (await player.ended())[0] == 1013
        assert player.notices[-1]["reason"] == "expired"


async def test_a_player_who_is_gone_before_its_hand_off_frees_the_seat_at_once() -> None:
    stream = FakeStream("s", silent=True)
    async with house(stream) as here:
        player = await here.visit("?handoff=1")
        await stream.until(lambda s: bool(s.orders))
        player.ws.abort()
        await stream.until(lambda s: any(isinstance(order, Release) for order in s.orders))


async def test_the_estimate_appears_once_session_lengths_are_known() -> None:
    stream = FakeStream("s", seats=6, ready=True)
    async with house(stream) as here:
        players = [await here.visit() for _ in range(6)]
        for player in players:
            await player.until(lambda p: len(p.messages) > 1)
        for session in list(stream.held)[:5]:
            stream.free(session, EndedReason.LEFT, 60.0)
        stream.seats = 1
        stream.report()
        late = await here.visit()
        notice = await late.waiting()
        assert 0 < notice["estimate"] < 120


async def test_a_malformed_frame_costs_its_sender_only() -> None:
    async with house() as here:
        good = await here.visit()
        bad = await here.visit()
        bad.ws._transport.write(b"\x85\x80\x00\x00\x00\x00")
        assert (await bad.ended())[0] == 1002
        good.ws.send('{"type":"ping","time":1}')
        await good.until(lambda _: {"type": "pong", "time": 1} in good.told)
