"""The servers under test, each started as an operator would start it, and the bare relay beside them.

The trap: ours run as shipped, with logs, metrics, limits, leases, the control link and turn-api, since a
server that leaves out its duties is no comparison; only bounds that the load would hit are moved.
"""

from __future__ import annotations

import asyncio
import platform
import shutil
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

import pixelstream
from pixelstream.cli.rig.meter import Meter
from pixelstream.cli.rig.storeserver import store_server
from pixelstream.cli.stack.plan import HOST, Keys
from pixelstream.cli.stack.ports import free_ports
from pixelstream.cli.stack.processes import Service, Supervisor
from pixelstream.synthetic.bench.stage import Address

SEATS = 4096
"""Seats of the stream under test: the most that the protocol of the control link allows."""
MESSAGE_RATE = 10_000
"""Messages a second that a player may send; the limit is counted, and out of the load's reach."""
STREAMS = 16
"""Streams with a seat each: as few as keep the matchmaker busy."""
OURS, BARE = "ours", "bare"


@dataclass(frozen=True)
class Tested:
    """A signalling server under test."""

    address: Address
    meter: Meter


@dataclass(frozen=True)
class Matchmaker:
    """A matchmaker under test, and the streams that it knows."""

    port: int
    meter: Meter
    streams: list[str]

    @property
    def url(self) -> str:
        """Of its sockets, without a path."""
        return f"ws://{HOST}:{self.port}"


@dataclass(frozen=True)
class Backends:
    """The services behind the signalserver, and the keys that they share with it."""

    keys: Keys
    turn_api: int
    matchmaker: Matchmaker
    turn_api_meter: Meter


class Rig:
    """Starts what is measured.

    Args:
        directory: for settings, keys and logs.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._started = 0

    @asynccontextmanager
    async def backends(self) -> AsyncIterator[Backends]:
        """A turn-api with one relay in its list, and a matchmaker, until the block ends.

        Raises:
            StackError: one of them did not start.
        """
        keys = Keys.make(self._directory)
        turn_api, matchmaker = free_ports(2)
        streams = [f"bench-{number}" for number in range(STREAMS)]
        async with self._processes() as start:
            turn = await start(self._ours("turn-api", turn_api, _turn_api(turn_api, keys)))
            meter = await start(self._ours("matchmaker", matchmaker, _matchmaker(matchmaker, keys, streams)))
            yield Backends(keys, turn_api, Matchmaker(matchmaker, meter, streams), turn)

    @asynccontextmanager
    async def sharing(self, keys: Keys) -> AsyncIterator[Matchmaker | None]:
        """A matchmaker on a shared store, with another beside it; None if there is no server for that.

        Raises:
            StackError: one of them did not start.
        """
        streams = [f"bench-{number}" for number in range(STREAMS)]
        async with store_server(self._directory) as url, self._processes() as start:
            if url is None:
                yield None
                return
            ports, meters = free_ports(2), []
            for port in ports:
                settings = _matchmaker(port, keys, streams) | {"store": {"kind": "valkey", "url": url}}
                meters.append(await start(self._ours("matchmaker", port, settings, check="readyz")))
            yield Matchmaker(ports[0], meters[0], streams)

    @asynccontextmanager
    async def pair(self, backends: Backends) -> AsyncIterator[dict[str, Tested]]:
        """A fresh signalserver and, if it can be had, a fresh bare relay, until the block ends.

        Raises:
            StackError: one of them did not start.
        """
        players, streamers, bare_players, bare_streamers = free_ports(4)
        async with self._processes() as start:
            settings = _signalserver(players, streamers, backends)
            ours = await start(self._ours("signalserver", players, settings))
            pair = {OURS: Tested(_address(players, streamers), ours)}
            if script := bare_relay():
                argv = (*script, str(bare_players), str(bare_streamers))
                bare = await start(Service(BARE, argv, f"http://{HOST}:{bare_players}/"))
                pair[BARE] = Tested(_address(bare_players, bare_streamers), bare)
            yield pair

    @asynccontextmanager
    async def _processes(self) -> AsyncIterator[Callable[[Service], Awaitable[Meter]]]:
        """What starts processes that end with the block."""
        supervisor = Supervisor(self._directory)

        async def start(service: Service) -> Meter:
            await supervisor.start(service)
            await supervisor.wait_ready(service)
            if service.process is None:
                raise RuntimeError(f"{service.name} was started without a process")
            return Meter(service.process.pid)

        try:
            yield start
        finally:
            await supervisor.stop()

    def _ours(self, kind: str, port: int, settings: dict[str, Any], check: str = "healthz") -> Service:
        self._started += 1
        name = f"{kind}-{self._started}"
        file = self._directory / f"{name}.yaml"
        file.write_text(yaml.safe_dump(settings), encoding="utf-8")
        argv = (sys.executable, "-m", "pixelstream", kind, "--config", str(file))
        return Service(name, argv, f"http://{HOST}:{port}/{check}")


async def versions() -> dict[str, str]:
    """The runtimes of ours and, if it can be had, of the bare relay; the figures depend on them."""
    found = {"python": platform.python_version()}
    if script := bare_relay():
        node = await asyncio.create_subprocess_exec(script[0], "--version", stdout=asyncio.subprocess.PIPE)
        said, _ = await node.communicate()
        found["node"] = said.decode().strip().lstrip("v")
    return found


def bare_relay() -> tuple[str, str] | None:
    """The command of the bare relay; None outside a checkout, and without Node or the relay's packages."""
    folder = Path(pixelstream.__file__).resolve().parents[1] / "tests" / "bench"
    node = shutil.which("node")
    if node is None or not (folder / "node_modules" / "ws").is_dir():
        return None
    return node, str(folder / "relay.mjs")


def _address(players: int, streamers: int) -> Address:
    return Address(f"ws://{HOST}:{players}", f"ws://{HOST}:{streamers}")


def _turn_api(port: int, keys: Keys) -> dict[str, Any]:
    return {
        "listen": {"host": HOST, "port": port},
        "turnSecretFile": keys.file("turn-secret"),
        "controlKeyFile": keys.file("control-key"),
        "sources": {"static": [{"host": "192.0.2.1", "tls": 5349}]},
    }


def _matchmaker(port: int, keys: Keys, streams: list[str]) -> dict[str, Any]:
    return {
        "listen": {"host": HOST, "port": port},
        "queue": {"capacity": 1_000_000},
        "streams": [{"id": name, "url": f"ws://{HOST}:1"} for name in streams],
        "controlKeyFile": keys.file("control-key"),
        "leaseKeysFile": keys.file("lease-keys"),
    }


def _signalserver(players: int, streamers: int, backends: Backends) -> dict[str, Any]:
    return {
        "listen": {"host": HOST, "port": players},
        "streamers": {"port": streamers},
        "sfu": {"enabled": False},
        "stream": {"id": "bench", "seats": SEATS},
        "ice": {"turnApi": f"http://{HOST}:{backends.turn_api}"},
        "matchmaker": {"url": backends.matchmaker.url},
        "limits": {"messageRate": MESSAGE_RATE},
        "drain": {"deadline": 0},
        "controlKeyFile": backends.keys.file("control-key"),
        "leaseKeysFile": backends.keys.file("lease-keys"),
    }
