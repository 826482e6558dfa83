"""Paths that carry a lease: which of them there are, and where they lead.

`/s/<lease>/ws` is the seat's socket, `/s/<lease>/api/<path>` the streamer's REST API. The trap: two
readers of one path must see the same thing, and some decode or flatten it first; so only paths that
have one reading are taken: no percent sign, no empty, `.` or `..` segment behind the lease.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar
from urllib.parse import parse_qs

from pixelstream.auth.keys import LeaseKeys
from pixelstream.auth.lease import Lease, verify
from pixelstream.errors import LeaseError

MAX_TARGET = 8192
"""Characters of path and query."""

STATUS = {
    "malformed": 401,
    "expired": 401,
    "unknown_key": 403,
    "forged": 403,
    "foreign": 403,
    "outrun": 403,
    "unknown_stream": 403,
}
"""HTTP status for each code of a `LeaseError`: 401 where a fresh lease helps."""

_SEGMENT = r"(?!\.{1,2}(?:/|\Z))[A-Za-z0-9._~-]+"
_LEASED = re.compile(rf"/s/(?P<token>[^/?#]+)/(?:ws|api/(?P<api>{_SEGMENT}(?:/{_SEGMENT})*))")
_IN_PATH = re.compile(r"/s/([^/]+)(?:/.*)?\Z")

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Leased:
    """A path with a lease.

    Attributes:
        token: the lease, unchecked.
        api: the path within the streamer's REST API; None for the seat's socket.
        query: what follows the question mark.
    """

    token: str
    api: str | None
    query: str


def read(target: str) -> Leased | None:
    """Read path and query as they stood in the request; None if that is no path with a lease."""
    path, _, query = target.partition("?")
    match = _LEASED.fullmatch(path) if len(target) <= MAX_TARGET else None
    return Leased(match["token"], match["api"], query) if match else None


def token_of(path: str, query: str) -> str | None:
    """Return the lease of a player's socket, which may stand in any path after `/s/` or in `?lease=`."""
    if match := _IN_PATH.match(path):
        return match[1]
    if "lease=" in query:
        return parse_qs(query, keep_blank_values=True).get("lease", [None])[0]
    return None


class Passage(Generic[_T]):
    """Says where a lease leads, to whoever stands before the streams.

    Args:
        keys: tells the keys of leases of the moment; None if there are none: then no lease leads anywhere.
        find: returns what is known of a stream by its id, or None.
    """

    def __init__(self, keys: Callable[[], LeaseKeys | None], find: Callable[[str], _T | None]) -> None:
        self._keys = keys
        self._find = find

    def stream(self, token: str, now: float) -> tuple[Lease, _T]:
        """Return what a lease says, and what is known of the stream that it names.

        Raises:
            LeaseError: `malformed`, `unknown_key`, `forged`, `expired` or `unknown_stream`.
        """
        keys = self._keys()
        if keys is None:
            raise LeaseError("unknown_key", "no keys of leases are known here")
        lease = verify(token, keys, now)
        found = self._find(lease.stream)
        if found is None:
            raise LeaseError("unknown_stream", "it names a stream that is not known here")
        return lease, found
