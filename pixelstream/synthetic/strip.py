"""The strip along the lower edge of the picture from which a machine reads what the picture shows.

Geometry, in parts of the picture's width W: 2 rows of 40 cells, each W/40 wide and W/80 high, the lower
row on the lower edge. Read row by row from the left, most significant bit first, white is 1:

    marker 4 (1010 live, 1001 clips) · frame 16 · session 16 · inputs 8 · kind 4 · code 8 · x 8 · y 8 · crc 8

The first two cells are always white and black and so give the levels to judge the others by. `strip.js`
reads it in a page. The trap: in clips the packets are made before any player comes, so `session`, `x` and
`y` are 0, `frame` counts within all clips, and `inputs` is the number of the clip (0 idle).
"""

from binascii import crc_hqx
from dataclasses import astuple, dataclass, fields
from enum import IntEnum
from importlib.resources import files
from typing import Final

from pixelstream.synthetic.canvas import Box

COLUMNS: Final = 40
ROWS: Final = 2
LIVE: Final = 0b1010
CLIPS: Final = 0b1001
WHITE: Final = 235
BLACK: Final = 16
MIN_CONTRAST: Final = 60
"""Least difference in luma between the white and the black cell of a picture that has a strip."""

_WIDTHS: Final = (4, 16, 16, 8, 4, 8, 8, 8)
_POLYNOMIAL: Final = 0x07


class Kind(IntEnum):
    """What the last input was; `code` is its key code, button, finger, pad button or length of text."""

    NONE = 0
    KEY = 1
    POINTER = 2
    TOUCH = 3
    TEXT = 4
    GAMEPAD = 5


@dataclass(frozen=True, slots=True)
class Strip:
    """What a strip says. `x` and `y` are the pointer's place in 1/256 of the picture, all others counts."""

    marker: int = LIVE
    frame: int = 0
    session: int = 0
    inputs: int = 0
    kind: int = Kind.NONE
    code: int = 0
    x: int = 0
    y: int = 0


def session_hash(streamer: str, player: str) -> int:
    """Return 16 bits (CRC-16/CCITT) that stand for this player at this streamer."""
    return crc_hqx(f"{streamer}/{player}".encode(), 0xFFFF)


def bits(strip: Strip) -> list[int]:
    """Return the 80 cells of a strip, row by row; numbers too large for their field wrap."""
    payload = 0
    for width, number in zip(_WIDTHS, astuple(strip), strict=True):
        payload = payload << width | number & (1 << width) - 1
    cells = payload << 8 | _crc8(payload.to_bytes(9, "big"))
    return [cells >> shift & 1 for shift in range(COLUMNS * ROWS - 1, -1, -1)]


def cell(width: int, height: int, index: int) -> Box:
    """Return the place of cell `index` in a picture of `width` by `height` pixels."""
    row, column = divmod(index, COLUMNS)
    top = height - (ROWS - row) * cell_height(width)
    return Box(column * width // COLUMNS, top, (column + 1) * width // COLUMNS, top + cell_height(width))


def cell_height(width: int) -> int:
    """Return the height of a cell in a picture `width` pixels wide."""
    return width // (COLUMNS * 2)


def read_strip(luma: bytes | bytearray | memoryview, stride: int, width: int, height: int) -> Strip | None:
    """Read the strip from a luma plane whose rows are `stride` bytes apart; None if there is none.

    Averages the middle of each cell, so it bears compression and scaling down to 320 pixels of width.
    """
    levels = [_level(luma, stride, cell(width, height, index)) for index in range(COLUMNS * ROWS)]
    if levels[0] - levels[1] < MIN_CONTRAST:
        return None
    middle = (levels[0] + levels[1]) / 2
    cells = 0
    for level in levels:
        cells = cells << 1 | (level > middle)
    payload, crc = divmod(cells, 256)
    if _crc8(payload.to_bytes(9, "big")) != crc:
        return None
    strip = _split(payload)
    return strip if strip.marker in (LIVE, CLIPS) else None


def reader_script() -> str:
    """Return the JavaScript that defines `readPixelstreamStrip(video)` for use in a page."""
    return files(__package__).joinpath("strip.js").read_text(encoding="utf-8")


def _split(payload: int) -> Strip:
    numbers: dict[str, int] = {}
    for field, width in zip(reversed(fields(Strip)), reversed(_WIDTHS), strict=True):
        numbers[field.name] = payload & (1 << width) - 1
        payload >>= width
    return Strip(**numbers)


def _level(luma: bytes | bytearray | memoryview, stride: int, box: Box) -> float:
    left, top, right, bottom = box
    inset_x, inset_y = (right - left) // 4, (bottom - top) // 4
    left, right = left + inset_x, right - inset_x
    starts = range((top + inset_y) * stride, (bottom - inset_y) * stride, stride)
    return sum(sum(luma[start + left : start + right]) for start in starts) / ((right - left) * len(starts))


def _crc8(data: bytes) -> int:
    crc = 0xFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc << 1 ^ (_POLYNOMIAL if crc & 0x80 else 0)) & 0xFF
    return crc
