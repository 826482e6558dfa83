"""What the matchmaker tells of sessions and streams beside its gauges: quality, cost, usage, traces.

The trap: all of it hangs on the store's own words and none of it may hold the store up, so what is written
elsewhere waits in bounded queues.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping

import structlog
from prometheus_client import CollectorRegistry

from pixelstream.apps.matchmaker.quality import QualityDesk
from pixelstream.apps.matchmaker.stores import make_usage
from pixelstream.apps.matchmaker.visits import Visits
from pixelstream.apps.tracing import make_tracer
from pixelstream.auth.keys import LeaseKeys
from pixelstream.matchmaking.model import Session
from pixelstream.matchmaking.usage import Account, Meter, Rate, Row, Rows, Wanted
from pixelstream.metrics.cost import CostMetrics
from pixelstream.metrics.quality import QualityMetrics
from pixelstream.settings.matchmaker import MatchmakerSettings
from pixelstream.store.base import Store
from pixelstream.store.usage import Retention

COUNT_INTERVAL = 1.0
"""Seconds between two counts of what streams are used for."""

log = structlog.get_logger(__name__)


class Telemetry:
    """All of it, for one matchmaker.

    Args:
        settings: of the matchmaker.
        store: its store.
        rates: what streams of fleets hold and cost; they may change.
        registry: of its metrics.
        keys: tells the keys of leases of the moment.

    Attributes:
        quality: takes players' reports.
        visits: is told who came.
        rates: as given.

    Raises:
        SettingsError: spans can't be exported as the settings ask.
    """

    def __init__(
        self,
        settings: MatchmakerSettings,
        store: Store,
        rates: Mapping[str, Rate],
        registry: CollectorRegistry,
        keys: Callable[[], LeaseKeys],
    ) -> None:
        usage = settings.usage
        self.rates = rates
        self._store, self._users = store, usage.users
        self._tracer = make_tracer(settings.otel, "matchmaker")
        self._metrics = QualityMetrics(registry)
        self.visits = Visits(self._tracer, self._over, time.time)
        self.quality = QualityDesk(keys, self._metrics, self.visits.reported, time.time)
        self._loop = asyncio.get_running_loop()
        self._meter = Meter(self._loop.time())
        registry.register(CostMetrics(lambda: self._meter.accounts))
        self._rows = Rows()
        self._usage = make_usage(settings.store, Retention(usage.rows, usage.age, usage.users), store.now)
        store.listen(self.visits)
        store.hear(self._ended)

    async def run(self) -> None:
        """Count what streams are used for, until cancelled."""
        while True:
            await asyncio.sleep(COUNT_INTERVAL)
            fleets = [fleet.name for fleet in await self._store.fleets()]
            self._metrics.know(fleets)
            self._meter.know(fleets)
            self._meter.count(await self._store.occupied(), self.rates, self._loop.time())

    async def close(self) -> None:
        """Write and send what waits."""
        await self._usage.close()
        await self._tracer.close()

    def account(self, fleet: str) -> Account:
        """Return what a fleet has used as far as it was counted here."""
        return self._meter.accounts.get(fleet) or Account()

    async def usage(self, wanted: Wanted) -> list[Row]:
        """Return rows of sessions that are over.

        Raises:
            OSError: the shared store can't be reached.
        """
        return await self._usage.read(wanted, self._store.now())

    def _over(self, session: str) -> None:
        self.quality.released(session)

    def _ended(self, session: Session, seconds: float | None) -> None:
        self._usage.add(self._rows.make(session, seconds, users=self._users))
