"""Live pictures: only while someone watches, early when pressed, over when the encoder fails."""

import asyncio
from typing import Any

import av
import pytest
from aiortc.mediastreams import MediaStreamError

from pixelstream.settings.streamer import StreamerSettings
from pixelstream.synthetic.scene import Scene
from pixelstream.synthetic.strip import Kind
from pixelstream.synthetic.video import MAX_EARLY, LiveVideo
from tests.synthetic.conftest import eventually


def live(fps: int = 30) -> LiveVideo:
    return LiveVideo(StreamerSettings(width=320, height=180, fps=fps), Scene())


async def stamps(track: Any, count: int) -> list[int]:
    return [(await asyncio.wait_for(track.recv(), 5)).pts for _ in range(count)]


def painting() -> bool:
    return any(task.get_name() == "live pictures" for task in asyncio.all_tasks())


async def test_nothing_is_painted_until_a_track_is_read_nor_after_it_has_ended() -> None:
    video = live()
    track = video.track()
    assert not painting()
    await stamps(track, 2)
    assert painting()
    track.stop()
    await eventually(lambda: not painting())
    painted = video._frame
    second = video.track()
    await stamps(second, 2)
    assert video._frame > painted, "the next player starts it again"
    await video.close()


async def test_pictures_keep_the_beat() -> None:
    video = live(fps=20)
    times = await stamps(video.track(), 21)
    assert 0.9 < (times[-1] - times[0]) / 90000 < 3.0, "20 beats of 50 ms, however busy the machine"
    await video.close()


async def test_a_press_brings_a_picture_before_its_time_but_a_flood_no_more_of_them() -> None:
    video = live()
    video._settings = video._settings.model_copy(update={"fps": 1})
    track = video.track()
    (first,) = await stamps(track, 1)
    for _ in range(100):
        video._scene.press(Kind.KEY, 65, "")
        video.pressed()
    second, third = await stamps(track, 2)
    early = 90000 / MAX_EARLY
    assert early * 0.95 <= second - first < 90000
    assert third - first >= 90000 * 0.95, "the presses were shown in one picture and the beat went on"
    await video.close()


async def test_an_encoder_that_fails_ends_the_tracks_instead_of_hanging_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    video = live()
    track = video.track()
    await stamps(track, 1)

    def fail(*_: object, **__: object) -> bytes:
        raise av.FFmpegError(-1, "broken")

    monkeypatch.setattr(video._encoder, "encode", fail)
    with pytest.raises(MediaStreamError):
        await stamps(track, 20)
    await video.close()


async def test_key_pictures_asked_for_together_are_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pixelstream.synthetic.video.KEY_INTERVAL", 60.0)
    video = live(fps=60)
    track = video.track()
    sizes = []
    for _ in range(12):
        video.keyframe(track)
        sizes.append(len(bytes(await asyncio.wait_for(track.recv(), 5))))  # type: ignore[arg-type]
    assert sum(size > 2000 for size in sizes) == 1
    await video.close()
