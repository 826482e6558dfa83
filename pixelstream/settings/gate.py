"""Settings of the gate; the `config:` block of the proxy's chart, in the same order."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from pixelstream.settings.base import Listen, Log, Model, Port, Seconds
from pixelstream.settings.kubernetes import Kubernetes


class GateListen(Listen):
    """Where the proxy asks; loopback, since it answers with addresses."""

    host: str = "127.0.0.1"
    port: Port = 3001


class GateSettings(Model):
    """Everything that the gate can be told.

    `kubernetes` names the Services whose pods are streams. After SIGTERM it answers for `linger` still,
    since the proxy beside it takes requests until its own end begins.
    """

    listen: GateListen = GateListen()
    log: Log = Log()
    lease_keys_file: Path | None = None
    kubernetes: Kubernetes
    linger: Annotated[Seconds, Field(le=3600)] = 10.0
