"""Listing and following, against an API that cuts, forgets and refuses."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import pytest

from pixelstream.kube.access import Access
from pixelstream.kube.client import PODS, ApiError, Client
from pixelstream.kube.watch import Watch
from tests.support import kubeapi
from tests.support.kubeapi import FakeApi, kube_api

POD_PATH = kubeapi.PODS


def access(api: FakeApi) -> Access:
    return Access(server=api.url, trust=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), token="north")


@pytest.fixture
async def api() -> AsyncIterator[FakeApi]:
    async with kube_api() as fake:
        yield fake


class Followed:
    """What a watch told: colours of pods by name."""

    def __init__(self, api: FakeApi, watch: Watch[str]) -> None:
        self.api = api
        self.watch = watch
        self.snapshots: list[dict[str, str]] = []
        self.faults: list[str] = []

    def tell(self, found: Mapping[str, str]) -> None:
        self.snapshots.append({key.rpartition("/")[2]: value for key, value in found.items()})

    async def shows(self, **expected: str) -> None:
        await self.api.until(lambda: bool(self.snapshots) and self.snapshots[-1] == expected)

    async def follows(self) -> None:
        """Wait until the watch is on."""
        await self.api.until(lambda: self.watch.current and self.api.watching(POD_PATH))


def colour(one: dict[str, Any]) -> str | None:
    return None if one["colour"] == "none" else str(one["colour"])


@asynccontextmanager
async def following(api: FakeApi) -> AsyncIterator[Followed]:
    client = Client(access(api))
    watch = Watch(client, PODS, colour, namespace="px", selector="app=x")
    seen = Followed(api, watch)
    task = asyncio.create_task(watch.run(seen.tell, seen.faults.append))
    try:
        yield seen
        assert not task.done()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await client.close()


async def test_it_tells_what_there_is_and_each_change(api: FakeApi) -> None:
    api.put(POD_PATH, "a", colour="red")
    async with following(api) as seen:
        await seen.shows(a="red")
        await seen.follows()
        api.put(POD_PATH, "b", colour="blue")
        await seen.shows(a="red", b="blue")
        api.put(POD_PATH, "a", colour="green")
        await seen.shows(a="green", b="blue")
        api.delete(POD_PATH, "b")
        await seen.shows(a="green")
    assert len(api.lists) == len(api.watches) == 1
    assert api.lists[0][1]["labelSelector"] == api.watches[0][1]["labelSelector"] == "app=x"
    assert api.watches[0][1]["allowWatchBookmarks"] == "true"
    assert set(api.authorizations) == {"Bearer north"}
    assert seen.faults == []


async def test_nothing_at_all_is_told_too(api: FakeApi) -> None:
    async with following(api) as seen:
        await seen.shows()


async def test_a_long_list_comes_in_pages(api: FakeApi) -> None:
    api.page = 3
    for number in range(8):
        api.put(POD_PATH, f"p{number}", colour="red")
    async with following(api) as seen:
        await seen.shows(**{f"p{number}": "red" for number in range(8)})
    assert len(seen.snapshots) == 1
    assert [params.get("continue") for _, params in api.lists] == [None, "3-108", "6-108"]


async def test_a_cut_watch_goes_on_where_it_was(api: FakeApi) -> None:
    api.put(POD_PATH, "a", colour="red")
    async with following(api) as seen:
        await seen.follows()
        api.put(POD_PATH, "b", colour="blue")
        await seen.shows(a="red", b="blue")
        api.cut()
        api.delete(POD_PATH, "a")
        await seen.shows(b="blue")
        await seen.follows()
    assert len(api.lists) == 1
    assert [params["resourceVersion"] for _, params in api.watches] == ["101", "102"]
    assert len(seen.faults) == 1


async def test_a_bookmark_spares_a_list_after_old_versions_were_forgotten(api: FakeApi) -> None:
    async with following(api) as seen:
        await seen.follows()
        api.compact()
        api.bookmark(POD_PATH)
        api.put(POD_PATH, "a", colour="red")
        await seen.shows(a="red")
        api.cut()
        await seen.follows()
        assert len(api.lists) == 1


async def test_a_forgotten_version_means_a_new_list(api: FakeApi) -> None:
    api.put(POD_PATH, "a", colour="red")
    async with following(api) as seen:
        await seen.follows()
        api.cut()
        api.delete(POD_PATH, "a")
        api.put(POD_PATH, "b", colour="blue")
        api.compact()
        await seen.shows(b="blue")
        await seen.follows()
    assert len(api.lists) == 2


async def test_an_error_within_a_watch_means_a_new_list(api: FakeApi) -> None:
    async with following(api) as seen:
        await seen.follows()
        api.say(POD_PATH, b'{"type":"ERROR","object":{"kind":"Status","code":410,"message":"too old"}}\n')
        await api.until(lambda: len(api.lists) == 2)
        await seen.follows()
        assert seen.faults == []
        api.say(POD_PATH, b'{"type":"ERROR","object":{"kind":"Status","code":500,"message":"broken"}}\n')
        await api.until(lambda: len(api.lists) == 3)
        assert seen.faults == ["the API server says 500: broken"]


async def test_the_last_snapshot_stays_while_the_server_is_away(api: FakeApi) -> None:
    api.put(POD_PATH, "a", colour="red")
    async with following(api) as seen:
        await seen.follows()
        await api.stop()
        await api.until(lambda: len(seen.faults) >= 3)
        assert not seen.watch.current
        assert seen.snapshots == [{"a": "red"}]
        await api.start()
        api.put(POD_PATH, "b", colour="blue")
        await seen.shows(a="red", b="blue")
        assert len(api.lists) == 1


async def test_a_watch_that_is_silent_for_too_long_is_given_up(
    api: FakeApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pixelstream.kube.client.SILENCE", 0.3)
    api.put(POD_PATH, "a", colour="red")
    async with following(api) as seen:
        await seen.follows()
        await api.until(lambda: len(api.watches) == 2)
        assert len(api.lists) == 1
        assert seen.snapshots == [{"a": "red"}]
        assert "cannot be reached" in seen.faults[0]


async def test_a_server_that_refuses_is_asked_ever_more_rarely(api: FakeApi) -> None:
    api.refuse = 403
    async with following(api) as seen:
        await api.until(lambda: len(api.times) == 4)
        gaps = [later - earlier for earlier, later in zip(api.times, api.times[1:], strict=False)]
        assert all(gap >= least for gap, least in zip(gaps, (0.05, 0.1, 0.2), strict=True))
        assert seen.faults[0] == "the API server says 403: no"
        assert seen.snapshots == []
        api.refuse = 0
        await seen.shows()


async def test_a_server_that_ends_each_watch_at_once_is_not_asked_without_pause(api: FakeApi) -> None:
    api.end_watches = True
    async with following(api) as seen:
        await api.until(lambda: len(api.watches) == 4)
        assert api.times[-1] - api.times[1] >= 0.05 + 0.1 + 0.2
        assert len(api.lists) == 1
        assert seen.faults == []


async def test_events_may_be_cut_anywhere(api: FakeApi) -> None:
    async with following(api) as seen:
        await seen.follows()
        event = (
            b'{"type":"ADDED","object":{"metadata":{"name":"a","namespace":"px","resourceVersion":"200"},'
            b'"colour":"red"}}\n{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"201"}}}\n'
        )
        for start in range(0, len(event), 7):
            api.say(POD_PATH, event[start : start + 7])
        await seen.shows(a="red")


@pytest.mark.parametrize("junk", [b"half a line{\n", b"[1]\n", b'"text"\n'])
async def test_what_is_no_event_breaks_the_watch_off(api: FakeApi, junk: bytes) -> None:
    async with following(api) as seen:
        await seen.follows()
        api.say(POD_PATH, junk)
        await api.until(lambda: len(api.watches) == 2)
        assert len(seen.faults) == 1


async def test_an_object_that_cannot_be_read_is_left_out_and_told(api: FakeApi) -> None:
    api.put(POD_PATH, "a", shape="round")
    api.put(POD_PATH, "b", colour="blue")
    async with following(api) as seen:
        await seen.shows(b="blue")
        assert seen.faults == ["px/a is left out, as it cannot be read: KeyError('colour')"]
        await seen.follows()
        api.put(POD_PATH, "b", colour="none")
        await seen.shows()


async def test_many_changes_are_told_together_and_idle_ones_not_at_all(api: FakeApi) -> None:
    async with following(api) as seen:
        await seen.follows()
        for number in range(200):
            api.put(POD_PATH, f"p{number}", colour="red")
        await seen.shows(**{f"p{number}": "red" for number in range(200)})
        told = len(seen.snapshots)
        assert told <= 5
        for number in range(200):
            api.put(POD_PATH, f"p{number}", colour="red", heartbeat=number)
        api.put(POD_PATH, "last", colour="blue")
        await api.until(lambda: "last" in seen.snapshots[-1])
        assert len(seen.snapshots) == told + 1


async def test_a_patch_is_a_merge_and_its_refusal_an_error(api: FakeApi) -> None:
    client = Client(access(api))
    body = {"metadata": {"labels": {"pixelstream.io/state": "taken"}}}
    answer = await client.patch(PODS.path("px", "a"), body)
    assert answer["metadata"]["name"] == "a"
    assert api.patches == [(f"{POD_PATH}/a", body)]
    api.refuse = 404
    with pytest.raises(ApiError, match="the API server says 404: no"):
        await client.patch(PODS.path("px", "a"), body)
    await client.close()
