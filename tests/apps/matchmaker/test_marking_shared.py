"""Two matchmakers, one cluster: only who has a stream's link marks its pod, and a new holder corrects."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from pixelstream.kube import pods
from pixelstream.matchmaking.marks import STATE
from tests.support.kubeapi import KUBECONFIG, PODS, SLICES, FakeApi, endpoint, kube_api, pod, slice_of
from tests.support.matchmaking import House, house
from tests.support.streams import FakeStream, fake_streams
from tests.support.valkeyserver import valkey_server

WRITTEN = 'matchmaker_pod_writes_total{result="written"}'
SETTINGS = """
kubernetes: {namespace: px, selector: pixelstream.io/discovery=true}
store: {kind: valkey, url: "%s", prefix: t-%s}
"""


class Two:
    """Two matchmakers in one process, a stream that both see, and its pod."""

    def __init__(self, api: FakeApi, houses: list[House], stream: FakeStream) -> None:
        self.api, self.houses, self.stream = api, houses, stream

    async def shows(self, state: str) -> None:
        await self.api.until(lambda: self.state == state)

    @property
    def state(self) -> str | None:
        found: str | None = self.api.read(PODS, "pod-1")["metadata"]["labels"].get(STATE)
        return found

    async def writes(self) -> list[float]:
        return [(await one.figures())[WRITTEN] for one in self.houses]


@pytest.fixture
async def two(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Two]:
    monkeypatch.setattr(pods, "SETTLE", 0.2)
    async with _two(tmp_path, monkeypatch) as found:
        yield found


@asynccontextmanager
async def _two(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Two]:
    async with AsyncExitStack() as stack:
        api = await stack.enter_async_context(kube_api())
        server = stack.enter_context(valkey_server(tmp_path))
        (tmp_path / "config").write_text(KUBECONFIG % api.url)
        monkeypatch.setenv("KUBECONFIG", str(tmp_path / "config"))
        api.put(PODS, "pod-1", **pod("u-1"))
        stream = FakeStream("pod-1")
        await stack.enter_async_context(fake_streams(stream))
        port = int(stream.url.rpartition(":")[2])
        api.put(SLICES, "default-x", **slice_of(endpoint("pod-1", "127.0.0.1"), port=port))
        settings = SETTINGS % (server.url, secrets.token_hex(4))
        houses = [await stack.enter_async_context(house(settings=settings)) for _ in "ab"]
        for one in houses:
            await one.until("/api/v1/streams", lambda a: len(a["streams"]) == 1)
        yield Two(api, houses, stream)


async def test_only_the_holder_of_the_link_writes_and_twice_a_session(two: Two) -> None:
    await two.stream.connect(two.houses[1].ws)
    await two.shows("free")
    player = await two.houses[0].visit()
    await player.seated()
    await two.shows("taken")
    player.ws.close()
    await two.shows("free")
    await two.houses[1].until_figure(WRITTEN, 3)  # one when the stream came, two for the session
    assert await two.writes() == [0, 3]


async def test_the_new_holder_of_a_link_goes_on_where_the_former_was(two: Two) -> None:
    await two.stream.connect(two.houses[0].ws)
    player = await two.houses[1].visit()
    await player.seated()
    await two.shows("taken")
    before = await two.writes()
    assert two.stream.link
    two.stream.link.abort()
    await two.stream.connect(two.houses[1].ws)
    player.ws.close()
    await two.shows("free")
    await two.houses[1].until_figure(WRITTEN, 1)
    assert await two.writes() == [before[0], 1]


async def test_what_the_former_holder_meant_to_write_is_not_written_any_more(two: Two) -> None:
    await two.stream.connect(two.houses[0].ws)
    player = await two.houses[1].visit()
    await player.seated()
    await two.shows("taken")
    player.ws.close()
    await two.stream.until(lambda stream: not stream.held)  # its pod would be free in a moment
    assert two.stream.link
    two.stream.link.abort()
    again = await two.houses[1].visit()
    await two.stream.connect(two.houses[1].ws)
    await again.seated()
    await two.houses[0].until("/api/v1/streams", lambda a: a["streams"][0]["state"] == "taken")
    await two.shows("taken")
    assert (await two.houses[0].figures())["matchmaker_pods_pending"] == 0


async def test_a_write_of_the_former_holder_that_comes_late_is_corrected(two: Two) -> None:
    await two.stream.connect(two.houses[1].ws)
    await (await two.houses[0].visit()).seated()
    await two.shows("taken")
    found = two.api.read(PODS, "pod-1")
    late = {**found["metadata"], "labels": {STATE: "free"}, "annotations": {}}
    two.api.put(PODS, "pod-1", metadata={**late, "annotations": {**found["metadata"]["annotations"]}})
    await two.shows("taken")
