"""The server behind a shared store, however it is reached: password, TLS, cluster, Sentinel."""

from __future__ import annotations

import asyncio
import secrets
import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from valkey.asyncio import Valkey

from pixelstream.errors import SettingsError
from pixelstream.matchmaking.books import Rules
from pixelstream.matchmaking.effects import AskSeat, Matched, Released
from pixelstream.matchmaking.model import Known
from pixelstream.protocol.control import EndedReason, SeatState
from pixelstream.settings.base import parse
from pixelstream.settings.matchmaker import MatchmakerSettings
from pixelstream.store.clients import Address
from pixelstream.store.valkey import ValkeyStore
from tests.support.sockets import DEADLINE
from tests.support.stores import replicas, state
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
        await works_not(Address(url=f"valkey://127.0.0.1:{port}", password="another"))


async def works_not(address: Address) -> None:
    """Make sure that nobody is let in there."""
    store = ValkeyStore(Rules(), address)
    await asyncio.sleep(0.3)
    assert not store.connected
    await store.close()


async def test_a_user_of_the_servers_own_list_with_no_more_rights_than_it_needs(tmp_path: Path) -> None:
    with valkey_server(tmp_path, port=(port := free_port())) as server:
        client: Any = Valkey(unix_socket_path=str(server.socket))
        async with client:
            rights = "~{pixelstream}* -@all +eval +hmget +hset +hincrby +del +expire +xadd +xread +time +info"
            await client.execute_command("ACL", "SETUSER", "px", "on", ">a secret", *rights.split())
        address = Address(url=f"valkey://127.0.0.1:{port}", username="px", password="a secret")
        await works(address)
        await works_not(replace(address, password="wrong"))
        await works_not(replace(address, username="nobody"))


