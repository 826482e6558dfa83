"""What a running gate holds, and its judgement.

The trap: the proxy goes where the answer says, so an address comes from the cluster alone, and the path
is taken only if proxy and signalserver can't read it differently (`pixelstream.auth.paths`).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from pixelstream.apps.secrets import Followed, Secrets
from pixelstream.apps.streams import ClusterStreams
from pixelstream.auth import paths
from pixelstream.auth.keys import LeaseKeys
from pixelstream.auth.paths import Passage
from pixelstream.errors import LeaseError, SettingsError
from pixelstream.kube.streams import Stream, Streams
from pixelstream.metrics.common import new_registry, show_lease_keys
from pixelstream.metrics.gate import Check, GateMetrics
from pixelstream.settings.base import LEASE_KEYS_ENV
from pixelstream.settings.gate import GateSettings

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer to the proxy: a status, and headers that say where to or why not."""

    status: int
    headers: dict[str, str]


class Context:
    """State of one gate.

    Attributes:
        source: follows the cluster's streams; to be run with `take`.
        secrets: to be followed while it runs.

    Raises:
        SettingsError: the keys of leases are missing or unreadable, or there is no way to the cluster.
    """

    def __init__(self, settings: GateSettings, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._streams: Streams | None = None
        self.source = ClusterStreams(settings.kubernetes)
        self.registry = new_registry()
        self.metrics = GateMetrics(
            self.registry, lambda: len(self._streams or ()), lambda: self.source.current
        )
        self.secrets = Secrets()
        keys = _keys(settings, self.secrets)
        show_lease_keys(self.registry, lambda: len(keys.value.by_kid))
        self._passage = Passage(lambda: keys.value, self._find)

    def not_ready(self) -> str | None:
        """Say why the proxy can't serve yet, if so."""
        return "the cluster's streams are not known yet" if self._streams is None else None

    def take(self, streams: Streams) -> None:
        """Take over all streams; those that are about to end stay reachable for who has a lease."""
        self._streams = streams

    def judge(self, target: str) -> Verdict:
        """Judge a request by its path and query, as the client sent them."""
        if self._streams is None:
            self.metrics.checks.counts[Check.NOT_READY] += 1
            return Verdict(503, {"X-Pixelstream-Reason": Check.NOT_READY.value})
        try:
            leased = paths.read(target)
            if leased is None:
                raise LeaseError("malformed", "this path carries none")  # noqa: TRY301 - one way out
            lease, stream = self._passage.stream(leased.token, self._clock())
        except LeaseError as error:
            self.metrics.checks.counts[Check(error.code)] += 1
            log.info("refused", code=error.code, detail=error.detail)
            return Verdict(paths.STATUS[error.code], {"X-Pixelstream-Reason": error.code})
        self.metrics.checks.counts[Check.ADMITTED] += 1
        if leased.api is None:
            log.info("seat socket", session=lease.session, stream=lease.stream)
        return Verdict(204, {"X-Pixelstream-Stream": lease.stream, "X-Pixelstream-Address": stream.address})

    def _find(self, name: str) -> Stream | None:
        return self._streams.get(name) if self._streams is not None else None


def _keys(settings: GateSettings, secrets: Secrets) -> Followed[LeaseKeys]:
    keys = secrets.lease_keys(settings.lease_keys_file)
    if keys is None:
        words = f"leaseKeysFile: missing; name the file of the keys, or set {LEASE_KEYS_ENV}"
        raise SettingsError("gate", [words])
    return keys
