"""turn-api over HTTP: its answer, its keys, its sources, its health."""

from __future__ import annotations

import asyncio
import base64
import hmac
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from structlog.testing import CapturingLogger
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from pixelstream.apps import secrets
from pixelstream.apps.turnapi.app import serving
from pixelstream.apps.turnapi.context import Context
from pixelstream.apps.turnapi.sources import StaticRelays
from pixelstream.errors import SettingsError
from pixelstream.settings.base import parse
from pixelstream.settings.turnapi import FileSource, RelayEntry, Sources, TurnApiListen, TurnApiSettings
from tests.apps.test_edge import altered
from tests.support.edge import KEYS, LIFETIME, key_text, lease

DEADLINE = 10.0
RELAYS = (RelayEntry(host="192.0.2.1", tls=5349), RelayEntry(host="2001:db8::1", tcp=None))


@pytest.fixture(autouse=True)
def secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIXELSTREAM_TURN_SECRET", "north")


@asynccontextmanager
async def turn_api(*, sources: Sources | None = None, **others: Any) -> AsyncIterator[httpx.AsyncClient]:
    settings = TurnApiSettings(
        listen=TurnApiListen(host="127.0.0.1", port=0), sources=sources or Sources(static=RELAYS), **others
    )
    async with (
        serving(settings) as service,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{service.listener.port}") as client,
    ):
        yield client


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(DEADLINE):
        while not await condition():  # noqa: ASYNC110 - what is waited for shows over HTTP only
            await asyncio.sleep(0.01)


async def metric(client: httpx.AsyncClient, series: str) -> float:
    lines = (await client.get("/metrics")).text.splitlines()
    return float(next(line.rpartition(" ")[2] for line in lines if line.startswith(f"{series} ")))


async def hosts(client: httpx.AsyncClient) -> set[str]:
    servers = (await client.get("/")).json()["iceServers"]
    return {url.split(":")[1] for url in servers[0]["urls"]} if servers else set()


async def test_the_answer_is_an_rtc_configuration_for_the_caller() -> None:
    async with turn_api(credentials={"lifetime": 600.0}) as client:
        response = await client.get("/?session=s-1&unknown=1")
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/json"
    assert response.headers["cache-control"] == "no-store"
    config = response.json()
    assert set(config) == {"iceTransportPolicy", "iceServers"}
    assert config["iceTransportPolicy"] == "all"
    [server] = config["iceServers"]
    assert set(server) == {"urls", "username", "credential"}
    assert set(server["urls"]) == {
        "stun:192.0.2.1:3478",
        "stun:[2001:db8::1]:3478",
        "turn:192.0.2.1:3478?transport=udp",
        "turn:[2001:db8::1]:3478?transport=udp",
        "turn:192.0.2.1:3478?transport=tcp",
        "turns:192.0.2.1:5349?transport=tcp",
    }
    expiry, _, caller = server["username"].partition(":")
    assert caller == "s-1"
    assert 590 <= int(expiry) - time.time() <= 601


async def test_a_caller_without_a_session_is_anonymous_and_may_ask_for_relays_only() -> None:
    async with turn_api() as client:
        config = (await client.get("/?policy=relay")).json()
    assert config["iceTransportPolicy"] == "relay"
    assert config["iceServers"][0]["username"].endswith(":anonymous")


@pytest.mark.parametrize("query", ["session=a:b", "session=a%20b", "policy=none", "session=" + "a" * 129])
async def test_a_parameter_that_cannot_be_served_is_refused_in_words(query: str) -> None:
    async with turn_api() as client:
        response = await client.get(f"/?{query}")
        assert response.status_code == 400
        assert "session takes" in response.json()["detail"]
        assert await metric(client, 'turnapi_answers_total{result="bad_request"}') == 1


@pytest.mark.parametrize(
    "header", [None, "Bearer wrong", "Bearer", "Basic key-1", "key-1", "Bearer schlüssel"]
)
async def test_a_control_key_is_asked_for_when_one_is_set(tmp_path: Path, header: str | None) -> None:
    (tmp_path / "key").write_text("key-1\n")
    async with turn_api(control_key_file=tmp_path / "key") as client:
        response = await client.get("/", headers=[(b"authorization", header.encode())] if header else [])
        assert response.status_code == 401
        assert response.headers["www-authenticate"].startswith("Bearer")
        assert "north" not in response.text
        response = await client.get("/", headers={"Authorization": "Bearer key-1"})
        assert response.status_code == 200
        assert (await client.get("/readyz")).status_code == 200
        assert await metric(client, 'turnapi_answers_total{result="unauthorized"}') == 1
        assert await metric(client, 'turnapi_answers_total{result="ok"}') == 1


