"""docs/metrics.md: every metric that the services tell, with its type, labels and meaning.

`python -m tests.setup.catalogue` writes it; like `readmes` it needs the virtual environment. The trap: a
metric with labels has no series before its first event, so names and labels are read from the declarations
of each service's registry and not from what a scrape shows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from typing import Any

from prometheus_client import CollectorRegistry
from prometheus_client.metrics import MetricWrapperBase
from prometheus_client.registry import Collector

from pixelstream.metrics import common
from pixelstream.metrics.cost import CostMetrics
from pixelstream.metrics.edge import EdgeMetrics
from pixelstream.metrics.gate import GateMetrics
from pixelstream.metrics.matchmaker import MatchmakerMetrics
from pixelstream.metrics.quality import QualityMetrics
from pixelstream.metrics.signalserver import Levels, SignalserverMetrics
from pixelstream.metrics.store import StoreMetrics
from pixelstream.metrics.turnapi import TurnApiMetrics
from pixelstream.relay.counts import Counts
from tests.setup.progress import ROOT

PAGE = ROOT / "docs" / "metrics.md"
SUFFIXES = {"counter": ("_total",), "histogram": ("_bucket", "_count", "_sum")}
"""What a sample's name has behind its metric's, by the metric's type."""


@dataclass(frozen=True, order=True)
class Entry:
    """A metric: the service that tells it, its name as a query spells it, and what is said of it."""

    service: str
    name: str
    type: str
    labels: tuple[str, ...]
    text: str

    @property
    def samples(self) -> tuple[str, ...]:
        """The names under which its samples are stored."""
        return tuple(
            f"{self.name}{it}" for it in SUFFIXES.get(self.type, ()) if not self.name.endswith(it)
        ) or (self.name,)


def _signalserver(registry: CollectorRegistry) -> None:
    nothing: dict[str, Any] = {it.name: {} if it.name == "sessions" else 0 for it in fields(Levels)}
    SignalserverMetrics(registry, levels=lambda: Levels(**nothing), counts=Counts, ice_sources=())


def _gate(registry: CollectorRegistry) -> None:
    GateMetrics(registry, lambda: 0, lambda: True)


def _cost(registry: CollectorRegistry) -> None:
    registry.register(CostMetrics(dict))


Declare = Callable[[CollectorRegistry], object]
SERVICES: dict[str, tuple[Declare, ...]] = {
    "matchmaker": (MatchmakerMetrics, StoreMetrics, QualityMetrics, _cost),
    "signalserver": (_signalserver,),
    "turn-api": (TurnApiMetrics,),
    "gate": (_gate,),
    "edge": (EdgeMetrics,),
}
"""What declares the metrics of each service; the edge is there on one machine only."""


def entries() -> list[Entry]:
    """Return the metrics of all services; what all of them tell has the service `every`."""
    registry = common.new_registry()
    common.show_lease_keys(registry, lambda: 0)
    found = [Entry("every", *it) for it in _declared(registry)]
    shared = {entry.name for entry in found}
    for service, declarations in SERVICES.items():
        registry = common.new_registry()
        for declare in declarations:
            declare(registry)
        found += [Entry(service, *it) for it in sorted(_declared(registry)) if it[0] not in shared]
    return found


def _declared(registry: CollectorRegistry) -> Iterator[tuple[str, str, tuple[str, ...], str]]:
    collectors: list[Collector] = list(registry._collector_to_names)
    for collector in collectors:
        for family in collector.collect():
            source = collector if isinstance(collector, MetricWrapperBase) else family
            labels: tuple[str, ...] = tuple(getattr(source, "_labelnames", ()))
            name = f"{family.name}_total" if family.type == "counter" else family.name
            yield name, family.type, labels, family.documentation


def page() -> str:
    """Return the text of docs/metrics.md."""
    parts = [INTRO]
    found = entries()
    for service in ("every", *SERVICES):
        title = "Every service" if service == "every" else service
        table = ["| metric | type | labels | meaning |", "| --- | --- | --- | --- |"]
        table += [
            f"| `{it.name}` | {it.type} | {', '.join(f'`{label}`' for label in it.labels)} | {it.text} |"
            for it in found
            if it.service == service
        ]
        parts += [f"## {title}", "\n".join(table)]
    return "\n\n".join(parts) + "\n"


INTRO = """# Metrics

What the services tell at `/metrics`, each on the port of its health checks. Names end in their unit; a
counter ends in `_total`; a histogram has `_bucket`, `_count` and `_sum`. Series by fleet exist once the fleet
is known, all others from the start, so a rate is right from the first event.

Monitors (`global.monitoring.enabled`) add `namespace`, `pod` and `container`; those of the matchmaker
`service`, and those of streams `fleet`, too. Matchmakers that share a store say the same of the whole:
take `max by (fleet)` of their gauges. What happened at one of them, such as waits, is counted there: take
sums.

Written by `make docs` from the declarations in `pixelstream/metrics`; change those."""


def main() -> None:
    """Write docs/metrics.md."""
    PAGE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
