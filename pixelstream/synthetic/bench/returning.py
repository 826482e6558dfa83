"""How long it takes from a player's coming to its seat, and from a cut back to its place in the line.

One player at a time on a matchmaker with nothing else to do: a warm one, as most are. The trap: a player
whose socket was cut is still thought to be there, so what is measured is the way of the ticket.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic

import orjson

from pixelstream.net.dial import dial
from pixelstream.net.websocket import WebSocket
from pixelstream.synthetic.bench.seating import Stream, links
from pixelstream.synthetic.bench.stage import DEADLINE, Quiet


@dataclass(frozen=True)
class Times:
    """What was measured: seconds, in ascending order."""

    seconds: list[float]

    def within(self, share: float) -> float:
        """The time within which this share of all stayed."""
        return self.seconds[min(len(self.seconds) - 1, int(len(self.seconds) * share))]


class _Guest(Quiet):
    """One player: it waits for a notice of one kind."""

    def __init__(self) -> None:
        self._notice: asyncio.Future[dict[str, object]] | None = None
        self._wanted: Callable[[dict[str, object]], bool] = lambda _: True

    def received(self, ws: WebSocket, data: bytes) -> None:
        """Take a notice, if it is the one that is waited for."""
        notice = orjson.loads(data)
        if self._notice is not None and not self._notice.done() and self._wanted(notice):
            self._notice.set_result(notice)

    async def come(
        self, url: str, wanted: Callable[[dict[str, object]], bool]
    ) -> tuple[WebSocket, dict[str, object], float]:
        """Open a socket and wait for a notice; return both, and the seconds that it took."""
        self._notice, self._wanted = asyncio.get_running_loop().create_future(), wanted
        begun = monotonic()
        ws = await dial(url, self, timeout=DEADLINE)
        async with asyncio.timeout(DEADLINE):
            notice = await self._notice
        return ws, notice, monotonic() - begun


async def assignments(url: str, key: str, streams: list[str], count: int) -> Times:
    """Measure the time from a player's first byte to the notice of its seat, `count` times.

    Raises:
        DialError: the matchmaker takes no players, or no control links.
        TimeoutError: no seat was given.
    """
    held: dict[str, Stream] = {}
    times = []
    async with links(url, key, streams, held.__setitem__):
        for _ in range(count):
            ws, notice, took = await _Guest().come(
                f"{url}/ws?handoff=1", lambda notice: notice["matched"] is True
            )
            times.append(took)
            ws.close()
            session = str(notice["session"])
            held.pop(session).free(session)
    return Times(sorted(times))


async def returns(url: str, count: int) -> Times:
    """Measure the time from a cut to a player's old place in the line, `count` times; no stream may be free.

    Raises:
        DialError: the matchmaker takes no players.
        TimeoutError: a player was not told its place.
    """
    first, _, _ = await _Guest().come(f"{url}/ws?handoff=1", lambda notice: notice["queued"] is True)
    ws, notice, _ = await _Guest().come(f"{url}/ws?handoff=1", lambda notice: "ticket" in notice)
    times = []
    for _ in range(count):
        ws.abort()
        place = notice["position"]
        ws, notice, took = await _Guest().come(
            f"{url}/ws?handoff=1&ticket={notice['ticket']}",
            lambda found, place=place: found.get("position") == place and "ticket" in found,  # type: ignore[misc]
        )
        times.append(took)
    for socket in (first, ws):
        socket.abort()
    return Times(sorted(times))