async def test_no_relay_is_alive_but_not_ready_and_still_an_answer() -> None:
    async with turn_api(sources=Sources()) as client:
        assert (await client.get("/healthz")).status_code == 200
        response = await client.get("/readyz")
        assert response.status_code == 503
        assert response.json()["detail"] == "there is no relay to offer"
        assert (await client.get("/")).json() == {"iceTransportPolicy": "all", "iceServers": []}
        assert await metric(client, 'turnapi_answers_total{result="empty"}') == 1


async def test_metrics_exist_from_the_start() -> None:
    async with turn_api(credentials={"lifetime": 600.0}) as client:
        for result in ("ok", "empty", "unauthorized", "bad_request"):
            assert await metric(client, f'turnapi_answers_total{{result="{result}"}}') == 0
        assert await metric(client, 'turnapi_relays{source="static"}') == 2
        assert await metric(client, 'turnapi_relays{source="file"}') == 0
        assert await metric(client, "turnapi_relays_offered") == 2
        assert await metric(client, "turnapi_credentials_lifetime_seconds") == 600


async def test_other_paths_and_websockets_are_not_found() -> None:
    async with turn_api() as client:
        assert (await client.get("/docs")).status_code == 404
        assert (await client.post("/")).status_code == 405
        with pytest.raises(InvalidStatus, match="404"):
            await connect(f"ws://{client.base_url.netloc.decode()}/")


def write(file: Path, *names: str) -> None:
    """Replace the file at once, as a ConfigMap or a careful writer does."""
    part = file.with_suffix(".part")
    part.write_bytes(orjson.dumps({"relays": [{"host": name} for name in names]}))
    part.replace(file)


async def test_a_changed_file_changes_the_answer(tmp_path: Path) -> None:
    file = tmp_path / "relays.json"
    write(file, "a.example.org")
    async with turn_api(sources=Sources(file=FileSource(path=file, interval=0.05))) as client:
        await until(lambda: holds(client, {"a.example.org"}))
        write(file, "b.example.org")
        await until(lambda: holds(client, {"b.example.org"}))
        write(file)
        await until(lambda: holds(client, set()))
        assert (await client.get("/readyz")).status_code == 503


