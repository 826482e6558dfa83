"""The gate: what it says to the proxy about a path with a lease."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import psutil
import pytest
from structlog.testing import CapturingLogger

from pixelstream.apps.gate.app import serving
from pixelstream.auth.keys import LeaseKeys
from pixelstream.auth.lease import Lease, sign
from pixelstream.errors import SettingsError
from pixelstream.settings.gate import GateListen, GateSettings
from pixelstream.settings.kubernetes import Kubernetes
from tests.apps.test_edge import altered
from tests.support.edge import LIFETIME, key_text
from tests.support.kubeapi import KUBECONFIG, SLICES, FakeApi, endpoint, kube_api, slice_of

KEYS = key_text()
MEMORY = 64 << 20
"""Bytes that a gate may have resident."""


def lease(stream: str = "pod-1", keys: str = KEYS, age: int = 0) -> str:
    now = int(time.time()) - age
    return sign(Lease("v-1", "default", stream, 1, now, now + LIFETIME), LeaseKeys.parse(keys))


@pytest.fixture
async def api(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[FakeApi]:
    monkeypatch.setenv("PIXELSTREAM_LEASE_KEYS", KEYS)
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "config"))
    async with kube_api() as fake:
        (tmp_path / "config").write_text(KUBECONFIG % fake.url)
        fake.put(SLICES, "a", **slice_of(endpoint("pod-1", "10.0.0.1"), endpoint("pod-2", "fd00::2")))
        yield fake


SETTINGS = GateSettings(
    listen=GateListen(port=0),
    kubernetes=Kubernetes(namespace="px", selector="pixelstream.io/discovery=true"),
    linger=0.2,
)


@pytest.fixture
async def client(api: FakeApi) -> AsyncIterator[httpx.AsyncClient]:
    async with (
        serving(SETTINGS) as gate,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{gate.listener.port}") as client,
    ):
        await api.until(lambda: api.watching(SLICES))
        yield client


async def asks(client: httpx.AsyncClient, target: str) -> tuple[int, dict[str, str]]:
    answer = await client.get("/authorize", headers={"X-Original-Uri": target})
    prefix = "x-pixelstream-"
    told = {name.removeprefix(prefix): value for name, value in answer.headers.items() if prefix in name}
    assert answer.content == b""
    return answer.status_code, told


@pytest.mark.parametrize("path", ["ws", "ws?q=1", "api/level", "api/level/x?y=1"])
async def test_a_good_lease_is_told_where_its_stream_is(client: httpx.AsyncClient, path: str) -> None:
    told = {"stream": "pod-1", "address": "10.0.0.1:3000"}
    assert await asks(client, f"/s/{lease()}/{path}") == (204, told)


async def test_an_ipv6_address_comes_in_brackets(client: httpx.AsyncClient) -> None:
    assert (await asks(client, f"/s/{lease('pod-2')}/ws"))[1]["address"] == "[fd00::2]:3000"


@pytest.mark.parametrize(
    ("target", "status", "reason"),
    [
        ("/s/nonsense/ws", 401, "malformed"),
        (f"/s/{lease(age=2 * LIFETIME)}/ws", 401, "expired"),
        (f"/s/{altered(lease())}/ws", 403, "forged"),
        (f"/s/{lease(keys=key_text('b'))}/ws", 403, "unknown_key"),
        (f"/s/{lease('pod-9')}/ws", 403, "unknown_stream"),
        (f"/s/{lease()}/api/%2e%2e/x", 401, "malformed"),
        (f"/s/x/../{lease()}/ws", 401, "malformed"),
        (f"/s/{lease()}/status", 401, "malformed"),
        ("/", 401, "malformed"),
        ("", 401, "malformed"),
    ],
)
async def test_any_other_is_told_why_not_and_no_address(
    client: httpx.AsyncClient, target: str, status: int, reason: str
) -> None:
    assert await asks(client, target) == (status, {"reason": reason})
    series = f'gate_checks_total{{result="{reason}"}} 1.0'
    assert series in (await client.get("/metrics")).text.splitlines()


async def test_headers_of_the_client_name_no_address(client: httpx.AsyncClient) -> None:
    headers = {"X-Original-Uri": f"/s/{lease()}/ws", "X-Pixelstream-Address": "192.0.2.1:80"}
    answer = await client.get("/authorize", headers=headers)
    assert answer.headers.get_list("x-pixelstream-address") == ["10.0.0.1:3000"]


async def test_a_stream_is_reached_until_it_is_gone(api: FakeApi, client: httpx.AsyncClient) -> None:
    ending = endpoint("pod-1", "10.0.0.1", serving=False, ready=False, terminating=True)
    api.put(SLICES, "a", **slice_of(ending))
    await gone(client, "pod-2")
    assert (await asks(client, f"/s/{lease()}/ws"))[0] == 204
    api.delete(SLICES, "a")
    await gone(client, "pod-1")


async def gone(client: httpx.AsyncClient, stream: str) -> None:
    async with asyncio.timeout(1):
        while (await asks(client, f"/s/{lease(stream)}/ws"))[0] == 204:  # noqa: ASYNC110 - HTTP is asked
            await asyncio.sleep(0.01)


async def test_it_is_ready_once_it_has_a_list_and_keeps_that(api: FakeApi) -> None:
    api.refuse = 403
    async with (
        serving(SETTINGS) as gate,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{gate.listener.port}") as client,
    ):
        assert (await client.get("/healthz")).status_code == 200
        assert (await client.get("/readyz")).status_code == 503
        assert await asks(client, f"/s/{lease()}/ws") == (503, {"reason": "not_ready"})
        api.refuse = 0
        await api.until(lambda: api.watching(SLICES))
        assert (await client.get("/readyz")).status_code == 200
        assert "gate_streams 2.0" in (await client.get("/metrics")).text
        await api.stop()
        assert (await client.get("/readyz")).status_code == 200
        assert (await asks(client, f"/s/{lease()}/ws"))[0] == 204


async def test_it_answers_on_for_a_while_when_it_is_to_end(api: FakeApi) -> None:
    async with (
        serving(SETTINGS) as gate,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{gate.listener.port}") as client,
    ):
        await api.until(lambda: api.watching(SLICES))
        draining = asyncio.create_task(gate.drain())
        await asyncio.sleep(0)
        assert (await asks(client, f"/s/{lease()}/ws"))[0] == 204
        assert not draining.done()
        await draining


@pytest.mark.parametrize(
    ("missing", "words"), [("PIXELSTREAM_LEASE_KEYS", "leaseKeysFile: missing"), ("KUBECONFIG", "is no pod")]
)
async def test_without_keys_or_cluster_it_does_not_start(
    api: FakeApi, monkeypatch: pytest.MonkeyPatch, missing: str, words: str
) -> None:
    monkeypatch.delenv(missing)
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    with pytest.raises(SettingsError, match=words):
        async with serving(SETTINGS):
            pass
    assert api.lists == []


async def test_the_process_is_small_and_sigterm_ends_it_with_0(api: FakeApi, tmp_path: Path) -> None:
    settings = tmp_path / "gate.yaml"
    settings.write_text(
        "listen: {port: 0}\nlinger: 0\nkubernetes: {namespace: px, selector: pixelstream.io/discovery=true}\n"
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "pixelstream", "gate", "--config", str(settings),
        stderr=asyncio.subprocess.PIPE, env={**os.environ},
    )  # fmt: skip
    async with asyncio.timeout(30):
        assert process.stderr is not None
        while b"listening" not in await process.stderr.readline():
            assert process.returncode is None
        await api.until(lambda: api.watching(SLICES))
        assert psutil.Process(process.pid).memory_info().rss < MEMORY
        process.send_signal(signal.SIGTERM)
        assert await process.wait() == 0


async def test_a_seats_socket_is_logged_by_its_session(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    logger = CapturingLogger()
    monkeypatch.setattr("pixelstream.apps.gate.context.log", logger)
    for path in ("ws", "api/level"):
        await asks(client, f"/s/{lease()}/{path}")
    [said] = logger.calls
    assert said.args == ("seat socket",)
    assert said.kwargs == {"session": "v-1", "stream": "pod-1"}
