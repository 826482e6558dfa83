"""The client that fits a store's address: one server, Sentinels, a cluster or a socket; with or without TLS.

The trap: behind a Service or in a cluster the name that is dialled is not the one in the certificate, so the
name to check can be given; it is always checked against some name.
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from valkey.asyncio import Valkey
from valkey.asyncio.cluster import ClusterNode, ValkeyCluster
from valkey.asyncio.connection import Connection, ConnectionPool, SSLConnection
from valkey.asyncio.sentinel import Sentinel, SentinelManagedConnection, SentinelManagedSSLConnection

BLOCK = 500
"""Milliseconds of one read."""
PORT, SENTINEL_PORT = 6379, 26379


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where the server is, and how to get in.

    Attributes:
        url: `valkey://`, with `s` for TLS, with `+sentinel` or `+cluster`; `redis` for `valkey` is the same.
            With Sentinel: `valkey+sentinel://host:port,host:port/name-of-the-primary`, or `sentinel://`.
            A cluster may be named by several nodes. `unix://` is a socket.
        password, username: if the server asks for them.
        sentinel_password: if the Sentinels ask for one.
        ca: file of the authority that signed the server's certificate; None for the system's.
        certificate, key: files of ours, if the server wants to see one.
        server_name: in the server's certificate; None for the host that is dialled.
        prefix: of all keys; rooms with different ones have nothing to do with each other.
        timeout: seconds for one command.
    """

    url: str
    password: str | None = None
    username: str | None = None
    sentinel_password: str | None = None
    ca: str | None = None
    certificate: str | None = None
    key: str | None = None
    server_name: str | None = None
    prefix: str = "pixelstream"
    timeout: float = 2.0


def connect(address: Address) -> list[Any]:
    """Make the client that fits the address, and those that it needs; they connect by themselves."""
    scheme, _, rest = address.url.partition("://")
    kind, _, mode = scheme.partition("+")
    if kind in {"sentinel", "sentinels"}:
        kind, mode = ("valkeys" if kind.endswith("s") else "valkey"), "sentinel"
    options: dict[str, Any] = {
        "password": address.password,
        "username": address.username,
        "socket_connect_timeout": address.timeout,
        "socket_timeout": address.timeout + BLOCK / 1000,
    }
    if kind == "unix":
        return [Valkey(unix_socket_path=urlsplit(address.url).path, **options)]
    tls = _tls(address) if kind in {"valkeys", "rediss"} else None
    hosts, _, path = rest.partition("/")
    if mode == "sentinel":
        return _by_sentinel(address, hosts, path, options, tls)
    if mode == "cluster":
        return [_cluster(address, hosts, options, tls)]
    host, port = _place(hosts, PORT)
    return [_one(host, port, {"db": int(path or 0), **options}, address, tls)]


def _tls(address: Address) -> dict[str, Any]:
    return {
        "ssl_cert_reqs": "required",
        "ssl_check_hostname": True,
        "ssl_ca_certs": address.ca or ssl.get_default_verify_paths().cafile,
        "ssl_certfile": address.certificate,
        "ssl_keyfile": address.key,
    }


def _one(
    host: str, port: int, options: dict[str, Any], address: Address, tls: dict[str, Any] | None
) -> Valkey:
    kind: Any = _checked(SSLConnection, address) if tls else Connection
    pool = ConnectionPool(connection_class=kind, host=host, port=port, **options, **(tls or {}))
    return Valkey(connection_pool=pool)


def _by_sentinel(
    address: Address, hosts: str, name: str, options: dict[str, Any], tls: dict[str, Any] | None
) -> list[Any]:
    times = {key: options[key] for key in ("socket_connect_timeout", "socket_timeout")}
    asked = {**times, "password": address.sentinel_password}
    make: Any = Sentinel  # has no types
    sentinel = make([], **options, **(tls or {}))
    sentinel.sentinels = [
        _one(*_place(place, SENTINEL_PORT), asked, address, tls) for place in hosts.split(",")
    ]
    kind = _checked(SentinelManagedSSLConnection, address) if tls else SentinelManagedConnection
    return [sentinel.master_for(name, connection_class=kind), *sentinel.sentinels]


def _cluster(
    address: Address, hosts: str, options: dict[str, Any], tls: dict[str, Any] | None
) -> ValkeyCluster:
    nodes = [ClusterNode(*_place(place, PORT)) for place in hosts.split(",")]
    client = ValkeyCluster(startup_nodes=nodes, ssl=tls is not None, **options, **(tls or {}))
    if tls:
        kind = client.connection_kwargs["connection_class"] = _checked(SSLConnection, address)
        for node in client.nodes_manager.startup_nodes.values():
            node.connection_class = kind
    return client


def _checked(kind: type[Any], address: Address) -> type[Any]:
    """A kind of connection that checks the certificate against the name of the address, if it has one."""
    if address.server_name is None:
        return kind

    class Checked(kind):  # type: ignore[misc]
        def _connection_arguments(self) -> dict[str, Any]:
            return {**super()._connection_arguments(), "server_hostname": address.server_name}

    return Checked


def _place(text: str, port: int) -> tuple[str, int]:
    """Read `host`, `host:port`, `[v6]` or `[v6]:port`."""
    parts = urlsplit(f"//{text}")
    return parts.hostname or "localhost", parts.port or port
