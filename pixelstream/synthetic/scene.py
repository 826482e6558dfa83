"""What the players' input has done: the state that the picture shows and the strip tells.

Pure state, no clock. The trap: pointer moves come by the hundred a second, so they change what the next
picture shows but are no reason to make one at once; presses are.
"""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from pixelstream.protocol.playerdata import Message, ToStreamer, Touch
from pixelstream.synthetic.strip import Kind

MAX_TYPED: Final = 24
"""Signs of the line that shows what was typed; older ones leave it."""

MAX_HELD: Final = 8
"""Keys and fingers shown at once; a player cannot make the state grow."""


@dataclass(slots=True)
class Scene:
    """The state of one stream, shared by its players as in Unreal.

    `x` and `y` are the pointer's place, 0 to 65535. `inputs` counts presses of all kinds.
    """

    players: tuple[str, ...] = ()
    inputs: int = 0
    kind: Kind = Kind.NONE
    code: int = 0
    event: str = "waiting for input"
    typed: str = ""
    x: int = 0
    y: int = 0
    pointing: bool = False
    pressed: bool = False
    held: "OrderedDict[int, None]" = field(default_factory=OrderedDict)
    touches: "OrderedDict[int, Touch]" = field(default_factory=OrderedDict)

    def apply(self, message: Message) -> bool:
        """Take in a message; True if it was a press, which the picture is to show at once."""
        action = _ACTIONS.get(message.kind)
        return action(self, message) if action else False

    def clear(self) -> None:
        """Forget all that the last player did, so that the next one sees none of it."""
        self.held.clear()
        self.touches.clear()
        self.inputs, self.kind, self.code = 0, Kind.NONE, 0
        self.typed, self.event = "", "waiting for input"
        self.x = self.y = 0
        self.pointing = self.pressed = False

    def press(self, kind: Kind, code: int, event: str) -> bool:
        """Count an input; always True."""
        self.inputs += 1
        self.kind, self.code, self.event = kind, code & 0xFF, event
        return True


def _integers(message: Message) -> tuple[int, ...]:
    return tuple(int(value) for value in message.values)


def _key_down(scene: Scene, message: Message) -> bool:
    code, repeat = _integers(message)
    scene.held[code] = None
    _bound(scene.held)
    return scene.press(Kind.KEY, code, f"key {code} down{' again' if repeat else ''}")


def _key_up(scene: Scene, message: Message) -> bool:
    (code,) = _integers(message)
    scene.held.pop(code, None)
    scene.event = f"key {code} up"
    return False


def _key_press(scene: Scene, message: Message) -> bool:
    (unit,) = _integers(message)
    scene.typed = (scene.typed + chr(unit))[-MAX_TYPED:]
    return False  # a key down came before it


def _mouse_enter(scene: Scene, _message: Message) -> bool:
    scene.pointing = True
    return False


def _mouse_leave(scene: Scene, _message: Message) -> bool:
    scene.pointing = scene.pressed = False
    return False


def _mouse_move(scene: Scene, message: Message) -> bool:
    scene.x, scene.y, _, _ = _integers(message)
    scene.pointing = True
    return False


def _mouse_down(scene: Scene, message: Message) -> bool:
    button, scene.x, scene.y = _integers(message)
    scene.pointing = scene.pressed = True
    return scene.press(Kind.POINTER, button, f"button {button} down")


def _mouse_up(scene: Scene, message: Message) -> bool:
    button, scene.x, scene.y = _integers(message)
    scene.pressed = False
    scene.event = f"button {button} up"
    return False


def _mouse_wheel(scene: Scene, message: Message) -> bool:
    delta, scene.x, scene.y = _integers(message)
    return scene.press(Kind.POINTER, 8 if delta > 0 else 9, f"wheel {delta:+d}")


def _touch_start(scene: Scene, message: Message) -> bool:
    _touch_move(scene, message)
    finger = message.touches[0].finger if message.touches else 0
    return scene.press(Kind.TOUCH, finger, f"touch {finger} start")


def _touch_move(scene: Scene, message: Message) -> bool:
    for touch in message.touches[:MAX_HELD]:
        scene.touches[touch.finger] = touch
        scene.x, scene.y = touch.x, touch.y
    _bound(scene.touches)
    return False


def _touch_end(scene: Scene, message: Message) -> bool:
    for touch in message.touches:
        scene.touches.pop(touch.finger, None)
        scene.event = f"touch {touch.finger} end"
    return False


def _text(scene: Scene, message: Message) -> bool:
    text = str(message.values[0])
    return scene.press(Kind.TEXT, len(text), f"{message.kind.value.name} {text[:40]}")


def _command(scene: Scene, message: Message) -> bool:
    # Front ends send half a dozen of these by themselves as they start: settings, not input.
    scene.event = f"command {str(message.values[0])[:40]}"
    return False


def _pad_pressed(scene: Scene, message: Message) -> bool:
    pad, button, _ = _integers(message)
    return scene.press(Kind.GAMEPAD, button, f"pad {pad} button {button}")


def _pad_analog(scene: Scene, message: Message) -> bool:
    pad, axis, value = message.values
    scene.event = f"pad {pad} axis {axis} {value:+.2f}"
    return False


def _bound(held: "OrderedDict[int, None] | OrderedDict[int, Touch]") -> None:
    while len(held) > MAX_HELD:
        held.popitem(last=False)


_ACTIONS: Final[dict[ToStreamer, Callable[[Scene, Message], bool]]] = {
    ToStreamer.KEY_DOWN: _key_down,
    ToStreamer.KEY_UP: _key_up,
    ToStreamer.KEY_PRESS: _key_press,
    ToStreamer.MOUSE_ENTER: _mouse_enter,
    ToStreamer.MOUSE_LEAVE: _mouse_leave,
    ToStreamer.MOUSE_MOVE: _mouse_move,
    ToStreamer.MOUSE_DOWN: _mouse_down,
    ToStreamer.MOUSE_DOUBLE: _mouse_down,
    ToStreamer.MOUSE_UP: _mouse_up,
    ToStreamer.MOUSE_WHEEL: _mouse_wheel,
    ToStreamer.TOUCH_START: _touch_start,
    ToStreamer.TOUCH_MOVE: _touch_move,
    ToStreamer.TOUCH_END: _touch_end,
    ToStreamer.UI_INTERACTION: _text,
    ToStreamer.COMMAND: _command,
    ToStreamer.TEXTBOX_ENTRY: _text,
    ToStreamer.GAMEPAD_BUTTON_PRESSED: _pad_pressed,
    ToStreamer.GAMEPAD_ANALOG: _pad_analog,
}
