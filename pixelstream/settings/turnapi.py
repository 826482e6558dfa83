"""Settings of turn-api; the `config:` block of its chart, in the same order."""

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field

from pixelstream.settings.base import Listen, Log, Model, Name, Port, Seconds
from pixelstream.settings.kubernetes import Kubernetes
from pixelstream.turn.hosts import host

Host = Annotated[str, AfterValidator(host)]
"""An IP address or a DNS name."""

RelayPort = Annotated[int, Field(ge=1, le=65535)]


Zone = Name
"""A zone as the nodes' label names it."""


class RelayEntry(Model):
    """One relay, in the static list or in the file; see `pixelstream.turn.pool.Relay`."""

    host: Host
    udp: RelayPort | None = 3478
    tcp: RelayPort | None = 3478
    tls: RelayPort | None = None
    tls_host: Host | None = None
    draining: bool = False
    zone: Zone | None = None


class RelayFile(Model):
    """What the watched file holds, as JSON: `{"relays": [{"host": "192.0.2.1"}]}`."""

    relays: tuple[RelayEntry, ...]


class FileSource(Model):
    """A JSON file of relays (`RelayFile`); it is read again every `interval`."""

    path: Path
    interval: Annotated[Seconds, Field(ge=0.05, le=3600)] = 2.0


class KubernetesSource(Kubernetes):
    """Pods of coturn in a cluster, and the nodes that they are on.

    A pod's annotation `pixelstream.io/turn-address` says where clients reach it. Without one, those on the
    host network are reached where their node's `addressAnnotation` says, else at its external or internal
    address, and all others at `address`, such as a load balancer's.
    """

    address: Host | None = None
    address_annotation: Annotated[str, Field(min_length=1, max_length=317)] = "pixelstream.io/turn-address"


class Sources(Model):
    """Where relays come from; all sources count."""

    static: tuple[RelayEntry, ...] = ()
    file: FileSource | None = None
    kubernetes: KubernetesSource | None = None


class Credentials(Model):
    """How long the credentials last that callers get."""

    lifetime: Annotated[Seconds, Field(ge=60, le=604800)] = 43200.0


class TurnApiListen(Listen):
    """Where turn-api listens."""

    port: Port = 3000


class TurnApiSettings(Model):
    """Everything that turn-api can be told."""

    listen: TurnApiListen = TurnApiListen()
    log: Log = Log()
    turn_secret_file: Path | None = None
    control_key_file: Path | None = None
    lease_keys_file: Path | None = None
    credentials: Credentials = Credentials()
    max_relays: Annotated[int, Field(ge=1, le=16)] = 2
    sources: Sources = Sources()
