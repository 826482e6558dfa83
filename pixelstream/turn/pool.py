"""The relays that there are, by source, and which of them a caller is offered.

A source that fails changes nothing: its last good list stays until it brings another. The trap: a
caller must meet the same relays at every call, or both ends of a session and its renewal would
allocate on different machines; so the choice is rendezvous hashing of its key, and no round robin.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from heapq import nsmallest
from zlib import crc32


class RelayState(StrEnum):
    """Whether callers are told of a relay, and why not."""

    OFFERED = "offered"
    DRAINING = "draining"
    UNREADY = "unready"


@dataclass(frozen=True, slots=True)
class Relay:
    """One coturn as clients reach it; a port that is None isn't offered.

    Attributes:
        host: address or name, an IPv6 address without brackets.
        udp: port of STUN and TURN over UDP.
        tcp: port of TURN over TCP.
        tls: port of TURN over TLS.
        tls_host: the name in the certificate where that isn't `host`.
        draining: known, but not offered any more.
        ready: whether it takes requests at the moment; one that does not is not offered.
        zone: where it stands, as its cluster names it; None if it isn't known.
    """

    host: str
    udp: int | None = 3478
    tcp: int | None = 3478
    tls: int | None = None
    tls_host: str | None = None
    draining: bool = False
    zone: str | None = None
    ready: bool = True

    @property
    def state(self) -> RelayState:
        """What it is to callers."""
        if self.draining:
            return RelayState.DRAINING
        return RelayState.OFFERED if self.ready else RelayState.UNREADY


@dataclass(frozen=True, slots=True)
class _List:
    """A source's last good list and when it was last known to be right."""

    relays: tuple[Relay, ...]
    confirmed: float


@dataclass(slots=True)
class Pool:
    """The last good list of every source. `now` is any clock of the caller's, in seconds."""

    _lists: dict[str, _List] = field(default_factory=dict)
    _offered: tuple[tuple[int, Relay], ...] = ()

    def update(self, source: str, relays: Sequence[Relay], now: float) -> bool:
        """Take the list of one source, or confirm it; return whether it differs from the last."""
        known = self._lists.get(source)
        changed = known is None or known.relays != tuple(relays)
        self._lists[source] = _List(tuple(relays), now)
        if changed:
            unique = dict.fromkeys(
                relay for name in sorted(self._lists) for relay in self._lists[name].relays
            )
            self._offered = tuple(
                (crc32(repr(relay).encode()), relay) for relay in unique if relay.state is RelayState.OFFERED
            )
        return changed

    def choose(self, key: str, limit: int, zone: str | None = None) -> list[Relay]:
        """Return at most `limit` relays for the caller `key`, best first: the same ones for the same key.

        Those in the caller's `zone` come first. Losing a relay moves only its own callers; the rest keep
        theirs.
        """
        if len(self._offered) == 1:
            return [self._offered[0][1]]
        raw = key.encode()

        def rank(pair: tuple[int, Relay]) -> tuple[bool, int]:
            return zone is not None and pair[1].zone != zone, _weight(raw, pair[0])

        return [relay for _, relay in nsmallest(limit, self._offered, key=rank)]

    def states(self) -> dict[RelayState, int]:
        """Count the relays of all sources by state."""
        unique = {relay for known in self._lists.values() for relay in known.relays}
        found = [relay.state for relay in unique]
        return {state: found.count(state) for state in RelayState}

    def size(self, source: str) -> int:
        """Count the relays of `source`, draining ones among them."""
        known = self._lists.get(source)
        return len(known.relays) if known else 0

    def age(self, source: str, now: float) -> float | None:
        """Return the seconds since the list of `source` was known to be right; None before its first."""
        known = self._lists.get(source)
        return max(0.0, now - known.confirmed) if known else None

    @property
    def offered(self) -> int:
        """How many relays callers can be offered."""
        return len(self._offered)


def _weight(key: bytes, seed: int) -> int:
    # CRCs of the same text differ by a constant between seeds; the multiplication breaks that up.
    return (crc32(key, seed) * 0x9E3779B1) & 0xFFFFFFFF
