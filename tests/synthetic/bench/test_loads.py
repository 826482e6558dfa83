import asyncio
import os
from collections.abc import AsyncIterator

import pytest

from pixelstream.errors import DialError
from pixelstream.synthetic.bench import asking, idling, relaying, stage, traffic, visiting
from pixelstream.synthetic.bench.cost import Spent
from pixelstream.synthetic.bench.relaying import RelayLoad
from pixelstream.synthetic.bench.stage import Address, BenchError
from tests.support.http import FakeServer, answer
from tests.synthetic.bench.relays import Relay, served


def own_time() -> Spent:
    used = os.times()
    return Spent(used.user, used.system)


@pytest.fixture
def relay() -> Relay:
    return Relay()


@pytest.fixture
async def address(relay: Relay) -> AsyncIterator[Address]:
    async with served(relay) as found:
        yield found


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (stage, relaying, visiting):
        monkeypatch.setattr(module, "DEADLINE", 0.3)


async def test_every_message_that_is_counted_was_relayed(address: Address) -> None:
    async with stage.staged(address) as found:
        await found.admit(5)
        load = RelayLoad(found, traffic.candidate(), "iceCandidate")
        cost = await load.measure(0.2, own_time)
        assert 0 < cost.count <= load.relayed
        assert cost.rate > 0


async def test_a_load_can_be_measured_again(address: Address) -> None:
    async with stage.staged(address) as found:
        await found.admit(2)
        load = RelayLoad(found, traffic.answer(), "offer")
        assert [(await load.measure(0.1, own_time)).count > 0 for _ in range(2)] == [True, True]


@pytest.mark.usefixtures("impatient")
async def test_a_relay_that_loses_messages_is_found_out(address: Address, relay: Relay) -> None:
    async with stage.staged(address) as found:
        await found.admit(1)
        load = RelayLoad(found, traffic.candidate(), "iceCandidate")
        relay.lose = True
        with pytest.raises(BenchError, match="1 messages were not relayed"):
            await load.measure(0.1, own_time)


async def test_a_faithful_relay_passes_the_check(address: Address) -> None:
    async with stage.staged(address) as found:
        await found.admit(3)
        await relaying.check(found, traffic.answer(), "offer")


async def test_a_relay_that_changes_messages_fails_the_check(address: Address, relay: Relay) -> None:
    async with stage.staged(address) as found:
        await found.admit(1)
        relay.bend = True
        with pytest.raises(BenchError, match="faithfully"):
            await relaying.check(found, traffic.candidate(), "iceCandidate")


async def test_visits_are_counted_with_their_end(address: Address, relay: Relay) -> None:
    cost = await visiting.measure(address, 20, own_time)
    assert (cost.count, relay.last) == (20, 20 + visiting.WARM_UP)


async def test_memory_is_that_of_each_player_of_those_that_came_last(
    address: Address, relay: Relay, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(idling, "REST", 0.0)
    each = await idling.measure(address, 20, lambda: 1000 * len(relay.players))
    assert (each, relay.last) == (1000.0, 20 + idling.FIRST)


@pytest.mark.usefixtures("impatient")
async def test_a_server_that_does_not_name_its_streamer_is_given_up(address: Address, relay: Relay) -> None:
    relay.mute = True
    with pytest.raises(BenchError, match="streamer"):
        async with stage.staged(address):
            pass


@pytest.fixture
async def http() -> AsyncIterator[FakeServer]:
    fake = FakeServer(b'{"iceServers":[]}')
    server = await asyncio.start_server(fake.serve, "127.0.0.1", 0)
    fake.port = server.sockets[0].getsockname()[1]
    yield fake
    fake.drop_connections()
    server.close()
    await server.wait_closed()


async def test_whole_answers_are_counted_and_asked_for_with_the_key(http: FakeServer) -> None:
    cost = await asking.measure(http.port, "secret", 0.1, own_time)
    assert 0 < cost.count <= len(http.requests)
    assert all(b"Authorization: Bearer secret\r\n" in request for request in http.requests)


async def test_an_answer_in_pieces_is_one_answer(http: FakeServer) -> None:
    async def in_pieces(_: bytes, writer: asyncio.StreamWriter) -> None:
        whole = answer(http.body)
        for cut in (whole[:20], whole[20:-3], whole[-3:]):
            writer.write(cut)
            await writer.drain()
            await asyncio.sleep(0)

    http.reply = in_pieces
    assert (await asking.measure(http.port, "secret", 0.1, own_time)).count > 0


async def test_a_refusal_is_no_answer(http: FakeServer) -> None:
    async def refuse(_: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(answer(b"{}", status=401))

    http.reply = refuse
    with pytest.raises(BenchError, match="401"):
        await asking.measure(http.port, "secret", 0.1, own_time)


async def test_a_server_that_is_not_there_is_named() -> None:
    with pytest.raises(DialError, match=r"127\.0\.0\.1:1"):
        async with stage.staged(Address("ws://127.0.0.1:1", "ws://127.0.0.1:1")):
            pass