async def test_a_password_that_changes_is_read_for_the_next_connection(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("old")
    with valkey_server(tmp_path, requirepass="new", port=(port := free_port())):
        url = f"valkey://127.0.0.1:{port}"
        store = ValkeyStore(Rules(), lambda: Address(url=url, password=file.read_text()))
        await asyncio.sleep(0.2)
        assert not store.connected
        file.write_text("new")
        async with asyncio.timeout(DEADLINE):
            await store.ready()
        await store.close()


class Authority:
    """A made-up authority in a folder, which signs certificates."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ca = str(folder / "ca.pem")
        self._openssl(
            "req", "-x509", *NEW_KEY, "-keyout", self._file("ca.key"), "-out", self.ca, "-subj", "/CN=ours"
        )

    def _file(self, name: str) -> str:
        return str(self.folder / name)

    def _openssl(self, *words: str) -> None:
        subprocess.run(["openssl", *words], check=True, capture_output=True)

    def sign(self, name: str) -> tuple[str, str]:
        """Return the files of a certificate for `name` and of its key."""
        cert, key = self._file(f"{name}.pem"), self._file(f"{name}.key")
        self._openssl(
            "req", "-x509", *NEW_KEY, "-CA", self.ca, "-CAkey", self._file("ca.key"), "-keyout", key,
            "-out", cert, "-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}",
            "-addext", "basicConstraints=critical,CA:FALSE",
        )  # fmt: skip
        return cert, key


NEW_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2")


def tls_options(authority: Authority, name: str, clients: str = "no") -> dict[str, str]:
    cert, key = authority.sign(name)
    options = {"tls-port": free_port(), "tls-cert-file": cert, "tls-key-file": key}
    return options | {"tls-ca-cert-file": authority.ca, "tls-auth-clients": clients}


async def test_with_tls_and_only_the_right_certificate(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    options = tls_options(authority, "localhost")
    with valkey_server(tmp_path, **options):
        right = Address(url=f"valkeys://localhost:{options['tls-port']}", ca=authority.ca)
        await works(right)
        await works(replace(right, url=right.url.replace("valkeys", "rediss")))
        await works_not(replace(right, url=right.url.replace("localhost", "127.0.0.1")))
        await works_not(replace(right, ca=None))
        stranger = tmp_path / "stranger"
        stranger.mkdir()
        await works_not(replace(right, ca=Authority(stranger).ca))


async def test_with_tls_by_a_name_that_is_not_the_host(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    options = tls_options(authority, "valkey.internal")
    with valkey_server(tmp_path, **options):
        right = Address(
            url=f"valkeys://127.0.0.1:{options['tls-port']}", ca=authority.ca, server_name="valkey.internal"
        )
        await works(right)
        await works_not(replace(right, server_name="other.internal"))
        await works_not(replace(right, server_name=None))


async def test_with_tls_and_a_certificate_of_ours(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    options = tls_options(authority, "localhost", clients="yes")
    cert, key = authority.sign("matchmaker")
    with valkey_server(tmp_path, **options):
        right = Address(
            url=f"valkeys://localhost:{options['tls-port']}", ca=authority.ca, certificate=cert, key=key
        )
        await works(right)
        await works_not(replace(right, certificate=None, key=None))


async def until_said(client: Any, words: str, *command: str) -> None:
    async with asyncio.timeout(DEADLINE):
        while words not in str(await client.execute_command(*command)):  # noqa: ASYNC110 - it can only be asked
            await asyncio.sleep(0.05)


@pytest.mark.parametrize("tls", [False, True])
async def test_in_a_cluster_of_three_one_node_has_it_all(tmp_path: Path, tls: bool) -> None:  # noqa: FBT001
    authority = Authority(tmp_path)
    with ExitStack() as stack:
        ports: list[str] = []
        clients: list[Any] = []
        for n in range(3):
            folder = tmp_path / f"node-{n}"
            folder.mkdir()
            options = {"cluster-enabled": "yes", "cluster-port": free_port()}
            if tls:
                options |= tls_options(authority, "valkey.internal") | {
                    "tls-cluster": "yes",
                    "tls-replication": "yes",
                }
            else:
                options |= {"port": free_port()}
            server = stack.enter_context(
                valkey_server(folder, **options, **{"cluster-announce-ip": "127.0.0.1"})
            )
            ports.append(options.get("tls-port") or options["port"])
            clients.append(Valkey(unix_socket_path=str(server.socket), decode_responses=True))
            share = (16384 * n // 3, 16384 * (n + 1) // 3 - 1)
            await clients[-1].execute_command("CLUSTER", "ADDSLOTSRANGE", *share)
            if n:
                bus = options["cluster-port"]
                await clients[0].execute_command("CLUSTER", "MEET", "127.0.0.1", ports[-1], bus)
        for client in clients:
            await until_said(client, "cluster_state:ok", "CLUSTER", "INFO")
        hosts = ",".join(f"127.0.0.1:{port}" for port in ports)
        if tls:
            url = f"valkeys+cluster://{hosts}"
            await works(Address(url=url, ca=authority.ca, server_name="valkey.internal"))
        else:
            await works(Address(url=f"valkey+cluster://{hosts}"))
        counts = sorted([int(await client.dbsize()) for client in clients])
        assert counts[:2] == [0, 0], "a room's keys are on more than one node"
        for client in clients:
            await client.aclose()


@contextmanager
def watched(folder: Path, primary: str, **options: str) -> Iterator[tuple[str, str]]:
    """Run a Sentinel that alone decides about this primary; yields its port and the primary's name."""
    port, name = free_port(), secrets.token_hex(4)
    sentinel = folder / "sentinel"
    sentinel.mkdir()
    file = sentinel / "sentinel.conf"
    file.write_text(
        f"port {port}\nsentinel monitor {name} 127.0.0.1 {primary} 1\n"
        f"sentinel down-after-milliseconds {name} 300\nsentinel failover-timeout {name} 3000\n"
    )
    with valkey_server(sentinel, str(file), "--sentinel", port=port, **options):
        yield port, name


@pytest.mark.parametrize("scheme", ["valkey+sentinel", "sentinel"])
async def test_by_sentinel(tmp_path: Path, scheme: str) -> None:
    with (
        valkey_server(tmp_path, port=(port := free_port())),
        watched(tmp_path, port) as (watch, name),
    ):
        await works(Address(url=f"{scheme}://127.0.0.1:{watch}/{name}"))


async def test_when_the_primary_dies_everybody_goes_on_at_its_stand_in(tmp_path: Path) -> None:
    port, spare = free_port(), free_port()
    (other := tmp_path / "spare").mkdir()
    with (
        valkey_server(tmp_path, port=port) as primary,
        valkey_server(other, port=spare, replicaof=f"127.0.0.1 {port}") as second,
        watched(tmp_path, port) as (watch, name),
    ):
        known: Any = Valkey(port=int(watch), decode_responses=True)
        async with known:
            await until_said(known, spare, "SENTINEL", "REPLICAS", name)
        url = f"sentinel://127.0.0.1:{watch}/{name}"
        async with replicas(url, 2) as [(a, told_a), (b, told_b)]:
            await b.discover({"s": Known("default")})
            await b.report(0, state(1))
            await a.join("playing", "default")
            asked = await told_b.of(AskSeat)
            await b.granted(0, "playing", asked.fence)
            await told_a.of(Matched)
            await a.hand("playing")
            await b.report(0, state(2, ("playing", SeatState.CONNECTED, asked.fence)))
            await a.join("first", "default")
            await b.join("second", "default")
            primary.kill()
            promoted: Any = Valkey(unix_socket_path=str(second.socket), decode_responses=True)
            async with promoted:
                await until_said(promoted, "'role': 'master'", "INFO", "replication")
            async with asyncio.timeout(DEADLINE):
                await a.ready()
                await b.ready()
            assert [place.session for place in await a.queue(9)] == ["first", "second"]
            (stream,) = await b.streams()
            assert [seat.session for seat in stream.sessions] == ["playing"]
            assert not told_a.all(Released)
            await b.report(0, state(3))
            await b.ended(0, "playing", EndedReason.LEFT, 1.0)
            assert (await told_b.of(AskSeat, 1)).session == "first"


@pytest.mark.parametrize(
    "text",
    [
        "store: {kind: valkey, url: 'valkey://host:6379'}",
        "store: {kind: valkey, url: 'rediss+cluster://host:6379', passwordFile: /etc/key, prefix: game}",
        "store: {kind: valkey, url: 'valkey+sentinel://a:26379,b:26379/primary', presence: 10s}",
        "store: {kind: valkey, url: 'sentinel://a,b/primary'}",
        "store: {kind: valkey, url: 'valkeys+cluster://a:6379,b:6379', caFile: /ca, serverName: valkey}",
        "store: {kind: valkey, url: 'rediss://h', certificateFile: /c, keyFile: /k, usernameFile: /u}",
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
        ("store: {kind: valkey, url: 'valkey://h', caFile: /ca}", "need a url with TLS"),
        ("store: {kind: valkey, url: 'valkeys://h', certificateFile: /c}", "belong together"),
        ("store: {kind: valkey, url: 'valkey://h', username: a, usernameFile: /u}", "give one of them"),
        ("store: {kind: valkey, url: 'sentinel://h'}", "store.url"),
    ],
)
def test_what_is_wrong_with_an_address_is_said(text: str, words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        parse(MatchmakerSettings, text)
