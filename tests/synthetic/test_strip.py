"""The strip: written into planes and read back, through damage, in any size."""

import random
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pixelstream.synthetic import strip
from pixelstream.synthetic.strip import CLIPS, LIVE, Strip, read_strip

strips = st.builds(
    Strip,
    marker=st.sampled_from([LIVE, CLIPS]),
    frame=st.integers(0, 65535),
    session=st.integers(0, 65535),
    inputs=st.integers(0, 255),
    kind=st.integers(0, 15),
    code=st.integers(0, 255),
    x=st.integers(0, 255),
    y=st.integers(0, 255),
)


def plane_with(words: Strip, width: int, height: int, stride: int = 0, grey: int = 100) -> bytearray:
    stride = stride or width
    plane = bytearray((grey,)) * (stride * height)
    for index, bit in enumerate(strip.bits(words)):
        box = strip.cell(width, height, index)
        for y in range(box.top, box.bottom):
            line = bytes((strip.WHITE if bit else strip.BLACK,)) * (box.right - box.left)
            plane[y * stride + box.left : y * stride + box.right] = line
    return plane


@given(words=strips, size=st.sampled_from([(1280, 720), (640, 360), (320, 180), (1920, 1080), (864, 486)]))
def test_what_is_written_is_read(words: Strip, size: tuple[int, int]) -> None:
    assert read_strip(plane_with(words, *size), size[0], *size) == words


def test_a_stride_wider_than_the_picture_is_respected() -> None:
    words = Strip(frame=77, inputs=3)
    assert read_strip(plane_with(words, 640, 360, stride=704), 704, 640, 360) == words


def test_numbers_too_large_wrap_rather_than_spill_into_the_next_field() -> None:
    read = read_strip(plane_with(Strip(frame=65536 + 5, inputs=257), 640, 360), 640, 640, 360)
    assert read == Strip(frame=5, inputs=1)


def test_heavy_noise_and_low_contrast_do_not_hide_it() -> None:
    words = Strip(frame=4711, session=0xBEEF, inputs=12)
    noise = random.Random(1)
    plane = bytearray(value // 2 + 60 + noise.randint(-30, 30) for value in plane_with(words, 640, 360))
    assert read_strip(plane, 640, 640, 360) == words


@pytest.mark.parametrize("grey", [0, 16, 128, 255])
def test_a_picture_without_a_strip_has_none(grey: int) -> None:
    assert read_strip(bytes((grey,)) * (640 * 360), 640, 640, 360) is None


@given(words=strips, cell=st.integers(2, 79))
def test_any_one_cell_turned_over_is_noticed(words: Strip, cell: int) -> None:
    plane = plane_with(words, 640, 360)
    box = strip.cell(640, 360, cell)
    for y in range(box.top, box.bottom):
        row = slice(y * 640 + box.left, y * 640 + box.right)
        plane[row] = bytes(strip.WHITE + strip.BLACK - value for value in plane[row])
    assert read_strip(plane, 640, 640, 360) is None


def test_the_session_hash_tells_players_and_streamers_apart() -> None:
    hashes = {strip.session_hash(streamer, player) for streamer in "ab" for player in ("1", "2")}
    assert len(hashes) == 4


def test_the_script_for_pages_has_the_same_geometry() -> None:
    script = strip.reader_script()
    assert f"columns = {strip.COLUMNS}, rows = {strip.ROWS}" in script
    widths = re.search(r"widths = \{(.*?)\}", script)
    assert widths is not None
    assert "marker: 4, frame: 16, session: 16, inputs: 8, kind: 4, code: 8, x: 8, y: 8" in widths[0]
