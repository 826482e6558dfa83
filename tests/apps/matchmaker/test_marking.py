"""Pods of streams with players are marked, by what the streams say; health says who undoes it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from pixelstream.kube import pods
from pixelstream.matchmaking.marks import DELETION_COST, DO_NOT_DISRUPT, SAFE_TO_EVICT, STATE
from tests.support.kubeapi import KUBECONFIG, PODS, SLICES, FakeApi, endpoint, kube_api, pod, slice_of
from tests.support.matchmaking import House, house
from tests.support.streams import FakeStream, fake_streams

SETTINGS = "kubernetes: {namespace: px, selector: pixelstream.io/discovery=true}"
WRITTEN = 'matchmaker_pod_writes_total{result="written"}'


@pytest.fixture
async def api(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[FakeApi]:
    monkeypatch.setattr(pods, "SETTLE", 0.1)
    async with kube_api() as fake:
        (tmp_path / "config").write_text(KUBECONFIG % fake.url)
        monkeypatch.setenv("KUBECONFIG", str(tmp_path / "config"))
        fake.put(PODS, "pod-1", **pod("u-1"))
        yield fake


@pytest.fixture
async def here(api: FakeApi) -> AsyncIterator[House]:
    async with house(settings=SETTINGS) as found:
        await api.until(lambda: api.watching(PODS))
        yield found


@pytest.fixture
async def stream(api: FakeApi, here: House) -> AsyncIterator[FakeStream]:
    one = FakeStream("pod-1")
    async with fake_streams(one):
        port = int(one.url.rpartition(":")[2])
        api.put(SLICES, "default-x", **slice_of(endpoint("pod-1", "127.0.0.1"), port=port))
        await one.connect(here.ws)
        yield one


async def shows(api: FakeApi, state: str) -> None:
    await api.until(lambda: api.read(PODS, "pod-1")["metadata"]["labels"].get(STATE) == state)


@pytest.mark.usefixtures("stream")
async def test_a_session_marks_its_pod_and_its_end_unmarks_it(api: FakeApi, here: House) -> None:
    await shows(api, "free")
    player = await here.visit()
    await player.seated()
    await shows(api, "taken")
    assert api.read(PODS, "pod-1")["metadata"]["annotations"] == {
        DELETION_COST: "1",
        SAFE_TO_EVICT: "false",
        DO_NOT_DISRUPT: "true",
    }
    player.ws.close()
    await shows(api, "free")
    assert api.read(PODS, "pod-1")["metadata"]["annotations"] == {DELETION_COST: "0"}
    await here.until_figure(WRITTEN, 3)  # one when the stream came, two for the session
    assert (await here.figures())["matchmaker_pods_pending"] == 0


async def test_a_broken_link_leaves_the_marks(api: FakeApi, here: House, stream: FakeStream) -> None:
    await (await here.visit()).seated()
    await shows(api, "taken")
    assert stream.link is not None
    stream.link.abort()
    await here.until("/api/v1/streams", lambda a: [s["state"] for s in a["streams"]] == ["unlinked"])
    assert api.read(PODS, "pod-1")["metadata"]["labels"] == {STATE: "taken"}


async def test_an_empty_stream_that_drains_goes_first(api: FakeApi, stream: FakeStream) -> None:
    stream.draining = True
    stream.report()
    await shows(api, "draining")
    assert api.read(PODS, "pod-1")["metadata"]["annotations"] == {DELETION_COST: "-1"}


async def test_health_names_who_overwrites_the_deletion_cost(api: FakeApi, here: House) -> None:
    assert (await here.get("/api/v1/health"))["warnings"] == []
    api.put(PODS, "pod-2", **pod("u-2", "7", "karpenter"))
    health = await here.until("/api/v1/health", lambda found: found["warnings"])
    (words,) = health["warnings"]
    assert "by karpenter, once since the start" in words
    assert "PodDeletionCostManagement" in words


async def test_marks_can_be_switched_off(api: FakeApi) -> None:
    async with house(settings=f"{SETTINGS}\nmarks: {{enabled: false}}") as here:
        await api.until(lambda: api.watching(SLICES) and api.watching(PODS))
        assert here.matchmaker.context.marking is None
        assert (await here.get("/api/v1/health"))["warnings"] == []
    assert {path for path, _ in api.lists} == {SLICES, PODS}
    assert api.patches == []


async def test_without_a_cluster_there_is_nothing_to_mark() -> None:
    async with house() as here:
        assert here.matchmaker.context.marking is None
        assert (await here.figures())[WRITTEN] == 0
