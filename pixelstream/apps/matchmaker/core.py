"""What every part of the matchmaker works with."""

from __future__ import annotations

from dataclasses import dataclass

from pixelstream.apps.matchmaker.inbox import Inbox
from pixelstream.metrics.matchmaker import MatchmakerMetrics
from pixelstream.store.base import Store


@dataclass(frozen=True, slots=True)
class Core:
    """The store, the order of its moves, and what is counted."""

    store: Store
    inbox: Inbox
    metrics: MatchmakerMetrics
