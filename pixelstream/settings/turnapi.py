"""Settings of turn-api; the `config:` block of its chart, in the same order."""

import re
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field

from pixelstream.settings.base import Listen, Log, Model, Port, Seconds

_HOST = re.compile(
    r"(?=.{1,253}\Z)[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*"
)


def _host(value: str) -> str:
    try:
        return str(ip_address(value))
    except ValueError:
        if _HOST.fullmatch(value) and not value.rpartition(".")[2].isdigit():
            return value
        raise ValueError(
            "must be an address (IPv6 without brackets) or a host name, without a port"
        ) from None


Host = Annotated[str, AfterValidator(_host)]
"""An IP address or a DNS name."""

RelayPort = Annotated[int, Field(ge=1, le=65535)]


class RelayEntry(Model):
    """One relay, in the static list or in the file; see `pixelstream.turn.pool.Relay`."""

    host: Host
    udp: RelayPort | None = 3478
    tcp: RelayPort | None = 3478
    tls: RelayPort | None = None
    tls_host: Host | None = None
    draining: bool = False


class RelayFile(Model):
    """What the watched file holds, as JSON: `{"relays": [{"host": "192.0.2.1"}]}`."""

    relays: tuple[RelayEntry, ...]


class FileSource(Model):
    """A JSON file of relays (`RelayFile`); it is read again every `interval`."""

    path: Path
    interval: Annotated[Seconds, Field(ge=0.05, le=3600)] = 2.0


class Sources(Model):
    """Where relays come from; all sources count."""

    static: tuple[RelayEntry, ...] = ()
    file: FileSource | None = None


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
    credentials: Credentials = Credentials()
    max_relays: Annotated[int, Field(ge=1, le=16)] = 2
    sources: Sources = Sources()
