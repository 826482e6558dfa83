"""Client of turn-api: relays with credentials for one player, whatever happens to turn-api.

The trap: a player without an answer would wait for ever (so the original does), hence `fetch` never
raises and never takes longer than its deadline; without turn-api it gives the last good answer
while its credentials last, and STUN alone after that.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from time import time
from typing import Any
from urllib.parse import quote

import orjson
import structlog

from pixelstream.net.http import CallError, HttpClient

MAX_ANSWER = 64 * 1024
"""Bytes; an RTCConfiguration has a few hundred for each relay."""

log = structlog.get_logger(__name__)


class Source(StrEnum):
    """Where an ICE configuration came from."""

    TURN_API = "turn_api"
    LAST_GOOD = "last_good"
    STUN_ONLY = "stun_only"


@dataclass(frozen=True, slots=True)
class IceConfig:
    """ICE servers for one peer.

    Attributes:
        options: the RTCConfiguration as JSON, for `peerConnectionOptions`.
        source: where it came from.
        expires: seconds since 1970 at which its credentials end; None if it has none that end.
    """

    options: bytes
    source: Source
    expires: float | None = None


class TurnApi:
    """Asks turn-api for each player.

    Args:
        url: of turn-api; None asks nobody and answers STUN only.
        key: tells the shared control key of the moment; None if there is none.
        deadline: seconds that one call may take.
        stun: URLs that are offered when nothing better is known.
        policy: `all`, or `relay` to let no media past the relays.
        zone: where the streamer is, so that relays there come first; empty if nobody knows.
        clock: seconds since 1970.
    """

    def __init__(
        self,
        url: str | None,
        *,
        key: Callable[[], str | None] = lambda: None,
        deadline: float = 1.0,
        stun: Sequence[str] = (),
        policy: str = "all",
        zone: str = "",
        clock: Callable[[], float] = time,
    ) -> None:
        self._client = HttpClient(url, max_body=MAX_ANSWER) if url else None
        self._key = key
        self._deadline = deadline
        self._stun = tuple(stun)
        self._policy = policy
        wishes = {"policy": "" if policy == "all" else policy, "zone": zone}
        self._wishes = "".join(f"&{name}={quote(wish, safe='')}" for name, wish in wishes.items() if wish)
        self._clock = clock
        self._last: IceConfig | None = None
        self._down = False

    async def fetch(self, session: str) -> IceConfig:
        """Return ICE servers for `session` within the deadline; never raises."""
        if self._client is None:
            return self._stun_only()
        try:
            answer = await self._client.get(
                f"/?session={quote(session, safe='')}{self._wishes}",
                timeout=self._deadline,
                bearer=self._key(),
            )
            if answer.status != 200:  # noqa: PLR2004 - OK
                raise CallError(f"status {answer.status}")  # noqa: TRY301 - one place tells of all faults
            config = _read(answer.body)
        except CallError as error:
            return self._fallback(error)
        self._last = config
        if self._down:
            self._down = False
            log.info("turn-api answers again")
        return config

    def close(self) -> None:
        """Close the connections to turn-api."""
        if self._client is not None:
            self._client.close()

    def _fallback(self, error: CallError) -> IceConfig:
        last = self._last
        good = last is not None and (last.expires is None or last.expires > self._clock())
        config = (
            IceConfig(last.options, Source.LAST_GOOD, last.expires) if last and good else self._stun_only()
        )
        if not self._down:  # once for each outage, not for each player
            self._down = True
            log.warning("turn-api does not answer", cause=error.cause, instead=config.source.value)
        return config

    def _stun_only(self) -> IceConfig:
        urls = list(self._stun) or (_stun_urls(self._last.options) if self._last else [])
        servers = [{"urls": urls}] if urls else []
        options = orjson.dumps({"iceTransportPolicy": self._policy, "iceServers": servers})
        return IceConfig(options, Source.STUN_ONLY)


def _read(body: bytes) -> IceConfig:
    """Check the shape that Unreal and browsers rely on.

    Raises:
        CallError: it is no RTCConfiguration.
    """
    try:
        options = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise CallError("its answer is not JSON") from None
    servers = options.get("iceServers") if isinstance(options, dict) else None
    if not isinstance(servers, list) or not all(_is_server(server) for server in servers):
        raise CallError("its answer is no RTCConfiguration")
    return IceConfig(body, Source.TURN_API, _expiry(servers))


def _is_server(server: object) -> bool:
    urls = server.get("urls") if isinstance(server, dict) else None
    return isinstance(urls, str) or (isinstance(urls, list) and all(isinstance(url, str) for url in urls))


def _expiry(servers: list[dict[str, Any]]) -> float | None:
    """The first end of credentials, as coturn's user names `<expiry>:<name>` carry it."""
    ends = [str(server.get("username", "")).partition(":")[0] for server in servers]
    return min((float(end) for end in ends if end.isascii() and end.isdigit()), default=None)


def _stun_urls(options: bytes) -> list[str]:
    found: list[str] = []
    for server in orjson.loads(options)["iceServers"]:
        urls = server["urls"]
        found += [url for url in ([urls] if isinstance(urls, str) else urls) if url.startswith("stun")]
    return found
