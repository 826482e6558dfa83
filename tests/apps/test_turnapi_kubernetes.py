"""turn-api and a cluster: what coturn's pods and nodes do to its answers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from pixelstream.apps.turnapi.app import serving
from pixelstream.errors import SettingsError
from pixelstream.settings.turnapi import KubernetesSource, Sources, TurnApiListen, TurnApiSettings
from tests.apps.test_turnapi import hosts, metric, until
from tests.support.kubeapi import KUBECONFIG, NODES, PODS, FakeApi, coturn, kube_api, node

SETTINGS = TurnApiSettings(
    listen=TurnApiListen(host="127.0.0.1", port=0),
    sources=Sources(kubernetes=KubernetesSource(namespace="px", selector="app.kubernetes.io/name=turn")),
)


@pytest.fixture
async def api(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[FakeApi]:
    monkeypatch.setattr("pixelstream.apps.turnapi.sources.CONFIRM", 0.05)
    monkeypatch.setenv("PIXELSTREAM_TURN_SECRET", "north")
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "config"))
    async with kube_api() as fake:
        (tmp_path / "config").write_text(KUBECONFIG % fake.url)
        for number in (1, 2):
            fake.put(NODES, f"n{number}", **node(("ExternalIP", f"192.0.2.{number}"), zone=f"z{number}"))
            fake.put(PODS, f"turn-{number}", **coturn(f"n{number}", tls=True))
        yield fake


@pytest.fixture
async def client(api: FakeApi) -> AsyncIterator[httpx.AsyncClient]:
    async with (
        serving(SETTINGS) as service,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{service.listener.port}") as client,
    ):
        await offers(client, "192.0.2.1", "192.0.2.2")
        await api.until(lambda: api.watching(PODS) and api.watching(NODES))
        yield client


async def offers(client: httpx.AsyncClient, *expected: str) -> None:
    async def offered() -> bool:
        return await hosts(client) == set(expected)

    await until(offered)


async def test_relays_come_and_go_with_pods_and_nodes(api: FakeApi, client: httpx.AsyncClient) -> None:
    [server] = (await client.get("/?session=s")).json()["iceServers"]
    assert "turns:192.0.2.1:5349?transport=tcp" in server["urls"]
    assert api.lists[0][1]["labelSelector"] == "app.kubernetes.io/name=turn"
    api.put(NODES, "n1", **node(("ExternalIP", "192.0.2.1"), closed=True))
    await offers(client, "192.0.2.2")
    api.put(NODES, "n1", **node(("ExternalIP", "192.0.2.1"), named="turn.example.com"))
    await offers(client, "turn.example.com", "192.0.2.2")
    api.put(PODS, "turn-2", **coturn("n2", ending=True))
    await offers(client, "turn.example.com")
    assert [
        await metric(client, f'pixelstream_turn_relays{{state="{state}"}}')
        for state in ("offered", "draining", "unready")
    ] == [1, 1, 0]
    api.delete(PODS, "turn-2")
    api.delete(PODS, "turn-1")
    await offers(client)


async def test_the_last_good_list_is_kept_while_the_api_server_is_away(
    api: FakeApi, client: httpx.AsyncClient
) -> None:
    await api.stop()

    async def noticed() -> bool:
        return await metric(client, 'turnapi_source_faults_total{source="kubernetes"}') >= 4

    await until(noticed)
    assert await hosts(client) == {"192.0.2.1", "192.0.2.2"}
    assert await metric(client, 'turnapi_relays{source="kubernetes"}') == 2
    await api.start()
    api.delete(PODS, "turn-1")
    await offers(client, "192.0.2.2")


async def test_the_list_stays_young_while_the_watch_is_on_and_ages_without_it(
    api: FakeApi, client: httpx.AsyncClient
) -> None:
    async def age() -> float:
        return await metric(client, 'turnapi_relays_age_seconds{source="kubernetes"}')

    async def confirmed() -> bool:
        return await age() < 0.1

    async def aged() -> bool:
        return await age() > 0.4

    await until(confirmed)
    await api.stop()
    await until(aged)
    await api.start()
    await until(confirmed)


async def test_a_caller_in_a_zone_gets_the_relays_of_that_zone_first(client: httpx.AsyncClient) -> None:
    for number in (1, 2):
        for caller in range(20):
            [server] = (await client.get(f"/?session=s{caller}&zone=z{number}")).json()["iceServers"]
            assert server["urls"][0] == f"stun:192.0.2.{number}:3478"


async def test_without_a_way_to_a_cluster_it_does_not_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIXELSTREAM_TURN_SECRET", "north")
    monkeypatch.delenv("KUBECONFIG", raising=False)
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    with pytest.raises(SettingsError, match="this is no pod"):
        async with serving(SETTINGS):
            pass
