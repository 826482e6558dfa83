"""A player without a browser: signalling as Epic's front ends speak it, media received and counted.

Costs about 1 % of a core while it plays, so many fit into one process. The trap: counts are those of
the present connection; a player who is offered a new one starts again at nothing.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Self
from urllib.parse import urlsplit, urlunsplit

from aiortc import RTCConfiguration

from pixelstream.errors import PixelstreamError
from pixelstream.protocol import playerdata
from pixelstream.protocol.playerdata import PlayerDataError, Reply, ToStreamer, Value
from pixelstream.synthetic import ice
from pixelstream.synthetic.closing import hush
from pixelstream.synthetic.playerlink import Log, PlayerLink
from pixelstream.synthetic.playerpeer import PlayerPeer
from pixelstream.synthetic.sink import FrameSink, SeeingSink
from pixelstream.synthetic.strip import Strip


class PlayerError(PixelstreamError):
    """A player did not get in time what was waited for; the text says how far he came."""


class Player:
    """A player: `async with Player(url) as player: await player.frames(10)`.

    Args:
        url: the player's websocket: of a signalserver, a matchmaker or the edge.
        streamer: id to subscribe to; if none is given, the first that is listed.
        offers: make the offer, as pages of UE 4 do, instead of subscribing.
        decode: decode the pictures and read their strips (costs a browser's share of a core).
        handoff: ask the matchmaker for the stream's own address and go there.
        servers: use the ICE servers of the `config` message; `relay_only` uses nothing but them.
    """

    def __init__(
        self,
        url: str,
        *,
        streamer: str | None = None,
        offers: bool = False,
        decode: bool = False,
        handoff: bool = False,
        servers: bool = False,
        relay_only: bool = False,
    ) -> None:
        self.replies: deque[Reply] = deque(maxlen=256)
        self._decode = decode
        self._servers = servers or relay_only
        self._relay_only = relay_only
        self._news = asyncio.Event()
        self._sinks: list[SeeingSink] = []
        self._task: asyncio.Task[None] | None = None
        self._link = PlayerLink(
            _asking_handoff(url) if handoff else url,
            streamer=streamer,
            offers=offers,
            make_peer=self._make_peer,
            news=self._happened,
        )

    async def __aenter__(self) -> Self:
        hush(asyncio.get_running_loop())
        self._link.log = Log()
        self._task = asyncio.create_task(self._link.run(), name="player")
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    @property
    def log(self) -> Log:
        """What happened so far: `times` by phase: `open`, `config` … `connected`, `frame`."""
        return self._link.log

    @property
    def peer(self) -> PlayerPeer:
        """The present connection; raises PlayerError before there is one."""
        if self._link.peer is None:
            raise PlayerError(f"no connection yet: {self._progress()}")
        return self._link.peer

    @property
    def video(self) -> FrameSink:
        """Counts of the pictures; raises PlayerError before there are any to come."""
        if self.peer.video is None:
            raise PlayerError(f"no video yet: {self._progress()}")
        return self.peer.video

    async def frames(self, count: int, within: float = 10.0) -> None:
        """Wait until `count` pictures of the present connection have come, at most `within` seconds."""
        await self.until(lambda: self._frame_count() >= count, f"{count} frames", within)

    async def more_frames(self, count: int, within: float = 10.0) -> None:
        """Wait until `count` pictures more than now have come on the present connection."""
        await self.frames(self._frame_count() + count, within)

    async def strip(self, fits: Callable[[Strip], bool] = lambda _: True, within: float = 10.0) -> Strip:
        """Wait for a picture whose strip fits and return what it says; needs `decode`."""
        found: list[Strip] = []

        def seen() -> bool:
            strip = self._sinks[-1].strip if self._sinks else None
            if strip is not None and fits(strip):
                found.append(strip)
            return bool(found)

        await self.until(seen, "a picture that fits", within)
        return found[0]

    async def input(self, kind: ToStreamer, *values: Value, within: float = 5.0) -> None:
        """Send an input or a request over the data channel, as soon as that is open."""
        await self.send_data(playerdata.encode(kind, *values), within)

    async def send_data(self, data: bytes, within: float = 5.0) -> None:
        """Send bytes over the data channel, as soon as that is open."""
        await self.until(self._can_send, "the data channel", within)
        channel = self.peer.channel
        if channel is not None:
            channel.send(data)

    async def until(self, true: Callable[[], bool], what: str, within: float = 10.0) -> None:
        """Wait until `true()`; it is asked again at all news of signalling, connection and pictures.

        Raises:
            PlayerError: it did not become true within `within` seconds, or the player was refused.
        """
        try:
            async with asyncio.timeout(within):
                while not true():
                    if self.log.refused:
                        raise PlayerError(f"waiting for {what}: refused: {self.log.refused}")
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            raise PlayerError(f"{what} did not come within {within} s: {self._progress()}") from None

    async def send(self, message: dict[str, object]) -> None:
        """Send a signalling message; dropped if the socket is away."""
        await self._link.send(message)

    def drop_socket(self) -> None:
        """Lose the websocket without a goodbye, as when a network changes; it is opened again."""
        self._link.drop()

    async def close(self) -> None:
        """Say goodbye (1000) and let go of everything."""
        await self._link.leave()
        if self._task is not None:
            await asyncio.wait([self._task], timeout=2)
            self._task.cancel()
            await asyncio.wait([self._task], timeout=5)
        await self._link.close()
        for sink in self._sinks:
            await sink.close()

    def _make_peer(self, options: object) -> PlayerPeer:
        configuration: RTCConfiguration = ice.configuration(options, servers=self._servers)
        return PlayerPeer(
            configuration,
            relay_only=self._relay_only,
            sink=self._make_sink,
            received=self._received,
            changed=self._happened,
        )

    def _make_sink(self) -> FrameSink:
        if not self._decode:
            return FrameSink(self._happened)
        self._sinks.append(SeeingSink(self._happened))
        return self._sinks[-1]

    def _received(self, data: bytes) -> None:
        try:
            reply = playerdata.decode_reply(data)
        except PlayerDataError:
            return
        if reply is not None:
            self.replies.append(reply)
        self._happened()

    def _happened(self) -> None:
        peer = self._link.peer
        if peer is not None and "frame" not in self.log.times:
            if peer.state == "connected":
                self.log.reached("connected")
            if self._frame_count():
                self.log.reached("frame")
        self._news.set()

    def _can_send(self) -> bool:
        channel = self._link.peer.channel if self._link.peer else None
        return channel is not None and channel.readyState == "open"

    def _frame_count(self) -> int:
        peer = self._link.peer
        return peer.video.frames if peer and peer.video else 0

    def _progress(self) -> str:
        came = ", ".join(f"{phase} at {at:.3f} s" for phase, at in self.log.times.items())
        state = self._link.peer.state if self._link.peer else "no peer"
        seen = self._sinks[-1].strip if self._sinks else None
        end = f"{list(self.log.closes)} {list(self.log.faults)}"
        return f"{came or 'nothing came'}; {state}; {self._frame_count()} frames; {seen}; {end}"


def _asking_handoff(url: str) -> str:
    parts = urlsplit(url)
    return urlunsplit(parts._replace(query=f"{parts.query}&handoff=1".lstrip("&")))
