"""Paints what a stream shows: ground, title, clock, players, a moving disc, the input, and the strip.

All that stays is painted once; a picture then costs three copies and some rows. The trap: boxes that
text is written into must have the luma that the text takes for its ground.
"""

from dataclasses import dataclass
from math import cos, pi, sin
from typing import Final

from pixelstream.synthetic import canvas as c
from pixelstream.synthetic import font, strip
from pixelstream.synthetic.canvas import Box, Canvas, Colour, Sprite
from pixelstream.synthetic.scene import MAX_TYPED, Scene
from pixelstream.synthetic.strip import Kind, Strip

PERIOD: Final = 2.0
"""Seconds after which the motion repeats; a clip of this length loops without a jump."""

_COLOURS: Final = {
    Kind.NONE: c.BLUE,
    Kind.KEY: c.GREEN,
    Kind.POINTER: c.ORANGE,
    Kind.TOUCH: c.VIOLET,
    Kind.TEXT: c.RED,
    Kind.GAMEPAD: c.GREEN,
}
_KIND_WORDS: Final = ("no input yet", "key", "pointer", "touch", "text", "gamepad")


@dataclass(frozen=True, slots=True)
class Show:
    """What one picture shows beside the scene: the strip's words, seconds of motion, the clock's text."""

    strip: Strip
    seconds: float
    clock: str


class Painter:
    """Paints pictures of one size for one stream."""

    def __init__(self, width: int, height: int, title: str, subtitle: str) -> None:
        self.unit = width // 320  # pixels: 4 at 1280, 2 at 640
        self._ground = _ground(width, height, self.unit, title, subtitle)
        self._disc = Sprite.disc(self.unit * 20, 110, 225)
        self._cursor = Sprite.disc(self.unit * 4, 235, 60)
        self._finger = Sprite.disc(self.unit * 7, 235, 120)

    def paint(self, scene: Scene, show: Show) -> Canvas:
        """Return the next picture."""
        picture = self._ground.copy()
        self._disc_at(picture, show.seconds, _COLOURS[scene.kind])
        self._lines(picture, scene, show)
        self._pointers(picture, scene)
        self._strip(picture, show.strip)
        return picture

    def _disc_at(self, picture: Canvas, seconds: float, colour: Colour) -> None:
        radius = len(self._disc.rows) // 2
        angle = 2 * pi * seconds / PERIOD
        x = picture.width * (0.76 + 0.12 * sin(angle))
        y = picture.height * (0.55 + 0.22 * cos(angle))
        picture.sprite(round(x) - radius, round(y) - radius, self._disc, colour)

    def _lines(self, picture: Canvas, scene: Scene, show: Show) -> None:
        panel = _panel(picture.height, self.unit)
        left, top, gap = panel.left + 3 * self.unit, panel.top + 3 * self.unit, 11 * self.unit
        players = ", ".join(scene.players) or "none"
        lines = (
            show.clock,
            f"frame  {show.strip.frame}",
            f"player {players}",
            f"inputs {scene.inputs}  {_KIND_WORDS[scene.kind]}",
            scene.event,
            "held " + " ".join(map(str, scene.held)) if scene.held else "",
            f"> {scene.typed}" if scene.typed else "",
        )
        room = (panel.right - left) // (font.ADVANCE * self.unit)
        for number, line in enumerate(lines):
            ink = c.WHITE.y if number != 1 else c.PALE.y
            text = line.ljust(MAX_TYPED)[:room]
            picture.text(left, top + number * gap, text, scale=self.unit, ink=ink, paper=c.PANEL.y)
        lamp = Box(panel.left, panel.top - 2 * self.unit, panel.right, panel.top)
        picture.box(lamp, _COLOURS[scene.kind])

    def _pointers(self, picture: Canvas, scene: Scene) -> None:
        for touch in scene.touches.values():
            self._spot(picture, self._finger, touch.x, touch.y, c.VIOLET)
        if scene.pointing:
            self._spot(picture, self._cursor, scene.x, scene.y, c.ORANGE if scene.pressed else c.WHITE)

    def _spot(self, picture: Canvas, sprite: Sprite, x: int, y: int, colour: Colour) -> None:
        radius = len(sprite.rows) // 2
        across, down = x * picture.width >> 16, y * picture.height >> 16
        picture.sprite(across - radius, down - radius, sprite, colour)

    def _strip(self, picture: Canvas, words: Strip) -> None:
        for index, bit in enumerate(strip.bits(words)):
            luma = strip.WHITE if bit else strip.BLACK
            picture.level(strip.cell(picture.width, picture.height, index), luma)


def _panel(height: int, unit: int) -> Box:
    left, top = 8 * unit, round(height * 0.32) & ~1
    return Box(left, top, left + (26 * font.ADVANCE + 4) * unit, min(top + 82 * unit, height - 16 * unit))


def _ground(width: int, height: int, unit: int, title: str, subtitle: str) -> Canvas:
    picture = Canvas.blank(width, height)
    picture.paint(_dusk)
    for x in range(0, width, 16 * unit):
        picture.box(Box(x, 0, x + 2, height), Colour(30, 140, 122))
    for y in range(0, height, 16 * unit):
        picture.box(Box(0, y, width, y + 2), Colour(30, 140, 122))
    picture.stamp(8 * unit, 8 * unit, title, scale=3 * unit, colour=c.WHITE)
    picture.stamp(8 * unit, 34 * unit, subtitle, scale=unit, colour=c.PALE)
    picture.box(_panel(height, unit), c.PANEL)
    below = height - strip.ROWS * strip.cell_height(width)
    picture.box(Box(0, below, width, height), Colour(strip.BLACK))
    return picture


def _dusk(x: float, y: float) -> Colour:
    glow = max(0.0, 1 - ((x - 0.7) ** 2 + (y - 0.4) ** 2) * 2.2)
    return Colour(round(18 + 34 * glow), round(136 + 12 * (1 - y)), round(122 + 8 * glow))
