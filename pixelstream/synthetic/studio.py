"""What all players of a stream share, their scene and its pictures, and a peer connection kept ready.

A connection that has gathered its candidates and made its offer before a player comes saves him that
time. The trap is its price: a dead STUN or TURN server holds up gathering by 5 s, and nobody may wait
for that. So a player who finds none ready gets one without servers, and dead servers are left out.
"""

import asyncio
import contextlib
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any, Final

import structlog

from pixelstream.settings.streamer import StreamerSettings
from pixelstream.synthetic import ice, sound
from pixelstream.synthetic.peer import Peer
from pixelstream.synthetic.profiles import Traits
from pixelstream.synthetic.scene import Scene
from pixelstream.synthetic.tracks import SoundTrack
from pixelstream.synthetic.video import Video, open_video

READY_PATIENCE: Final = 0.5
"""Seconds that a player waits for a connection in the making before he gets one without servers."""

DEAD_SERVER: Final = 4.0
"""Seconds of gathering from which on a server is held to be dead; aioice gives up after 5."""

CLOSE_PATIENCE: Final = 10.0
"""Seconds for connections to close at the end; a gathering from dead servers takes half of it."""

_LOG = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Ready:
    """A connection that has its candidates; `offer` is empty if the player makes it."""

    peer: Peer
    offer: str


class Studio:
    """The makings of one stream. `open` it, `configure` it, `take` a connection for each player."""

    def __init__(self, settings: StreamerSettings, traits: Traits) -> None:
        self.settings = settings
        self.traits = traits
        self.scene = Scene()
        self._video: Video | None = None
        self._options: object = None
        self._use_servers = True
        self._warm: asyncio.Task[Ready] | None = None
        self._background: set[asyncio.Task[None]] = set()

    @property
    def video(self) -> Video:
        """The source of pictures; only between `open` and `close`."""
        if self._video is None:
            raise RuntimeError("the studio is not open")
        return self._video

    async def open(self) -> None:
        """Make ready to send pictures; takes seconds if clips are to be made first."""
        self._video = await open_video(self.settings, self.scene)

    def configure(self, options: object) -> None:
        """Use these `peerConnectionOptions` for later players; those who play keep theirs."""
        if options == self._options and self._warm is not None:
            return
        self._options, self._use_servers = options, True
        self._discard()
        self._warm = self._prepare()

    async def take(self, *, offers: bool) -> Ready:
        """Return a connection for a player, the prepared one if there is one, and prepare the next."""
        if offers != self.traits.offers:
            return await self._finish(self._begin(servers=self._use_servers, offers=offers))
        task, self._warm = self._warm, None
        if task is not None:
            await asyncio.wait([task], timeout=READY_PATIENCE)
        if task is None or not task.done():
            self._warm = task
            return await self._finish(self._begin(servers=False, offers=offers))
        self._warm = self._prepare()
        return task.result()

    def release(self, peer: Peer) -> None:
        """Close a connection in the background; from now on it calls nobody."""
        peer.detach()
        self._in_background(peer.close())

    async def close(self) -> None:
        """Close all that is open; the players' connections must have been released."""
        self._discard()
        if self._background:
            await asyncio.wait(self._background, timeout=CLOSE_PATIENCE)
        if self._video is not None:
            await self._video.close()

    def _prepare(self) -> asyncio.Task[Ready]:
        return self._begin(servers=self._use_servers, offers=self.traits.offers)

    def _begin(self, *, servers: bool, offers: bool) -> asyncio.Task[Ready]:
        # In a task that nobody cancels: aioice leaks the sockets of a gathering that was cut short.
        return asyncio.create_task(self._make(servers=servers, offers=offers), name="next peer")

    async def _finish(self, task: asyncio.Task[Ready]) -> Ready:
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            self._in_background(self._abandon(task))
            raise

    async def _make(self, *, servers: bool, offers: bool) -> Ready:
        settings = self.settings
        packets = sound.packets(settings.audio) if settings.audio != "none" else None
        peer = Peer(
            ice.configuration(self._options, servers=servers),
            settings.codec,
            self.video.track(),
            SoundTrack(packets) if packets else None,
        )
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            await peer.gather()
            ready = Ready(peer, await peer.offer() if offers else "")
        except BaseException:
            self.release(peer)
            raise
        if servers and loop.time() - began > DEAD_SERVER:
            self._use_servers = False
            _LOG.warning("an ICE server does not answer; going on without any until the next config")
        return ready

    def _discard(self) -> None:
        task, self._warm = self._warm, None
        if task is not None:
            self._in_background(self._abandon(task))

    async def _abandon(self, task: asyncio.Task[Ready]) -> None:
        with contextlib.suppress(Exception):
            ready = await task
            await ready.peer.close()

    def _in_background(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work, name="peer close")
        self._background.add(task)
        task.add_done_callback(self._background.discard)
