"""The fleets and their sizes: what the settings say, over what a file says that the streams' chart writes.

The trap: the store reads `Fleets.sizes` at every look, so it is changed in place and never replaced;
and a file that can't be used changes nothing.
"""

from __future__ import annotations

import asyncio

import structlog

from pixelstream.errors import SettingsError
from pixelstream.matchmaking.scaling.policy import Sizing
from pixelstream.matchmaking.usage import Rate
from pixelstream.settings.base import load
from pixelstream.settings.fleets import FleetSettings, FleetsFile
from pixelstream.settings.matchmaker import MatchmakerSettings

INTERVAL = 2.0
"""Seconds between two looks at the file; Kubernetes itself takes up to a minute to renew it."""

log = structlog.get_logger(__name__)


class Fleets:
    """The fleets that exist whether or not there are streams of theirs.

    Attributes:
        sizes: what is said of their sizes, by name.
        rates: what their streams hold and cost, by name; changed in place as well.

    Raises:
        SettingsError: the file has a fault; one that isn't there has no fleets.
    """

    def __init__(self, settings: MatchmakerSettings) -> None:
        self._file = settings.fleets_file
        # The default fleet is for those who name none at all, neither here nor there.
        self._default = settings.fleets
        self._own = settings.fleets if "fleets" in settings.model_fields_set else ()
        self.sizes: dict[str, Sizing] = {}
        self.rates: dict[str, Rate] = {}
        self._take(self._read())

    async def run(self) -> None:
        """Follow the file until cancelled; a fault is told once, until the file changes."""
        told = ""
        while self._file is not None:
            await asyncio.sleep(INTERVAL)
            try:
                self._take(await asyncio.to_thread(self._read))
                told = ""
            except SettingsError as error:
                if str(error) != told:
                    told = str(error)
                    log.warning("fleets stay as they are", fault=told)

    def warnings(self) -> list[str]:
        """Say which budgets a restart forgets, where no other replica remembers them."""
        hours = [name for name, one in self.sizes.items() if one.budget and one.budget.gpu_hours]
        words = "what {} has cost today is forgotten if this process ends: share a store to keep it"
        return [words.format(name) for name in sorted(hours)]

    def _read(self) -> tuple[FleetSettings, ...]:
        if self._file is None or not self._file.exists():
            return ()
        return load(FleetsFile, self._file).fleets

    def _take(self, found: tuple[FleetSettings, ...]) -> None:
        fleets = {fleet.name: fleet for fleet in (*found, *self._own) or self._default}
        new = {name: fleet.sizing() for name, fleet in fleets.items()}
        self.rates.clear()
        self.rates.update({name: Rate(it.gpus, it.price_per_gpu_hour) for name, it in fleets.items()})
        if new != self.sizes:
            self.sizes.clear()
            self.sizes.update(new)
            log.info("fleets", names=sorted(new))
