"""Streams that a cluster names: offered while their pods are ready, and reached nowhere else."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.support.kubeapi import KUBECONFIG, SLICES, FakeApi, endpoint, kube_api, slice_of
from tests.support.matchmaking import House, house
from tests.support.streams import FakeStream, fake_streams

SETTINGS = "kubernetes: {namespace: px, selector: pixelstream.io/discovery=true}"


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
    api.put(SLICES, "default-x", **slice_of(endpoint("pod-1", "127.0.0.1", **conditions), port=port))


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
