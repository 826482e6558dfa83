"""The server behind a shared store, however it is reached: password, TLS, cluster, Sentinel."""

from __future__ import annotations

import asyncio
import secrets
import socket
import subprocess
from pathlib import Path
from typing import Any

import pytest
from valkey.asyncio import Valkey

from pixelstream.errors import SettingsError
from pixelstream.matchmaking.books import Rules
from pixelstream.settings.base import parse
from pixelstream.settings.matchmaker import MatchmakerSettings
from pixelstream.store.server import Address
from pixelstream.store.valkey import ValkeyStore
from tests.support.sockets import DEADLINE
from tests.support.valkeyserver import valkey_server


def free_port() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


async def works(address: Address) -> None:
    """Make sure that two replicas share a line there."""
    one, other = ValkeyStore(Rules(), address), ValkeyStore(Rules(), address)
    try:
        async with asyncio.timeout(DEADLINE):
            await one.ready()
            await other.ready()
            await one.join("p", "default")
            while [place.session for place in await other.queue(9)] != ["p"]:  # noqa: ASYNC110 - it tells nobody
                await asyncio.sleep(0.01)
    finally:
        await one.close()
        await other.close()


async def test_with_a_password(tmp_path: Path) -> None:
    with valkey_server(tmp_path, requirepass="a password", port=(port := free_port())):
        await works(Address(url=f"valkey://127.0.0.1:{port}", password="a password"))
        await works(Address(url=f"redis://127.0.0.1:{port}/3", username="default", password="a password"))
        store = ValkeyStore(Rules(), Address(url=f"valkey://127.0.0.1:{port}", password="another"))
        await asyncio.sleep(0.2)
        assert not store.connected
        await store.close()


def certificate(folder: Path) -> tuple[str, str]:
    key, cert = str(folder / "key.pem"), str(folder / "cert.pem")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
         "-keyout", key, "-out", cert, "-days", "2", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost"],
        check=True, capture_output=True,
    )  # fmt: skip
    return key, cert


async def test_with_tls_and_only_the_right_certificate(tmp_path: Path) -> None:
    key, cert = certificate(tmp_path)
    options = {"tls-port": (port := free_port()), "tls-cert-file": cert, "tls-key-file": key}
    options |= {"tls-ca-cert-file": cert, "tls-auth-clients": "no"}
    with valkey_server(tmp_path, **options):
        await works(Address(url=f"valkeys://localhost:{port}", ca=cert))
        store = ValkeyStore(Rules(), Address(url=f"valkeys://127.0.0.1:{port}", ca=cert))
        await asyncio.sleep(0.2)
        assert not store.connected
        await store.close()


async def test_in_a_cluster(tmp_path: Path) -> None:
    port = free_port()
    while int(port) > 50_000:
        port = str(int(port) - 15_000)
    options = {"port": port, "cluster-enabled": "yes", "cluster-port": free_port()}
    options |= {"cluster-announce-ip": "127.0.0.1"}
    with valkey_server(tmp_path, **options):
        client: Any = Valkey(port=int(port), decode_responses=True)
        async with client:
            await client.execute_command("CLUSTER", "ADDSLOTSRANGE", 0, 16383)
            async with asyncio.timeout(DEADLINE):
                while "state:ok" not in await client.execute_command("CLUSTER", "INFO"):  # noqa: ASYNC110
                    await asyncio.sleep(0.05)
        await works(Address(url=f"valkey+cluster://127.0.0.1:{port}"))


async def test_by_sentinel(tmp_path: Path) -> None:
    port, watch = free_port(), free_port()
    name = secrets.token_hex(4)
    file = tmp_path / "sentinel.conf"
    file.write_text(f"port {watch}\nsentinel monitor {name} 127.0.0.1 {port} 1\n")
    with valkey_server(tmp_path, port=port):
        sentinel = tmp_path / "sentinel"
        sentinel.mkdir()
        with valkey_server(sentinel, str(file), "--sentinel", port=watch):
            await works(Address(url=f"valkey+sentinel://127.0.0.1:{watch}/{name}"))


@pytest.mark.parametrize(
    "text",
    [
        "store: {kind: valkey, url: 'valkey://host:6379'}",
        "store: {kind: valkey, url: 'rediss+cluster://host:6379', passwordFile: /etc/key, prefix: game}",
        "store: {kind: valkey, url: 'valkey+sentinel://a:26379,b:26379/primary', presence: 10s}",
    ],
)
def test_an_address_is_understood(text: str) -> None:
    assert parse(MatchmakerSettings, text).store.kind == "valkey"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("store: {kind: valkey}", "needs the url of the server"),
        ("store: {kind: valkey, url: 'valkey://:secret@host'}", "store.url"),
        ("store: {kind: valkey, url: 'http://host'}", "store.url"),
        ("store: {kind: etcd}", "store.kind"),
    ],
)
def test_what_is_wrong_with_an_address_is_said(text: str, words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        parse(MatchmakerSettings, text)
