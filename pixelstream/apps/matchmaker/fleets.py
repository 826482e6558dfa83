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
        self._fault = ""
        self._take(self._read())

    async def run(self) -> None:
        """Follow the file until cancelled; a fault is logged once, until the file changes."""
        while self._file is not None:
            await asyncio.sleep(INTERVAL)
            try:
                self._take(await asyncio.to_thread(self._read))
                self._fault = ""
            except SettingsError as error:
                if str(error) != self._fault:
                    self._fault = str(error)
                    log.warning("fleets stay as they are", fault=self._fault)

    def warnings(self, *, alone: bool) -> list[str]:
        """Say why the file isn't followed, and, to one that is alone, which budgets a restart forgets."""
        fault = " ".join(self._fault.split())
        unread = [f"fleets stay as they were, and no matchmaker can start: {fault}"] if fault else []
        if not alone:
            return unread
        hours = [name for name, one in self.sizes.items() if one.budget and one.budget.gpu_hours]
        words = "what {} has cost today is forgotten if this process ends: share a store to keep it"
        return unread + [words.format(name) for name in sorted(hours)]

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