async def holds(client: httpx.AsyncClient, names: set[str]) -> bool:
    return await hosts(client) == names


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        (b"", "half written"),
        (b'{"relays": [{"host": "b.example.org"}, {"ho', "half written"),
        (b"[]", "must be a block of keys"),
        (b'{"relays": [{"host": "b.example.org:3478"}]}', "without a port"),
        (b'{"relays": [{"ip": "192.0.2.1"}]}', "unknown key"),
        (None, "No such file"),
        (b" " * (1 << 20) + b"{}", "larger than"),
    ],
)
async def test_a_file_that_cannot_be_used_keeps_the_last_good_list_and_is_told_once(
    tmp_path: Path, bad: bytes | None, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = CapturingLogger()
    monkeypatch.setattr("pixelstream.apps.turnapi.context.log", told)
    file = tmp_path / "relays.json"
    write(file, "a.example.org")
    async with turn_api(sources=Sources(file=FileSource(path=file, interval=0.05))) as client:
        await until(lambda: holds(client, {"a.example.org"}))
        if bad is None:
            file.unlink()
        else:
            file.write_bytes(bad)
        await until(lambda: counts(client, 1))
        aged = await metric(client, 'turnapi_relays_age_seconds{source="file"}')
        await until(lambda: older(client, aged + 0.2))
        assert await counts(client, 1)
        assert await hosts(client) == {"a.example.org"}
        assert (await client.get("/readyz")).status_code == 200
        write(file, "a.example.org")
        await until(lambda: younger(client, aged))
    [warning] = [call for call in told.calls if call.method_name == "warning"]
    assert words in warning.kwargs["fault"]


async def counts(client: httpx.AsyncClient, number: int) -> bool:
    return await metric(client, 'turnapi_source_faults_total{source="file"}') == number


async def older(client: httpx.AsyncClient, age: float) -> bool:
    return await metric(client, 'turnapi_relays_age_seconds{source="file"}') > age


async def younger(client: httpx.AsyncClient, age: float) -> bool:
    return await metric(client, 'turnapi_relays_age_seconds{source="file"}') <= age + 0.1


async def test_a_source_that_breaks_is_started_again(monkeypatch: pytest.MonkeyPatch) -> None:
    tries: list[int] = []
    original = StaticRelays.run

    async def breaks_once(self: StaticRelays, sink: Context) -> None:
        tries.append(1)
        if len(tries) == 1:
            raise RuntimeError("no list today")
        await original(self, sink)

    monkeypatch.setattr(StaticRelays, "run", breaks_once)
    monkeypatch.setattr("pixelstream.apps.turnapi.app.RETRY", 0.0)
    async with turn_api() as client:
        await until(lambda: ready(client))
        assert await metric(client, 'turnapi_source_faults_total{source="static"}') == 1


async def ready(client: httpx.AsyncClient) -> bool:
    return (await client.get("/readyz")).status_code == 200


async def test_without_a_turn_secret_it_does_not_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PIXELSTREAM_TURN_SECRET")
    with pytest.raises(SettingsError, match="turnSecretFile or set PIXELSTREAM_TURN_SECRET"):
        async with turn_api():
            pass


def test_settings_refuse_a_host_with_port_or_brackets_in_words() -> None:
    text = "sources: {static: [{host: '[::1]'}, {host: '192.0.2.1:3478'}, {host: 192.0.2}, {host: a_b}]}"
    with pytest.raises(SettingsError) as caught:
        parse(TurnApiSettings, text)
    assert [fault.partition(" ")[0] for fault in caught.value.faults] == [
        f"sources.static[{number}].host" for number in range(4)
    ]


RUN = """
import sys
from pixelstream.apps.turnapi.app import run
from pixelstream.settings.base import load
from pixelstream.settings.turnapi import TurnApiSettings
run(load(TurnApiSettings, sys.argv[1]))
"""


async def test_sigterm_ends_the_process_with_0(tmp_path: Path) -> None:
    settings = tmp_path / "turn-api.yaml"
    settings.write_text("listen: {host: 127.0.0.1, port: 0}\n")
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", RUN, str(settings), stderr=asyncio.subprocess.PIPE, env={**os.environ}
    )
    async with asyncio.timeout(30):
        assert process.stderr is not None
        while b"listening" not in await process.stderr.readline():
            assert process.returncode is None
        process.send_signal(signal.SIGTERM)
        assert await process.wait() == 0


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@asynccontextmanager
async def keyed(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    control, leases = tmp_path / "control-key", tmp_path / "lease-keys"
    control.write_text("s3cret\nolder\nwith.two.dots")
    leases.write_text(KEYS)
    async with turn_api(control_key_file=control, lease_keys_file=leases) as client:
        yield client


async def test_a_lease_is_enough_and_names_its_own_session(tmp_path: Path) -> None:
    async with keyed(tmp_path) as client:
        response = await client.get("/?session=somebody-else", headers=bearer(lease()))
        assert await metric(client, "pixelstream_lease_keys") == 1
    assert response.status_code == 200
    (server,) = response.json()["iceServers"]
    assert server["username"].endswith(":v-1")


@pytest.mark.parametrize(
    ("token", "status", "code", "words"),
    [
        (lease(age=2 * LIFETIME), 401, "expired", "s ago"),
        (altered(lease()), 403, "forged", "the signature does not fit"),
        (lease(keys=key_text("b")), 403, "unknown_key", "it names a key that is not known here"),
        ("e30.e30.e30", 401, "malformed", "its header does not say HS256"),
    ],
)
async def test_a_lease_that_is_no_good_says_why(
    tmp_path: Path, token: str, status: int, code: str, words: str
) -> None:
    async with keyed(tmp_path) as client:
        response = await client.get("/", headers=bearer(token))
    assert (response.status_code, response.headers["x-pixelstream-reason"]) == (status, code)
    assert response.json()["detail"].startswith(f"lease {code}: ")
    assert words in response.json()["detail"]
    assert ("www-authenticate" in response.headers) == (status == 401)


@pytest.mark.parametrize(
    ("key", "status"),
    [("s3cret", 200), ("older", 200), ("with.two.dots", 200), ("s3cret\tolder", 200), ("other", 401)],
)
async def test_each_line_of_the_control_key_is_accepted(tmp_path: Path, key: str, status: int) -> None:
    async with keyed(tmp_path) as client:
        assert (await client.get("/", headers=bearer(key))).status_code == status


async def test_a_new_turn_secret_signs_without_a_restart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(secrets, "POLL", 0.01)
    file = tmp_path / "turn-secret"
    file.write_text("first\nsecond\n")

    async def signed_with(secret: str) -> bool:
        (server,) = (await client.get("/")).json()["iceServers"]
        digest = hmac.digest(secret.encode(), server["username"].encode(), "sha1")
        return bool(server["credential"] == base64.b64encode(digest).decode())

    async with turn_api(turn_secret_file=file) as client:
        assert await signed_with("first")
        file.write_text("second\nfirst\n")
        await until(lambda: signed_with("second"))
