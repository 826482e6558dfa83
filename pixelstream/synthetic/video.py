"""Where the pictures of a stream come from: encoded as it goes (live), or made once (clips).

Both hand each player a track and are told of presses and of key pictures asked for. The trap: a
request for a key picture comes again until one has arrived, so requests close together count once.
"""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial
from typing import Final, Protocol

import structlog
from aiortc import MediaStreamTrack

from pixelstream.settings.streamer import StreamerSettings
from pixelstream.synthetic import strip
from pixelstream.synthetic.clips import Clips, clip_number, prepare, subtitle
from pixelstream.synthetic.encoder import Encoder
from pixelstream.synthetic.painter import Painter, Show
from pixelstream.synthetic.scene import Scene
from pixelstream.synthetic.tracks import PacedTrack, PushTrack

KEY_INTERVAL: Final = 0.25
"""Seconds between two key pictures that players ask for."""

MAX_EARLY: Final = 4
"""Pictures that presses can bring in the time of one, so that a flood of them floods nobody."""

PRESS_INTERVAL: Final = 0.1
"""Seconds between two switches of a clip; each costs a key picture, and keys repeat 30 times a second."""


_LOG = structlog.get_logger()


class Video(Protocol):
    """A source of pictures."""

    def track(self) -> MediaStreamTrack:
        """Return a new player's track."""

    def keyframe(self, track: MediaStreamTrack) -> None:
        """Send a key picture on this track soon."""

    def pressed(self) -> None:
        """Show the scene's last input at once."""

    async def close(self) -> None:
        """Free what the source holds."""


class LiveVideo:
    """Paints and encodes while anyone watches, one encoding for all."""

    def __init__(self, settings: StreamerSettings, scene: Scene) -> None:
        self._settings = settings
        self._scene = scene
        size = settings.width, settings.height
        words = f"{settings.streamer_id}  {subtitle(settings)}"
        self._painter = Painter(*size, settings.title, words)
        self._encoder = Encoder(settings.codec, *size, settings.fps)
        self._tracks: set[PushTrack] = set()
        self._wake = asyncio.Event()
        self._key = True
        self._last_key = 0.0
        self._frame = 0
        self._started = time.monotonic()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="encoder")
        self._task: asyncio.Task[None] | None = None

    def track(self) -> MediaStreamTrack:
        """Return a new player's track; the first one that is read starts the pictures."""
        track = PushTrack(self._watch, self._want_key)
        track.add_listener("ended", lambda: self._tracks.discard(track))
        return track

    def keyframe(self, track: MediaStreamTrack) -> None:
        """Make the next picture one that a decoder can begin at."""
        self._want_key()

    def pressed(self) -> None:
        """Paint the next picture now."""
        self._wake.set()

    async def close(self) -> None:
        """Stop the pictures."""
        for track in tuple(self._tracks):
            track.stop()
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task], timeout=5)
        self._thread.shutdown(wait=False)

    def _watch(self, track: PushTrack) -> None:
        self._tracks.add(track)
        self._key = True
        self._wake.set()
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run(), name="live pictures")

    def _want_key(self) -> None:
        if time.monotonic() - self._last_key > KEY_INTERVAL:
            self._key = True

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            interval = 1 / self._settings.fps
            due = loop.time()
            while self._tracks:
                began = loop.time()
                if began >= due:
                    due = max(due + interval, began)  # a picture out of turn leaves the beat alone
                await self._picture(loop)
                await self._rest(loop, began + interval / MAX_EARLY, due)
        except Exception:  # noqa: BLE001 - whatever an encoder fails with, the players must be told
            _LOG.exception("live pictures failed")
            for track in tuple(self._tracks):
                track.stop()

    async def _picture(self, loop: asyncio.AbstractEventLoop) -> None:
        self._wake.clear()
        seconds = time.monotonic() - self._started
        clock = datetime.now().astimezone().strftime("%H:%M:%S.%f")[:-3]
        picture = self._painter.paint(self._scene, Show(self._strip(), seconds, clock))
        key, self._key = self._key, False
        if key:
            self._last_key = time.monotonic()
        pts = round(seconds * 90000)
        encode = partial(self._encoder.encode, picture, pts, key=key)
        data = await loop.run_in_executor(self._thread, encode)
        self._frame += 1
        for track in tuple(self._tracks):
            track.push(data, pts, key=key)

    def _strip(self) -> strip.Strip:
        scene = self._scene
        player = scene.players[-1] if scene.players else ""
        return strip.Strip(
            frame=self._frame,
            session=strip.session_hash(self._settings.streamer_id, player),
            inputs=scene.inputs,
            kind=scene.kind,
            code=scene.code,
            x=scene.x >> 8,
            y=scene.y >> 8,
        )

    async def _rest(self, loop: asyncio.AbstractEventLoop, earliest: float, due: float) -> None:
        timer = loop.call_at(due, self._wake.set)
        try:
            await self._wake.wait()
        finally:
            timer.cancel()
        await asyncio.sleep(max(0.0, earliest - loop.time()))


class ClipVideo:
    """Plays clips; each player has a place of his own in them, all see the same clip."""

    def __init__(self, settings: StreamerSettings, scene: Scene, clips: Clips) -> None:
        self._interval = 1 / settings.fps
        self._scene = scene
        self._clips = clips.pictures
        self._places: dict[PacedTrack, _Place] = {}
        self._switched = 0.0
        self._later: asyncio.TimerHandle | None = None

    def track(self) -> MediaStreamTrack:
        """Return a new player's track."""
        place = _Place(self._clips, self._number)
        track = PacedTrack("video", self._interval, place.next_data)
        self._places[track] = place
        track.add_listener("ended", lambda: self._places.pop(track, None))
        return track

    def keyframe(self, track: MediaStreamTrack) -> None:
        """Go back to the clip's beginning, which is a key picture."""
        place = self._places.get(track) if isinstance(track, PacedTrack) else None
        if place is not None and place.index * self._interval > KEY_INTERVAL:
            place.index = 0

    def pressed(self) -> None:
        """Switch all players to the clip of the last input, at once unless they just switched."""
        loop = asyncio.get_running_loop()
        wait = self._switched + PRESS_INTERVAL - loop.time()
        if wait <= 0:
            self._switch()
        elif self._later is None:
            self._later = loop.call_later(wait, self._switch)

    async def close(self) -> None:
        """Stop the pictures."""
        if self._later is not None:
            self._later.cancel()
        for track in tuple(self._places):
            track.stop()

    def _number(self) -> int:
        return clip_number(self._scene.kind, self._scene.inputs)

    def _switch(self) -> None:
        self._later = None
        self._switched = asyncio.get_running_loop().time()
        for track, place in self._places.items():
            if place.number is not None:
                place.number, place.index = self._number(), 0
                track.wake()


class _Place:
    """Where a player is in the clips; `number` is None until he has come, since tracks are made ahead."""

    def __init__(self, clips: tuple[tuple[bytes, ...], ...], current: Callable[[], int]) -> None:
        self._clips = clips
        self._current = current
        self.number: int | None = None
        self.index = 0

    def next_data(self) -> bytes:
        if self.number is None:
            self.number = self._current()
        clip = self._clips[self.number]
        data = clip[self.index]
        self.index = (self.index + 1) % len(clip)
        return data


async def open_video(settings: StreamerSettings, scene: Scene) -> Video:
    """Return the source that `settings` ask for; in a thread, since it takes from 0.2 s to some seconds."""
    if settings.mode == "clips":
        return ClipVideo(settings, scene, await asyncio.to_thread(prepare, settings))
    return await asyncio.to_thread(LiveVideo, settings, scene)
