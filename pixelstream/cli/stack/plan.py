"""What runs on one machine, and each service's settings file, keys and command.

The files are what the charts render for a cluster, so a fault shows here first. The trap: the services
find each other by ports that are chosen before any of them listens; see `ports`.
"""

from __future__ import annotations

import base64
import json
import secrets
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import yaml

from pixelstream.cli.stack.ports import free_ports
from pixelstream.cli.stack.processes import Service
from pixelstream.turn.pool import Relay

HOST = "127.0.0.1"
DRAIN = "3s"
"""How long players may go on after Ctrl-C."""


@dataclass(frozen=True, kw_only=True)
class Options:
    """What `pixelstream up` was asked for."""

    streams: int = 2
    port: int = 8080
    relay_only: bool = False
    mode: Literal["live", "clips"] = "live"
    codec: Literal["h264", "vp8"] = "h264"
    width: int = 1280
    height: int = 720
    log_level: str = "info"


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The services in the order in which they start, and where they are reached.

    Attributes:
        services: all processes but coturn, by name.
        page: URL of the player page.
        matchmaker: base URL of the matchmaker's REST API.
        control_key: the bearer key of its admin routes.
    """

    services: dict[str, Service] = field(default_factory=dict)
    page: str
    matchmaker: str
    control_key: str


@dataclass(frozen=True)
class Keys:
    """The secrets of one run; each is a file that only we can read."""

    control: str
    turn: str
    directory: Path

    @classmethod
    def make(cls, directory: Path) -> Keys:
        """Make fresh keys and write them to `directory`."""
        keys = cls(secrets.token_urlsafe(32), secrets.token_urlsafe(32), directory)
        lease = base64.urlsafe_b64encode(secrets.token_bytes(32)).rstrip(b"=").decode()
        _write(directory / "control-key", keys.control)
        _write(directory / "turn-secret", keys.turn)
        _write(directory / "lease-keys", json.dumps({"keys": [{"kid": "local", "k": lease}]}))
        return keys

    def file(self, name: str) -> str:
        """Path of one of the files."""
        return str(self.directory / name)


def plan(options: Options, directory: Path, keys: Keys, page_dir: Path, relay: Relay | None) -> Plan:
    """Choose ports, write every settings file to `directory`, and say what is to be started."""
    seats, streamers = free_ports(options.streams), free_ports(options.streams)
    matchmaker, turn_api = free_ports(2)
    names = [f"stream-{number + 1}" for number in range(options.streams)]
    maker = _Maker(directory, options, keys)
    streams = [{"id": name, "url": f"ws://{HOST}:{port}"} for name, port in zip(names, seats, strict=True)]
    maker.add("turn-api", turn_api, _turn_api(turn_api, keys, relay), ready="/healthz")
    maker.add("matchmaker", matchmaker, _matchmaker(matchmaker, keys, streams), ready="/healthz")
    for name, seat, streamer in zip(names, seats, streamers, strict=True):
        ports = {"seat": seat, "streamer": streamer, "turn-api": turn_api, "matchmaker": matchmaker}
        maker.add(name, seat, _signalserver(name, ports, options, keys), ready="/readyz", kind="signalserver")
        maker.add(f"{name}-unreal", None, _streamer(name, streamer, options), kind="streamer")
    edge = {
        "listen": {"host": HOST, "port": options.port},
        "pageDir": str(page_dir),
        "matchmakerUrl": f"http://{HOST}:{matchmaker}",
        "leaseKeysFile": keys.file("lease-keys"),
        "streams": streams,
    }
    maker.add("edge", options.port, edge, ready="/readyz")
    return Plan(
        services=maker.services,
        page=f"http://localhost:{options.port}/",
        matchmaker=f"http://{HOST}:{matchmaker}",
        control_key=keys.control,
    )


class _Maker:
    """Writes settings files and collects the services that read them."""

    def __init__(self, directory: Path, options: Options, keys: Keys) -> None:
        self._directory = directory
        self._options = options
        self.services: dict[str, Service] = {}

    def add(
        self,
        name: str,
        port: int | None,
        settings: dict[str, Any],
        *,
        ready: str | None = None,
        kind: str = "",
    ) -> None:
        """Write `settings` and add the service, of kind `kind` (its name, if that is the kind)."""
        file = self._directory / f"{name}.yaml"
        settings = {**settings, "log": {"level": self._options.log_level, "format": "json"}}
        file.write_text(yaml.safe_dump(settings, sort_keys=False), encoding="utf-8")
        argv = (sys.executable, "-m", "pixelstream", kind or name, "--config", str(file))
        self.services[name] = Service(name, argv, f"http://{HOST}:{port}{ready}" if ready else None)


def _turn_api(port: int, keys: Keys, relay: Relay | None) -> dict[str, Any]:
    relays = [] if relay is None else [{"host": relay.host, "udp": relay.udp, "tcp": relay.tcp}]
    return {
        "listen": {"host": HOST, "port": port},
        "turnSecretFile": keys.file("turn-secret"),
        "controlKeyFile": keys.file("control-key"),
        "leaseKeysFile": keys.file("lease-keys"),
        "sources": {"static": relays},
    }


def _matchmaker(port: int, keys: Keys, streams: list[dict[str, str]]) -> dict[str, Any]:
    return {
        "listen": {"host": HOST, "port": port},
        "controlKeyFile": keys.file("control-key"),
        "leaseKeysFile": keys.file("lease-keys"),
        "streams": [{**stream, "fleet": "default"} for stream in streams],
        "drain": {"deadline": DRAIN},
    }


def _signalserver(name: str, ports: dict[str, int], options: Options, keys: Keys) -> dict[str, Any]:
    return {
        "listen": {"host": HOST, "port": ports["seat"]},
        "streamers": {"port": ports["streamer"]},
        "sfu": {"enabled": False},
        "stream": {"id": name, "fleet": "default", "seats": 1},
        "auth": {"lease": "required"},
        "ice": {
            "turnApi": f"http://{HOST}:{ports['turn-api']}",
            "transportPolicy": "relay" if options.relay_only else "all",
        },
        "matchmaker": {"url": f"ws://{HOST}:{ports['matchmaker']}"},
        "drain": {"deadline": DRAIN},
        "controlKeyFile": keys.file("control-key"),
        "leaseKeysFile": keys.file("lease-keys"),
    }


def _streamer(name: str, port: int, options: Options) -> dict[str, Any]:
    return {
        "signalserverUrl": f"ws://{HOST}:{port}",
        "streamerId": name,
        "title": name,
        "mode": options.mode,
        "codec": options.codec,
        "width": options.width,
        "height": options.height,
    }


def _write(file: Path, text: str) -> None:
    file.touch(mode=0o600)
    file.write_text(text, encoding="utf-8")
