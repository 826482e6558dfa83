"""Clips: made once, kept whole or not at all, each beginning where a decoder can begin."""

import asyncio
from pathlib import Path
from typing import Any

import av
import pytest
from aiortc import MediaStreamTrack

from pixelstream.settings.streamer import StreamerSettings
from pixelstream.synthetic import clips
from pixelstream.synthetic.clips import Clips, clip_number, prepare
from pixelstream.synthetic.scene import Scene
from pixelstream.synthetic.strip import CLIPS, Kind, Strip, read_strip
from pixelstream.synthetic.video import PRESS_INTERVAL, ClipVideo
from tests.synthetic.test_picture import DECODERS


def small(folder: Path, **others: Any) -> StreamerSettings:
    return StreamerSettings(mode="clips", width=320, height=180, fps=10, cache_dir=folder, **others)


@pytest.mark.parametrize("codec", ["h264", "vp8"])
def test_each_clip_can_be_decoded_from_its_start_and_says_which_it_is(clip_cache: Path, codec: str) -> None:
    made = prepare(small(clip_cache, codec=codec))
    assert len(made.pictures) == 11
    for number, clip in enumerate(made.pictures):
        decoder = av.CodecContext.create(DECODERS[codec], "r")
        assert isinstance(decoder, av.VideoCodecContext)
        seen = []
        for data in clip:
            for picture in decoder.decode(av.Packet(data)):
                plane = picture.planes[0]
                seen.append(read_strip(memoryview(plane), plane.line_size, picture.width, picture.height))
        kind = Kind((number + 1) // 2)
        expected = [Strip(CLIPS, frame=number * 20 + n, inputs=number, kind=kind) for n in range(20)]
        assert seen == expected


def test_clips_are_made_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = prepare(small(tmp_path))
    monkeypatch.setattr(clips, "Encoder", None)
    assert prepare(small(tmp_path)) == made


def test_other_settings_have_other_clips(tmp_path: Path) -> None:
    prepare(small(tmp_path))
    prepare(small(tmp_path, title="another"))
    assert len(list(tmp_path.glob("*.clips"))) == 2


@pytest.mark.parametrize("damage", [b"", b"PSCLIPS1", None])
def test_a_damaged_file_is_made_again(tmp_path: Path, damage: bytes | None) -> None:
    made = prepare(small(tmp_path))
    (file,) = tmp_path.glob("*.clips")
    whole = file.read_bytes()
    file.write_bytes(whole[:-40] + b"\x00" + whole[-39:] if damage is None else damage)
    assert prepare(small(tmp_path)) == made
    assert file.read_bytes() == whole


def test_a_folder_that_cannot_be_written_costs_only_time(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert len(prepare(small(tmp_path / "file" / "below")).pictures) == 11


def test_contents_survive_the_way_through_the_file() -> None:
    made = Clips(((b"a", b"bc"), (b"", b"d")))
    assert Clips.from_bytes(made.to_bytes()) == made


def test_two_inputs_in_a_row_never_show_the_same_clip() -> None:
    for kind in list(Kind)[1:]:
        assert clip_number(kind, 5) != clip_number(kind, 6)
    numbers = {clip_number(kind, inputs) for kind in Kind for inputs in (1, 2)}
    assert numbers == set(range(11))


async def data(track: MediaStreamTrack) -> bytes:
    packet = await asyncio.wait_for(track.recv(), 5)
    assert isinstance(packet, av.Packet)
    return bytes(packet)


def numbered(length: int) -> Clips:
    return Clips(tuple(tuple(f"{clip}.{n}".encode() for n in range(length)) for clip in range(11)))


async def test_a_press_wakes_every_player_and_many_presses_switch_ten_times_a_second() -> None:
    scene = Scene()
    video = ClipVideo(StreamerSettings(mode="clips"), scene, numbered(3))
    video._interval = 60.0  # so that only a press can bring the next picture
    first, second = video.track(), video.track()
    assert await data(first) == await data(second) == b"0.0"

    started = asyncio.get_running_loop().time()
    waiting = [asyncio.create_task(data(track)) for track in (first, second)]
    await asyncio.sleep(0)
    for _ in range(5):
        scene.press(Kind.KEY, 65, "")
        video.pressed()
    assert [await each for each in waiting] == [b"2.0", b"2.0"]
    assert await data(first) == b"2.0", "the later presses are shown together"
    assert asyncio.get_running_loop().time() - started >= PRESS_INTERVAL
    await video.close()


async def test_a_key_picture_asked_for_is_the_clips_beginning_but_not_again_at_once() -> None:
    video = ClipVideo(StreamerSettings(mode="clips", fps=60), Scene(), numbered(30))
    track = video.track()
    seen: list[bytes] = []
    while len(seen) < 20:
        if len(seen) in {2, 17}:
            video.keyframe(track)
        seen.append(await data(track))
    assert [n for n, picture in enumerate(seen) if picture == b"0.0"] == [0, 17]
    await video.close()


async def test_a_track_made_ahead_begins_with_what_is_the_case_when_its_player_comes() -> None:
    scene = Scene(kind=Kind.POINTER, inputs=1)
    video = ClipVideo(StreamerSettings(mode="clips"), scene, numbered(3))
    track = video.track()
    scene.press(Kind.KEY, 65, "")
    video.pressed()
    scene.clear()
    assert await data(track) == b"0.0"
    await video.close()
