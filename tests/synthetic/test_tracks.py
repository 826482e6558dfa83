"""Tracks: in time, awake at once, and over when they are over."""

import asyncio
from itertools import pairwise

import pytest
from aiortc.mediastreams import MediaStreamError

from pixelstream.synthetic import sound
from pixelstream.synthetic.tracks import MAX_WAITING, PacedTrack, PushTrack, SoundTrack


class Pusher:
    def __init__(self) -> None:
        self.begun = self.starved = 0
        self.track = PushTrack(self.begin, self.starve)

    def begin(self, _: PushTrack) -> None:
        self.begun += 1

    def starve(self) -> None:
        self.starved += 1


async def test_pictures_before_the_first_key_picture_are_dropped_and_a_key_picture_asked_for() -> None:
    pusher = Pusher()
    pusher.track.push(b"delta", 0, key=False)
    pusher.track.push(b"key", 3000, key=True)
    assert (bytes(await pusher.track.recv()), pusher.starved, pusher.begun) == (b"key", 1, 1)


async def test_a_slow_sender_gets_a_fresh_start_instead_of_a_backlog() -> None:
    pusher = Pusher()
    for n in range(MAX_WAITING + 3):
        pusher.track.push(b"%d" % n, n, key=n == 0)
    assert pusher.starved == 3
    pusher.track.push(b"key", 99, key=True)
    assert bytes(await pusher.track.recv()) == b"key"


async def test_a_paced_track_keeps_the_distance_and_real_time_stamps() -> None:
    track = PacedTrack("video", 0.02, lambda: b"x")
    stamps = [(await track.recv()).pts or 0 for _ in range(6)]
    distances = [later - earlier for earlier, later in pairwise(stamps)]
    assert stamps[0] == 0
    assert sum(distances) == pytest.approx(5 * 0.02 * 90000, rel=0.5)
    assert min(distances) > 0


async def test_sound_counts_samples_and_starts_over() -> None:
    track = SoundTrack((b"a", b"b"))
    packets = [await track.recv() for _ in range(3)]
    assert [bytes(each) for each in packets] == [b"a", b"b", b"a"]
    assert [each.pts for each in packets] == [0, 960, 1920]


@pytest.mark.parametrize("kind", ["push", "paced"])
async def test_stopping_a_track_ends_whoever_waits_for_it(kind: str) -> None:
    track = Pusher().track if kind == "push" else PacedTrack("video", 60.0, lambda: b"x")
    if kind == "paced":
        await track.recv()
    waiting = asyncio.create_task(track.recv())
    await asyncio.sleep(0)
    track.stop()
    with pytest.raises(MediaStreamError):
        await asyncio.wait_for(waiting, 1)


def test_the_tone_is_opus_in_packets_of_20_ms_and_silent_at_its_seam() -> None:
    packets = sound.packets("tone")
    assert len(packets) == 100
    assert all(0 < len(packet) < 200 for packet in packets)
    assert sound.packets("silence") == (b"\xf8\xff\xfe",)
