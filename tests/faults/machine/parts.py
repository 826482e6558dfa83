"""Each kind of process: its settings as the charts would render them, its command and its port.

The trap: times are shorter than the defaults, so that a fault is over in seconds and not in minutes;
none is so short that a busy machine alone could pass for a fault.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from pixelstream.cli.stack.plan import Keys
from pixelstream.cli.stack.ports import free_ports
from tests.faults.machine import nginx
from tests.faults.machine.front import HOST
from tests.faults.machine.processes import Replica

NAMESPACE = "px"
SELECTOR = "pixelstream.io/discovery=true"
LINGER = 2
"""Seconds that a proxy which was told to quit lets open sockets last."""
LEASE = 60
"""Seconds of a lease, the fewest that there may be: sessions live on renewed ones."""
DRAIN = "10m"
"""How long a stream that was told to end waits for its players."""


@dataclass(frozen=True)
class Behind:
    """Ports of what other services find behind a front or a proxy."""

    matchmaker: int
    control: int
    turn_api: int


class Parts:
    """Makes replicas; settings go to `folder`.

    Args:
        folder: for settings.
        keys: the secrets of this ground.
        store: URL of the shared store.
        kubeconfig: file that says where the cluster's API is.
        page: folder of the built page.
    """

    def __init__(self, folder: Path, keys: Keys, store: str, kubeconfig: Path, page: Path) -> None:
        self._folder, self._keys, self._store = folder, keys, store
        self._kube = {"KUBECONFIG": str(kubeconfig)}
        self._page = page
        self.relays = folder / "relays.json"
        self._made = 0

    def tell_relays(self, relays: list[dict[str, Any]]) -> None:
        """Say which relays there are, as the cluster's API would."""
        fresh = self.relays.with_suffix(".new")
        fresh.write_text(json.dumps({"relays": relays}), encoding="utf-8")
        fresh.replace(self.relays)

    def matchmaker(self, lease: int = LEASE) -> Replica:
        """A matchmaker of the shared room; its leases last for so many seconds."""
        settings = {
            "fleets": [{"name": "default"}, {"name": "line"}],
            "kubernetes": {"namespace": NAMESPACE, "selector": SELECTOR},
            "marks": {"enabled": False},
            "queue": {"notice": "2s", "ping": "5s", "silence": "20s"},
            "store": {"kind": "valkey", "url": self._store, "presence": "2s"},
            "leases": {"lifetime": lease},
            "drain": {"deadline": "5s"},
            **self._files("control-key", "lease-keys"),
        }
        return self._ours("matchmaker", settings, env=self._kube)

    def turn_api(self) -> Replica:
        """A turn-api that reads the list of relays."""
        source = {"file": {"path": str(self.relays), "interval": "200ms"}}
        return self._ours("turn-api", {"sources": source, **self._files("control-key", "turn-secret")})

    def edge(self, behind: Behind, streams: dict[str, int]) -> Replica:
        """An edge: page and proxy in one."""
        listed = [{"id": name, "url": f"ws://{HOST}:{port}"} for name, port in streams.items()]
        settings = {
            "pageDir": str(self._page),
            "matchmakerUrl": f"http://{HOST}:{behind.matchmaker}",
            "streams": listed,
            **self._files("lease-keys"),
        }
        return self._ours("edge", settings)

    def gate(self) -> Replica:
        """What tells nginx where a lease leads."""
        kubernetes = {"namespace": NAMESPACE, "selector": SELECTOR}
        return self._ours("gate", {"kubernetes": kubernetes, **self._files("lease-keys")}, env=self._kube)

    def nginx(self, behind: Behind, gate: int) -> Replica:
        """An nginx as the proxy's chart sets it up."""
        name, port = self._name("nginx"), free_ports(1)[0]
        folder = self._folder / name
        folder.mkdir()
        text = nginx.render(folder, port=port, gate=gate, matchmaker=behind.matchmaker, linger=LINGER)
        (folder / "nginx.conf").write_text(text, encoding="utf-8")
        argv = (nginx.PROGRAM, "-p", str(folder), "-c", str(folder / "nginx.conf"), "-g", "daemon off;")
        return Replica(name, argv, port, "/readyz")

    def signalserver(self, name: str, seats: int, fleet: str, behind: Behind) -> tuple[Replica, int]:
        """A stream's signalserver, and the port where its streamer comes in."""
        streamers = free_ports(1)[0]
        settings = {
            "streamers": {"port": streamers},
            "sfu": {"enabled": False},
            "stream": {"id": name, "fleet": fleet, "seats": seats},
            "auth": {"lease": "required"},
            "ice": {"turnApi": f"http://{HOST}:{behind.turn_api}", "refresh": "1s", "zone": "zone-0"},
            "matchmaker": {"url": f"ws://{HOST}:{behind.control}"},
            "keepalive": {"interval": "2s", "timeout": "10s"},
            "limits": {"slowStreamer": "5s"},
            "drain": {"deadline": DRAIN},
            **self._files("control-key", "lease-keys"),
        }
        return self._ours("signalserver", settings, name=name, ready="/readyz"), streamers

    def unreal(self, name: str, port: int, mode: str) -> Replica:
        """A synthetic streamer; small pictures, as nobody looks at them."""
        settings = {
            "signalserverUrl": f"ws://{HOST}:{port}",
            "streamerId": name,
            "mode": mode,
            "width": 320,
            "height": 176,
            "fps": 15,
            "audio": "none",
        }
        return self._ours("streamer", settings, name=f"{name}-unreal", ready=None, listens=False)

    def _files(self, *names: str) -> dict[str, str]:
        keys = {
            "control-key": "controlKeyFile",
            "lease-keys": "leaseKeysFile",
            "turn-secret": "turnSecretFile",
        }
        return {keys[name]: self._keys.file(name) for name in names}

    def _name(self, kind: str) -> str:
        self._made += 1
        return f"{kind}-{self._made}"

    def _ours(
        self,
        kind: str,
        settings: dict[str, Any],
        *,
        name: str = "",
        ready: str | None = "/readyz",
        env: dict[str, str] | None = None,
        listens: bool = True,
    ) -> Replica:
        name = name or self._name(kind)
        port = free_ports(1)[0] if listens else 0
        where = {"listen": {"host": HOST, "port": port}} if listens else {}
        file = self._folder / f"{name}.yaml"
        text = yaml.safe_dump({**where, **settings, "log": {"level": "info", "format": "json"}})
        file.write_text(text, encoding="utf-8")
        argv = (sys.executable, "-m", "pixelstream", kind, "--config", str(file))
        return Replica(name, argv, port, ready, env or {})
