"""The small parts of the matchmaker, each by itself."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from pixelstream.apps.matchmaker.directory import Address, Directory, Static
from pixelstream.apps.matchmaker.inbox import Inbox
from pixelstream.apps.matchmaker.leases import Issuer, passed_on
from pixelstream.auth.lease import verify
from pixelstream.matchmaking.model import Known
from pixelstream.settings.matchmaker import StreamSettings
from tests.support.streams import LEASE_KEYS


def test_a_lease_is_good_for_its_lifetime_and_names_the_seat() -> None:
    issued = Issuer(lambda: LEASE_KEYS, 600.0, clock=lambda: 1000.5).issue("x", "gold", "s", 7, "ada")
    assert issued.url == f"s/{issued.token}/ws"
    assert issued.expires == 1600
    lease = verify(issued.token, LEASE_KEYS, 1599.0)
    assert (lease.session, lease.fleet, lease.stream, lease.fence, lease.user) == ("x", "gold", "s", 7, "ada")


@pytest.mark.parametrize(
    ("query", "passed"),
    [
        ("", ""),
        ("fleet=gold&handoff=1", ""),
        ("lease=stolen&session=x&map=alps", "?map=alps"),
        ("a=1&a=2&empty=&b=%20%26", "?a=1&a=2&empty=&b=+%26"),
        ("%6Cease=stolen", ""),
        ("renew=1&ticket=x&map=alps", "?map=alps"),
    ],
)
def test_only_the_applications_part_of_a_query_is_passed_on(query: str, passed: str) -> None:
    assert passed_on(query) == passed


def test_an_address_knows_host_and_port_also_where_the_url_leaves_it_out() -> None:
    assert Address("f", "ws://10.0.0.1:3000/base").host_port == ("10.0.0.1", 3000)
    assert Address("f", "ws://[fd00::1]").host_port == ("fd00::1", 80)
    assert Address("f", "wss://host").host_port == ("host", 443)


async def test_the_first_source_that_names_a_stream_counts() -> None:
    told: list[dict[str, Known]] = []
    directory = Directory(lambda streams: told.append({name: one.known for name, one in streams.items()}))
    await Static((StreamSettings(id="a", url="ws://one"),)).run(lambda s: directory.tell("static", s))
    directory.tell(
        "legacy", {"a": Address("x", "ws://two", leased=False), "b": Address("x", "ws://b", leased=False)}
    )
    assert told[-1] == {"a": Known("default"), "b": Known("x", leased=False)}
    found = directory.find("a")
    assert found
    assert found.url == "ws://one"
    directory.tell("legacy", {})
    assert directory.find("b") is None


async def test_moves_are_carried_out_in_order_and_a_failing_one_costs_the_others_nothing() -> None:
    inbox, done, finished = Inbox(), list[int](), asyncio.Event()

    def move(n: int) -> Callable[[], Awaitable[None]]:
        async def run() -> None:
            await asyncio.sleep(0)
            if n == 1:
                raise RuntimeError("on purpose")
            done.append(n)
            if n == 3:
                finished.set()

        return run

    for n in range(4):
        inbox.put(move(n))
    task = asyncio.create_task(inbox.run())
    await asyncio.wait_for(finished.wait(), 10)
    assert done == [0, 2, 3]
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def test_a_full_inbox_says_so_and_still_takes_what_ends_work() -> None:
    async def nothing() -> None: ...

    inbox = Inbox(limit=2)
    for _ in range(2):
        assert not inbox.full
        inbox.put(nothing)
    assert inbox.full
    inbox.put(nothing)
