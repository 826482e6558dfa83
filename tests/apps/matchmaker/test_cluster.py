"""Streams that a cluster names: offered while their pods are ready, and reached nowhere else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.support.kubeapi import (
    KUBECONFIG,
    PODS,
    SLICES,
    FakeApi,
    Object,
    endpoint,
    kube_api,
    running_pod,
    slice_of,
)
from tests.support.matchmaking import House, house
from tests.support.streams import FakeStream, fake_streams

SETTINGS = """
kubernetes: {namespace: px, selector: pixelstream.io/discovery=true}
links: {forgetAfter: 300ms}
"""
AT_ONCE = 1.0
"""Seconds within which a stream that vanished must be gone."""


@pytest.fixture
async def api(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[FakeApi]:
    async with kube_api() as fake:
        (tmp_path / "config").write_text(KUBECONFIG % fake.url)
        monkeypatch.setenv("KUBECONFIG", str(tmp_path / "config"))
        yield fake


@pytest.fixture
async def here(api: FakeApi) -> AsyncIterator[House]:
    async with house(settings=SETTINGS) as found:
        await api.until(lambda: api.watching(SLICES))
        yield found


@pytest.fixture
async def stream(here: House) -> AsyncIterator[FakeStream]:
    """A stream that no settings name, with its control link open."""
    one = FakeStream("pod-1")
    async with fake_streams(one):
        await one.connect(here.ws)
        await here.until("/api/v1/streams", lambda a: [s["state"] for s in a["streams"]] == ["unlisted"])
        yield one


def tell(api: FakeApi, stream: FakeStream, **conditions: bool) -> None:
    port = urlsplit(stream.url).port or 0
    api.put(SLICES, "default-x", **slice_of(endpoint("pod-1", "127.0.0.1", "u-1", **conditions), port=port))


async def word(here: House, expected: str) -> None:
    await here.until("/api/v1/streams", lambda a: [s["state"] for s in a["streams"]] == [expected])


async def test_a_player_is_seated_at_the_address_that_the_cluster_names(
    api: FakeApi, here: House, stream: FakeStream
) -> None:
    player = await here.visit()
    await player.waiting(1)
    tell(api, stream)
    assert (await player.matched())["detail"]["id"] == "pod-1"
    await player.seated()


@pytest.mark.parametrize("condition", [{"serving": False, "ready": False}, {"terminating": True}])
async def test_a_pod_that_is_not_ready_or_is_to_end_is_not_offered(
    api: FakeApi, here: House, stream: FakeStream, condition: dict[str, bool]
) -> None:
    tell(api, stream, **condition)
    await word(here, "not_ready")
    player = await here.visit()
    await player.waiting(1)
    assert stream.orders == []
    tell(api, stream)
    assert (await player.matched())["detail"]["id"] == "pod-1"


async def test_a_pod_that_is_to_end_keeps_its_player(api: FakeApi, here: House, stream: FakeStream) -> None:
    tell(api, stream)
    player = await here.visit()
    await player.seated()
    tell(api, stream, terminating=True)
    await word(here, "not_ready")
    answer = await here.get("/api/v1/streams")
    assert answer["streams"][0]["taken"] == 1
    assert not player.endings


async def test_a_pod_that_is_gone_is_not_offered(api: FakeApi, here: House, stream: FakeStream) -> None:
    tell(api, stream)
    await word(here, "free")
    api.delete(SLICES, "default-x")
    await word(here, "unlisted")
    await (await here.visit()).waiting(1)
    assert stream.orders == []


async def test_streams_stay_while_the_api_server_is_away(
    api: FakeApi, here: House, stream: FakeStream
) -> None:
    tell(api, stream)
    await word(here, "free")
    await api.stop()
    player = await here.visit()
    await player.seated()


# --- pods, which are sooner than slices -----------------------------------------------------------


async def test_a_pod_that_vanished_is_gone_at_once_though_its_slice_still_names_it(
    api: FakeApi, here: House, stream: FakeStream
) -> None:
    api.put(PODS, "pod-1", **running_pod("u-1"))
    tell(api, stream)
    await word(here, "free")
    async with asyncio.timeout(AT_ONCE):
        api.delete(PODS, "pod-1")
        await word(here, "unlisted")
    assert stream.link
    async with asyncio.timeout(AT_ONCE):
        stream.link.abort()
        await here.until("/api/v1/streams", lambda a: a["streams"] == [])


async def test_a_player_whose_pod_vanished_is_known_to_be_lost_at_once(
    api: FakeApi, here: House, stream: FakeStream
) -> None:
    api.put(PODS, "pod-1", **running_pod("u-1"))
    tell(api, stream)
    await (await here.visit()).seated()
    assert stream.link
    stream.link.abort()
    await word(here, "unlinked")
    async with asyncio.timeout(AT_ONCE):
        api.delete(PODS, "pod-1")
        await here.until("/api/v1/streams", lambda a: a["streams"] == [])


@pytest.mark.parametrize("says", [running_pod("u-1", ready=False), running_pod("u-1", ending=True)])
async def test_a_pod_that_says_so_itself_is_not_offered(
    api: FakeApi, here: House, stream: FakeStream, says: Object
) -> None:
    tell(api, stream)
    await word(here, "free")
    async with asyncio.timeout(AT_ONCE):
        api.put(PODS, "pod-1", **says)
        await word(here, "not_ready")


async def test_a_ready_stream_whose_link_broke_is_neither_offered_nor_lost(
    api: FakeApi, here: House, stream: FakeStream
) -> None:
    api.put(PODS, "pod-1", **running_pod("u-1"))
    tell(api, stream)
    player = await here.visit()
    await player.seated()
    assert stream.link
    stream.link.abort()
    await word(here, "unlinked")
    waiting = await here.visit()
    await waiting.waiting(1)
    room = here.matchmaker.context.store
    seen = asyncio.get_running_loop().time()
    await api.until(lambda: asyncio.get_running_loop().time() - seen > 3 * 0.3)  # three times forgetAfter
    (found,) = await room.streams()
    assert (found.taken, [one.state for one in found.sessions]) == (1, ["connected"])
    await stream.connect(here.ws)
    await word(here, "taken")
    player.ws.close(1000)
    assert (await waiting.matched())["detail"]["id"] == "pod-1"


async def test_nothing_is_lost_while_the_api_server_is_away_and_what_happened_meanwhile_is_learnt(
    api: FakeApi, here: House, stream: FakeStream
) -> None:
    api.put(PODS, "pod-1", **running_pod("u-1"))
    tell(api, stream)
    player = await here.visit()
    await player.seated()
    watches = len(api.watches)
    await api.stop()
    health = await here.until("/api/v1/health", lambda found: found["warnings"])
    assert "streams stay as they are" in health["warnings"][0]
    waiting = await here.visit()
    await waiting.waiting(1)
    assert stream.link
    stream.link.abort()
    await stream.connect(here.ws)
    await word(here, "taken")
    player.ws.close(1000)
    await waiting.seated()
    api.delete(PODS, "pod-1")
    api.delete(SLICES, "default-x")
    api.compact()
    await api.start()
    await word(here, "unlisted")
    await api.until(lambda: api.watching(PODS) and api.watching(SLICES) and len(api.watches) > watches)
    assert not waiting.endings
    await here.until("/api/v1/health", lambda found: found["warnings"] == [])


async def test_where_pods_may_not_be_read_slices_are_enough(
    api: FakeApi, here: House, stream: FakeStream
) -> None:
    api.forbid(PODS)
    tell(api, stream)
    player = await here.visit()
    await player.seated()
    tell(api, stream, terminating=True)
    await word(here, "not_ready")
