"""Which module runs each service, and how its settings come to it.

The trap: a module that is named here is imported only when its service is started; see `cli.main`.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from pixelstream.settings.base import check, load


@dataclass(frozen=True, kw_only=True)
class Service:
    """A service and where its parts are, each as `module:name`.

    Attributes:
        help: what it is, for `--help`.
        settings: its model of settings.
        run: what serves until a signal comes, with settings of that model.
        lean: a module that does the same as a program of its own, with fewer imports; None if there is none.
    """

    help: str
    settings: str
    run: str
    lean: str | None = None


SERVICES = {
    "signalserver": Service(
        help="Epic's signalling protocol in front of one stream.",
        settings="pixelstream.settings.signalserver:SignalserverSettings",
        run="pixelstream.apps.signalserver.app:run",
        lean="pixelstream.apps.signalserver",
    ),
    "matchmaker": Service(
        help="Waiting room, seats and their leases.",
        settings="pixelstream.settings.matchmaker:MatchmakerSettings",
        run="pixelstream.apps.matchmaker.app:run",
    ),
    "turn-api": Service(
        help="ICE servers with credentials made for the caller.",
        settings="pixelstream.settings.turnapi:TurnApiSettings",
        run="pixelstream.apps.turnapi.app:run",
        lean="pixelstream.apps.turnapi",
    ),
    "streamer": Service(
        help="A synthetic streamer: speaks as Unreal does, needs no GPU.",
        settings="pixelstream.settings.streamer:StreamerSettings",
        run="pixelstream.synthetic.streamer:run",
    ),
    "gate": Service(
        help="Says to a proxy whether a lease is good and where its stream is.",
        settings="pixelstream.settings.gate:GateSettings",
        run="pixelstream.apps.gate.app:run",
        lean="pixelstream.apps.gate",
    ),
    "edge": Service(
        help="Page, router and proxy in one, for one machine.",
        settings="pixelstream.settings.edge:EdgeSettings",
        run="pixelstream.apps.edge.app:run",
    ),
}


def run(service: Service, config: Path, changes: Mapping[str, object] | None = None) -> None:
    """Serve until a signal comes. Does not return if the service has a lean module.

    Args:
        service: which.
        config: its settings file.
        changes: values by top key that win over the file's; for services without a lean module.

    Raises:
        SettingsError: the settings can't be used.
        OSError: a port can't be had.
    """
    if service.lean is not None:
        argv = [sys.executable, "-m", service.lean, "--config", str(config)]
        os.execv(sys.executable, argv)  # noqa: S606 - the point is to become that program
    kind = find(service.settings)
    settings = load(kind, config)
    if changes:
        held = settings.model_dump(mode="json", by_alias=True)
        settings = check(kind, {**held, **changes}, "command line")
    find(service.run)(settings)


def find(place: str) -> Any:
    """What stands at `module:name`."""
    module, _, name = place.partition(":")
    return getattr(import_module(module), name)
