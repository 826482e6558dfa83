"""What all players of a stream share, their scene and its pictures, and a peer connection kept ready.

A connection that has gathered its candidates and made its offer before a player comes saves him that
time. The trap is its price: a dead STUN or TURN server holds up gathering by 5 s, and nobody may wait
for that. So a player who finds none ready gets one without servers, and dead servers are left out.
"""

import asyncio
import contextlib
from dataclasses import dataclass
from typing import Final

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
        self._closing: set[asyncio.Task[None]] = set()

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
            return await self._make(servers=self._use_servers, offers=offers)
        task, self._warm = self._warm, None
        if task is not None:
            await asyncio.wait([task], timeout=READY_PATIENCE)
        if task is None or not task.done():
            self._warm = task
            return await self._make(servers=False, offers=offers)
        self._warm = self._prepare()
        return task.result()

    def release(self, peer: Peer) -> None:
        """Close a connection in the background; from now on it calls nobody."""
        peer.detach()
        task = asyncio.create_task(peer.close(), name="peer close")
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    async def close(self) -> None:
        """Close all that is open; the players' connections must have been released."""
        self._discard()
        if self._closing:
            await asyncio.wait(self._closing, timeout=10)
        if self._video is not None:
            await self._video.close()

    def _prepare(self) -> asyncio.Task[Ready]:
        return asyncio.create_task(self._make_watched(), name="next peer")

    async def _make_watched(self) -> Ready:
        loop = asyncio.get_running_loop()
        began = loop.time()
        ready = await self._make(servers=self._use_servers, offers=self.traits.offers)
        if self._use_servers and loop.time() - began > DEAD_SERVER:
            self._use_servers = False
            _LOG.warning("an ICE server does not answer; going on without any until the next config")
        return ready

    async def _make(self, *, servers: bool, offers: bool) -> Ready:
        settings = self.settings
        track = self.video.track()
        packets = sound.packets(settings.audio) if settings.audio != "none" else None
        sound_track = SoundTrack(packets) if packets else None
        peer = Peer(ice.configuration(self._options, servers=servers), settings.codec, track, sound_track)
        try:
            if offers:
                return Ready(peer, await peer.offer())
            await peer.gather()
            return Ready(peer, "")
        except BaseException:
            self.release(peer)
            raise

    def _discard(self) -> None:
        task, self._warm = self._warm, None
        if task is None:
            return
        if not task.cancel():
            with contextlib.suppress(Exception):
                self.release(task.result().peer)
