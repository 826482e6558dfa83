"""Pictures as they are painted, encoded and decoded again."""

from collections.abc import Iterator

import av
import pytest

from pixelstream.settings.streamer import Codec
from pixelstream.synthetic import font
from pixelstream.synthetic.canvas import Box, Canvas, Colour
from pixelstream.synthetic.encoder import Encoder
from pixelstream.synthetic.painter import Painter, Show
from pixelstream.synthetic.scene import Scene
from pixelstream.synthetic.strip import Kind, Strip, read_strip

SIZES = [(1280, 720), (640, 360), (320, 180)]
DECODERS = {"h264": "h264", "vp8": "libvpx"}


def decoded(codec: Codec, packets: list[bytes]) -> Iterator[Strip | None]:
    decoder = av.CodecContext.create(DECODERS[codec], "r")
    assert isinstance(decoder, av.VideoCodecContext)
    for data in packets:
        for picture in decoder.decode(av.Packet(data)):
            plane = picture.planes[0]
            yield read_strip(memoryview(plane), plane.line_size, picture.width, picture.height)


def words_of(number: int) -> Strip:
    return Strip(frame=number * 701, session=0xBEEF, inputs=number, kind=number % 6, x=number, y=255 - number)


def encoded(codec: Codec, size: tuple[int, int], count: int, keys: tuple[int, ...] = (0,)) -> list[bytes]:
    painter, encoder = Painter(*size, "a title", "what is sent"), Encoder(codec, *size, 30)
    pictures = (painter.paint(Scene(), Show(words_of(n), n / 30, "12:00:00")) for n in range(count))
    return [encoder.encode(each, n * 3000, key=n in keys) for n, each in enumerate(pictures)]


@pytest.mark.parametrize("codec", ["h264", "vp8"])
@pytest.mark.parametrize("size", SIZES)
def test_every_strip_is_read_back_after_encoding(codec: Codec, size: tuple[int, int]) -> None:
    assert list(decoded(codec, encoded(codec, size, 20))) == [words_of(n) for n in range(20)]


@pytest.mark.parametrize("codec", ["h264", "vp8"])
def test_a_decoder_can_begin_at_a_forced_key_picture(codec: Codec) -> None:
    packets = encoded(codec, (640, 360), 12, keys=(0, 8))
    assert list(decoded(codec, packets[8:])) == [words_of(n) for n in range(8, 12)]


def test_h264_is_annex_b_with_parameter_sets_before_each_key_picture() -> None:
    packets = encoded("h264", (640, 360), 4, keys=(0, 2))
    kinds = [[unit[0] & 0x1F for unit in packet.split(b"\x00\x00\x01")[1:]] for packet in packets]
    assert [7 in units and 8 in units and 5 in units for units in kinds] == [True, False, True, False]


def test_an_input_changes_the_picture_beyond_the_strip() -> None:
    painter = Painter(640, 360, "t", "s")
    show = Show(Strip(), 0.0, "12:00:00")
    idle = painter.paint(Scene(), show)
    pressed = painter.paint(Scene(inputs=1, kind=Kind.KEY, event="key 65 down"), show)
    changed = sum(a != b for a, b in zip(idle.y, pressed.y, strict=True))
    assert changed > 500


def test_the_pointer_shows_where_it_is_even_at_the_edges() -> None:
    painter = Painter(640, 360, "t", "s")
    show = Show(Strip(), 0.0, "12:00:00")
    ground = painter.paint(Scene(), show)
    for x, y in [(0, 0), (65535, 0), (32768, 32768), (65535, 65535), (0, 40000)]:
        pointing = painter.paint(Scene(pointing=True, x=x, y=y), show)
        at = min(y * 360 >> 16, 359) * 640 + min(x * 640 >> 16, 639)
        changed = [i for i, (a, b) in enumerate(zip(ground.y, pointing.y, strict=True)) if a != b]
        assert all(abs(i % 640 - at % 640) <= 8 and abs(i // 640 - at // 640) <= 8 for i in changed)
        assert (len(pointing.y), len(pointing.u), len(pointing.v)) == (640 * 360, 320 * 180, 320 * 180)


def test_text_beyond_the_edges_is_cut_off() -> None:
    canvas = Canvas.blank(64, 32)
    canvas.text(40, 28, "wide and low", scale=2, ink=200, paper=20)
    canvas.box(Box(-10, -10, 200, 4), Colour(100))
    assert len(canvas.y) == 64 * 32


def test_the_font_has_every_printable_sign_and_a_box_for_others() -> None:
    assert set(map(chr, range(32, 127))) == set(font.SIGNS)
    assert len(set(font.SIGNS.values())) == 95
    assert font.text_rows("é", 1, 1, 0)[0] == b"\x01\x01\x01\x01\x01\x00"
