"""A picture in YUV 4:2:0 as three bytearrays, drawn row by row with slice assignments.

That is the whole trick: no array library is needed as long as nothing is touched pixel by pixel once a
stream runs. The trap: chroma has half the resolution, so coloured boxes begin on even pixels.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NamedTuple, Self

from pixelstream.synthetic import font


class Colour(NamedTuple):
    """A colour in limited-range YUV: luma 16 to 235, chroma 16 to 240 around 128."""

    y: int
    u: int = 128
    v: int = 128


class Box(NamedTuple):
    """A rectangle in pixels; `right` and `bottom` lie just outside it."""

    left: int
    top: int
    right: int
    bottom: int


WHITE: Final = Colour(232)
PALE: Final = Colour(150, 134, 122)
PANEL: Final = Colour(34, 136, 122)
BLUE: Final = Colour(150, 165, 95)
GREEN: Final = Colour(160, 105, 90)
ORANGE: Final = Colour(165, 70, 170)
VIOLET: Final = Colour(140, 160, 150)
RED: Final = Colour(125, 100, 200)


@dataclass(slots=True)
class Canvas:
    """Three planes; the chroma planes are half as wide and half as high as the luma plane."""

    width: int
    height: int
    y: bytearray
    u: bytearray
    v: bytearray

    @classmethod
    def blank(cls, width: int, height: int) -> Self:
        """Return a black canvas. `width` and `height` must be even."""
        chroma = bytearray(b"\x80") * (width * height // 4)
        return cls(width, height, bytearray(b"\x10") * (width * height), chroma, bytearray(chroma))

    def copy(self) -> "Canvas":
        """Return a canvas of its own with the same picture."""
        return Canvas(self.width, self.height, bytearray(self.y), bytearray(self.u), bytearray(self.v))

    def paint(self, colour: Callable[[float, float], Colour]) -> None:
        """Ask `colour` for each two by two pixels, by their place in 0..1; slow, for backgrounds only."""
        rows, columns = self.height // 2, self.width // 2
        for row in range(rows):
            line = [colour(column / columns, row / rows) for column in range(columns)]
            luma = bytearray(self.width)
            luma[0::2] = luma[1::2] = bytes(each.y for each in line)
            self.y[row * 2 * self.width : (row + 1) * 2 * self.width] = luma * 2
            self.u[row * columns : (row + 1) * columns] = bytes(each.u for each in line)
            self.v[row * columns : (row + 1) * columns] = bytes(each.v for each in line)

    def box(self, box: Box, colour: Colour) -> None:
        """Fill a box; what lies beyond the edges is cut off."""
        left, right = max(box.left, 0), min(box.right, self.width)
        top, bottom = max(box.top, 0), min(box.bottom, self.height)
        if left >= right or top >= bottom:
            return
        _fill(self.y, self.width, Box(left, top, right, bottom), colour.y)
        half = Box(left // 2, top // 2, (right + 1) // 2, (bottom + 1) // 2)
        _fill(self.u, self.width // 2, half, colour.u)
        _fill(self.v, self.width // 2, half, colour.v)

    def level(self, box: Box, luma: int) -> None:
        """Fill a box's luma alone; the box must lie within the canvas."""
        _fill(self.y, self.width, box, luma)

    def text(self, left: int, top: int, text: str, *, scale: int, ink: int, paper: int) -> None:
        """Write one line of `text` on ground of luma `paper`, cut off at the edges."""
        room = max(0, (self.width - left) // (font.ADVANCE * scale))
        rows = font.text_rows(text[:room], scale, ink, paper)
        for row, line in enumerate(rows):
            for y in range(top + row * scale, min(top + (row + 1) * scale, self.height)):
                start = y * self.width + left
                self.y[start : start + len(line)] = line

    def stamp(self, left: int, top: int, text: str, *, scale: int, colour: Colour) -> None:
        """Write one line of `text` over what is there: dot by dot, for backgrounds only."""
        for place, sign in enumerate(text):
            for row, line in enumerate(font.SIGNS.get(sign, ())):
                for column in range(font.WIDTH):
                    if line >> (font.WIDTH - 1 - column) & 1:
                        x, y = left + (place * font.ADVANCE + column) * scale, top + row * scale
                        self.box(Box(x, y, x + scale, y + scale), colour)

    def sprite(self, left: int, top: int, sprite: "Sprite", colour: Colour) -> None:
        """Draw a sprite's rows, in `colour`'s chroma; rows and ends beyond the edges are cut off."""
        for row, (indent, line) in enumerate(sprite.rows):
            _put(self.y, self.width, left + indent, top + row, line)
        half_width = self.width // 2
        for row in range(0, len(sprite.rows), 2):
            indent, line = sprite.rows[row]
            for plane, chroma in ((self.u, colour.u), (self.v, colour.v)):
                ground = bytes((chroma,)) * (len(line) // 2)
                _put(plane, half_width, (left + indent) // 2, (top + row) // 2, ground)


@dataclass(frozen=True, slots=True)
class Sprite:
    """A shape of opaque rows: for each row how far it is indented, and its luma."""

    rows: tuple[tuple[int, bytes], ...]

    @classmethod
    def disc(cls, radius: int, rim: int, core: int) -> Self:
        """Return a disc whose luma goes from `core` in the middle to `rim` at its edge."""
        rows = []
        for y in range(-radius, radius):
            half = int((radius * radius - y * y) ** 0.5)
            shade = [_shade((x * x + y * y) / (radius * radius), rim, core) for x in range(-half, half)]
            rows.append((radius - half, bytes(shade)))
        return cls(tuple(rows))


def _shade(part: float, rim: int, core: int) -> int:
    return round(core + (rim - core) * min(part, 1.0))


def _fill(plane: bytearray, stride: int, box: Box, value: int) -> None:
    line = bytes((value,)) * (box.right - box.left)
    for start in range(box.top * stride + box.left, box.bottom * stride + box.left, stride):
        plane[start : start + len(line)] = line


def _put(plane: bytearray, stride: int, left: int, top: int, line: bytes) -> None:
    if not 0 <= top < len(plane) // stride:
        return
    if left < 0:
        line, left = line[-left:], 0
    line = line[: max(0, stride - left)]
    start = top * stride + left
    plane[start : start + len(line)] = line
