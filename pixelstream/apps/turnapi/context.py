"""What a running turn-api holds: the pool, its keys and its metrics; and the answer itself."""

import time
from collections.abc import Callable, Sequence
from functools import partial
from itertools import count

import orjson
import structlog

from pixelstream.apps.secrets import Secrets
from pixelstream.auth.keys import bearer_of
from pixelstream.auth.lease import Lease, looks_like_lease, verify
from pixelstream.errors import LeaseError, SettingsError
from pixelstream.metrics.common import new_registry, show_lease_keys
from pixelstream.metrics.turnapi import WATCHED, Answer, Source, TurnApiMetrics
from pixelstream.settings.base import CONTROL_KEY_ENV, TURN_SECRET_ENV
from pixelstream.settings.turnapi import TurnApiSettings
from pixelstream.turn.credentials import is_caller, issue
from pixelstream.turn.iceservers import Policy, rtc_configuration
from pixelstream.turn.pool import Pool, Relay

ANONYMOUS = "anonymous"
"""Caller in the user name of those who give no session."""

log = structlog.get_logger(__name__)


class Context:
    """State of one turn-api; it is the sink of all sources.

    Attributes:
        secrets: to be followed while it runs.

    Raises:
        SettingsError: there is no TURN secret, or a secret can't be read.
    """

    def __init__(self, settings: TurnApiSettings, clock: Callable[[], float] = time.time) -> None:
        self.secrets = Secrets()
        secret = self.secrets.shared(settings.turn_secret_file, TURN_SECRET_ENV)
        if secret is None:
            words = f"no TURN secret: name its file in turnSecretFile or set {TURN_SECRET_ENV}"
            raise SettingsError("turn-api", [words])
        self._control_key = self.secrets.shared(settings.control_key_file, CONTROL_KEY_ENV)
        self._lease_keys = self.secrets.lease_keys(settings.lease_keys_file)
        self._secret = secret
        self._lifetime = settings.credentials.lifetime
        self._limit = settings.max_relays
        self._clock = clock
        self._turn = count()
        self.pool = Pool()
        self.draining = False
        self.registry = new_registry()
        self.metrics = TurnApiMetrics(self.registry)
        self.metrics.lifetime.set(self._lifetime)
        show_lease_keys(self.registry, self._count_lease_keys)
        for source in WATCHED:
            self.metrics.watch_age(source, partial(self._age, source))

    def not_ready(self) -> str | None:
        """Say why callers should go elsewhere, if they should."""
        if self.draining:
            return "stopping"
        return None if self.pool.offered else "there is no relay to offer"

    def admits(self, authorization: str | None) -> bool:
        """Whether a caller with this Authorization header may ask; anyone may when no key is set."""
        return self._control_key is None or self._control_key.value.admits(authorization)

    def lease(self, authorization: str | None) -> Lease | None:
        """Return the lease that an Authorization header carries; None if what it carries is none.

        Raises:
            LeaseError: `malformed`, `unknown_key`, `forged` or `expired`.
        """
        token = bearer_of(authorization)
        # A control key may look like a lease, too.
        is_key = self._control_key is not None and self._control_key.value.accepts(token)
        if is_key or self._lease_keys is None or not looks_like_lease(token):
            return None
        lease = verify(token, self._lease_keys.value, self._clock())
        if not is_caller(lease.session):
            raise LeaseError("malformed", "its session can't stand in a user name")
        return lease

    def answer(self, session: str, policy: Policy, zone: str | None = None) -> bytes:
        """Return the RTCConfiguration for `session` (may be empty) as JSON; relays of `zone` come first.

        Raises:
            ValueError: the session's name can't stand in a user name.
        """
        secret = self._secret.value.said.encode()
        made = issue(secret, session or ANONYMOUS, now=self._clock(), lifetime=self._lifetime)
        # Those without a name would all hash to one relay: their number spreads them.
        relays = self.pool.choose(session or str(next(self._turn)), self._limit, zone)
        self.metrics.answers.counts[Answer.OK if relays else Answer.EMPTY] += 1
        return orjson.dumps(rtc_configuration(relays, made, policy))

    def update(self, source: Source, relays: Sequence[Relay]) -> None:
        """Take a list, changed or confirmed."""
        if self.pool.update(source, relays, time.monotonic()):
            self.metrics.relays[source].set(len(relays))
            self.metrics.offered.set(self.pool.offered)
            for state, number in self.pool.states().items():
                self.metrics.states[state].set(number)
            log.info(
                "relays changed",
                source=source.value,
                relays={relay.host: relay.state.value for relay in relays},
            )

    def _count_lease_keys(self) -> int:
        return len(self._lease_keys.value.by_kid) if self._lease_keys is not None else 0

    def _age(self, source: Source) -> float | None:
        return self.pool.age(source, time.monotonic())

    def fault(self, source: Source, words: str) -> None:
        """Count and log that a source has no usable list; the last good one stays."""
        self.metrics.faults.counts[source] += 1
        log.warning("relays kept", source=source.value, kept=self.pool.size(source), fault=words)
