"""Unreal's player protocol: what a page and a streamer say to each other over the data channel.

A message is one byte of id, then fields as its layout lists them, little-endian. Towards the streamer a
string is a u16 count of UTF-16 units and those units; from the streamer it is UTF-16LE to the end of the
message. The traps: a front end asks for the initial settings and for quality control only after it has
got a protocol message (id 255), and one that gets an id it does not know throws.
"""

import struct
from dataclasses import dataclass
from enum import Enum
from typing import Final

import orjson

from pixelstream.errors import PixelstreamError

MAX_MESSAGE: Final = 64 * 1024
"""Bytes; WebRTC's own limit for a message that every browser takes."""

PROTOCOL_ID: Final = 255
"""Id of the message that tells a front end the ids and layouts of all others."""

OUT_OF_RANGE: Final = 65535
"""A coordinate beside the video; inside it is 0 to 65535 from the left or top edge to the other."""

Value = int | float | str

_CODES: Final = {"uint8": "B", "uint16": "H", "int16": "h", "float": "f", "double": "d"}
_TOUCH_UE4: Final = struct.Struct("<HHBB")
_TOUCH_UE5: Final = struct.Struct("<HHBBB")


class PlayerDataError(PixelstreamError):
    """A data channel message that is too short, too long or not of its layout."""


@dataclass(frozen=True, slots=True)
class Layout:
    """One kind of message: its name in the protocol message, its id and the types of its fields."""

    name: str
    id: int
    fields: tuple[str, ...] = ()


_BUTTON: Final = ("uint8", "uint16", "uint16")
_TOUCHES: Final = ("uint8", "uint16", "uint16", "uint8", "uint8", "uint8")


class ToStreamer(Enum):
    """What a player sends. Fields are named in the order of the layout."""

    IFRAME_REQUEST = Layout("IFrameRequest", 0)
    REQUEST_QUALITY_CONTROL = Layout("RequestQualityControl", 1)
    FPS_REQUEST = Layout("FpsRequest", 2)
    AVERAGE_BITRATE_REQUEST = Layout("AverageBitrateRequest", 3)
    START_STREAMING = Layout("StartStreaming", 4)
    STOP_STREAMING = Layout("StopStreaming", 5)
    LATENCY_TEST = Layout("LatencyTest", 6, ("string",))
    REQUEST_INITIAL_SETTINGS = Layout("RequestInitialSettings", 7)
    TEST_ECHO = Layout("TestEcho", 8)
    DATA_CHANNEL_LATENCY_TEST = Layout("DataChannelLatencyTest", 9, ("string",))
    UI_INTERACTION = Layout("UIInteraction", 50, ("string",))
    COMMAND = Layout("Command", 51, ("string",))
    TEXTBOX_ENTRY = Layout("TextboxEntry", 52, ("string",))
    KEY_DOWN = Layout("KeyDown", 60, ("uint8", "uint8"))  # key code, is it a repeat
    KEY_UP = Layout("KeyUp", 61, ("uint8",))  # key code
    KEY_PRESS = Layout("KeyPress", 62, ("uint16",))  # UTF-16 unit
    MOUSE_ENTER = Layout("MouseEnter", 70)
    MOUSE_LEAVE = Layout("MouseLeave", 71)
    MOUSE_DOWN = Layout("MouseDown", 72, _BUTTON)  # button, x, y
    MOUSE_UP = Layout("MouseUp", 73, _BUTTON)
    MOUSE_MOVE = Layout("MouseMove", 74, ("uint16", "uint16", "int16", "int16"))  # x, y, by dx, by dy
    MOUSE_WHEEL = Layout("MouseWheel", 75, ("int16", "uint16", "uint16"))  # delta, x, y
    MOUSE_DOUBLE = Layout("MouseDouble", 76, _BUTTON)
    TOUCH_START = Layout("TouchStart", 80, _TOUCHES)  # count, then for each: x, y, finger, force, inside
    TOUCH_END = Layout("TouchEnd", 81, _TOUCHES)
    TOUCH_MOVE = Layout("TouchMove", 82, _TOUCHES)
    GAMEPAD_BUTTON_PRESSED = Layout("GamepadButtonPressed", 90, ("uint8", "uint8", "uint8"))
    GAMEPAD_BUTTON_RELEASED = Layout("GamepadButtonReleased", 91, ("uint8", "uint8", "uint8"))
    GAMEPAD_ANALOG = Layout("GamepadAnalog", 92, ("uint8", "uint8", "double"))  # pad, axis, value
    GAMEPAD_CONNECTED = Layout("GamepadConnected", 93)
    GAMEPAD_DISCONNECTED = Layout("GamepadDisconnected", 94, ("uint8",))


class FromStreamer(Enum):
    """What a streamer sends."""

    QUALITY_CONTROL_OWNERSHIP = Layout("QualityControlOwnership", 0, ("uint8",))
    RESPONSE = Layout("Response", 1, ("string",))
    COMMAND = Layout("Command", 2, ("string",))
    FREEZE_FRAME = Layout("FreezeFrame", 3)
    UNFREEZE_FRAME = Layout("UnfreezeFrame", 4)
    VIDEO_ENCODER_AVG_QP = Layout("VideoEncoderAvgQP", 5, ("string",))
    LATENCY_TEST = Layout("LatencyTest", 6, ("string",))
    INITIAL_SETTINGS = Layout("InitialSettings", 7, ("string",))
    FILE_EXTENSION = Layout("FileExtension", 8, ("string",))
    FILE_MIME_TYPE = Layout("FileMimeType", 9, ("string",))
    FILE_CONTENTS = Layout("FileContents", 10)
    TEST_ECHO = Layout("TestEcho", 11)
    INPUT_CONTROL_OWNERSHIP = Layout("InputControlOwnership", 12, ("uint8",))
    GAMEPAD_RESPONSE = Layout("GamepadResponse", 13, ("string",))
    DATA_CHANNEL_LATENCY_TEST = Layout("DataChannelLatencyTest", 14, ("string",))
    PROTOCOL = Layout("Protocol", PROTOCOL_ID, ("string",))


_TO_STREAMER: Final = {kind.value.id: kind for kind in ToStreamer}
_FROM_STREAMER: Final = {kind.value.id: kind for kind in FromStreamer}
_TOUCH_KINDS: Final = frozenset({ToStreamer.TOUCH_START, ToStreamer.TOUCH_END, ToStreamer.TOUCH_MOVE})
# Front ends have no handler for it and log an error when they are told of one.
_UNANNOUNCED: Final = frozenset({ToStreamer.DATA_CHANNEL_LATENCY_TEST})


@dataclass(frozen=True, slots=True)
class Touch:
    """One finger: `x`, `y` as coordinates of the video, `force` 0 to 255, `inside` the video or not."""

    x: int
    y: int
    finger: int
    force: int = 255
    inside: bool = True


@dataclass(frozen=True, slots=True)
class Message:
    """A decoded message of a player: fields by layout, or the fingers of a touch, or the open body."""

    kind: ToStreamer
    values: tuple[Value, ...] = ()
    touches: tuple[Touch, ...] = ()
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Reply:
    """A decoded message of a streamer: its text, its one number, or the bytes that it has besides."""

    kind: FromStreamer
    text: str = ""
    number: int = 0
    body: bytes = b""


def encode(kind: ToStreamer, *values: Value) -> bytes:
    """Write a message as a player does.

    Raises:
        PlayerDataError: the values do not fit the layout.
    """
    fields = kind.value.fields
    if len(fields) != len(values):
        raise PlayerDataError(f"{kind.value.name} has {len(fields)} field(s), not {len(values)}")
    parts = [bytes((kind.value.id,))]
    try:
        parts += [_pack(field, value) for field, value in zip(fields, values, strict=True)]
    except (struct.error, AttributeError) as error:
        raise PlayerDataError(f"{kind.value.name}: {error}") from None
    return b"".join(parts)


def encode_touches(kind: ToStreamer, *touches: Touch, ue4: bool = False) -> bytes:
    """Write a touch message for any number of fingers; UE 4's layout lacks the byte `inside`.

    Raises:
        PlayerDataError: `kind` is no touch, or a number is out of its range.
    """
    if kind not in _TOUCH_KINDS:
        raise PlayerDataError(f"{kind.value.name} is no touch")
    parts = [bytes((kind.value.id, len(touches) & 0xFF))]
    try:
        for touch in touches:
            numbers = (touch.x, touch.y, touch.finger, touch.force)
            parts.append(_TOUCH_UE4.pack(*numbers) if ue4 else _TOUCH_UE5.pack(*numbers, touch.inside))
    except struct.error as error:
        raise PlayerDataError(f"{kind.value.name}: {error}") from None
    return b"".join(parts)


def decode(data: bytes) -> Message | None:
    """Read a message as a streamer does; None for an id that it does not know, as Unreal ignores those.

    Raises:
        PlayerDataError: empty, too long, or not of the layout that its id stands for.
    """
    _check_size(data)
    kind = _TO_STREAMER.get(data[0])
    if kind is None:
        return None
    if kind in _TOUCH_KINDS:
        return Message(kind, touches=_read_touches(kind, data))
    if kind is ToStreamer.TEST_ECHO:  # whatever follows comes back as it is
        return Message(kind, body=data[1:])
    values, end = _read_fields(kind.value, data)
    if end != len(data):
        raise PlayerDataError(f"{kind.value.name} is {len(data)} bytes long, not {end}")
    return Message(kind, values)


def encode_reply(kind: FromStreamer, content: str | int | bytes = b"") -> bytes:
    """Write a message as a streamer does: text as UTF-16LE to the end, a number as one byte, or bytes."""
    head = bytes((kind.value.id,))
    if isinstance(content, str):
        return head + content.encode("utf-16-le", "surrogatepass")
    if isinstance(content, int):
        return head + bytes((content,))
    return head + content


def decode_reply(data: bytes) -> Reply | None:
    """Read a message as a front end does; None for an id that it does not know.

    Raises:
        PlayerDataError: empty or too long.
    """
    _check_size(data)
    kind = _FROM_STREAMER.get(data[0])
    if kind is None:
        return None
    if kind.value.fields == ("string",):
        return Reply(kind, text=_utf16(data[1:]))
    if kind.value.fields == ("uint8",):
        return Reply(kind, number=data[1] if len(data) > 1 else 0)
    return Reply(kind, body=data[1:])


def protocol_messages() -> tuple[bytes, bytes]:
    """Return the two protocol messages with which a streamer opens (UE 5.1 and later).

    The first gives the ids and layouts towards the streamer (`Direction` 0), the second those from it.
    """
    to_streamer: dict[str, object] = {"Direction": 0}
    from_streamer: dict[str, object] = {"Direction": 1}
    for sent in sorted(set(ToStreamer) - _UNANNOUNCED, key=lambda kind: kind.value.id):
        to_streamer[sent.value.name] = {"id": sent.value.id, "structure": list(sent.value.fields)}
    for answer in FromStreamer:
        from_streamer[answer.value.name] = {"id": answer.value.id, "structure": list(answer.value.fields)}
    return _json_reply(FromStreamer.PROTOCOL, to_streamer), _json_reply(FromStreamer.PROTOCOL, from_streamer)


def initial_settings(*, fps: int, min_bps: int, max_bps: int) -> bytes:
    """Write the answer to `RequestInitialSettings`, with every field that a settings panel shows."""
    return _json_reply(
        FromStreamer.INITIAL_SETTINGS,
        {
            "PixelStreaming": {"AllowPixelStreamingCommands": False, "DisableLatencyTest": False},
            "Encoder": {
                "TargetBitrate": max_bps,
                "MaxBitrate": max_bps,
                "MinQP": 0,
                "MaxQP": 51,
                "MinQuality": 0,
                "MaxQuality": 100,
                "RateControl": "CBR",
                "FillerData": False,
                "MultiPass": "DISABLED",
            },
            "WebRTC": {
                "DegradationPref": "MAINTAIN_FRAMERATE",
                "FPS": fps,
                "MinBitrate": min_bps,
                "MaxBitrate": max_bps,
                "LowQP": 25,
                "HighQP": 37,
            },
        },
    )


def _json_reply(kind: FromStreamer, content: object) -> bytes:
    return encode_reply(kind, orjson.dumps(content).decode())


def _check_size(data: bytes) -> None:
    if not data:
        raise PlayerDataError("empty message")
    if len(data) > MAX_MESSAGE:
        raise PlayerDataError(f"{len(data)} bytes are more than {MAX_MESSAGE}")


def _pack(field: str, value: Value) -> bytes:
    if field == "string":
        text = str(value).encode("utf-16-le", "surrogatepass")
        return struct.pack("<H", len(text) // 2) + text
    return struct.pack("<" + _CODES[field], value)


def _read_fields(layout: Layout, data: bytes) -> tuple[tuple[Value, ...], int]:
    values: list[Value] = []
    at = 1
    for field in layout.fields:
        read = _read_string if field == "string" else _read_number
        value, at = read(layout, field, data, at)
        values.append(value)
    return tuple(values), at


def _read_number(layout: Layout, field: str, data: bytes, at: int) -> tuple[Value, int]:
    code = "<" + _CODES[field]
    try:
        (value,) = struct.unpack_from(code, data, at)
    except struct.error:
        raise PlayerDataError(f"{layout.name} ends after {len(data)} bytes") from None
    return value, at + struct.calcsize(code)


def _read_string(layout: Layout, _field: str, data: bytes, at: int) -> tuple[Value, int]:
    units, at = _read_number(layout, "uint16", data, at)
    end = at + 2 * int(units)
    if end > len(data):
        raise PlayerDataError(f"{layout.name} promises {units} UTF-16 units and ends after {len(data)} bytes")
    return _utf16(data[at:end]), end


def _utf16(data: bytes) -> str:
    # A player may send half a surrogate pair or an odd byte; that must not end his session.
    return data.decode("utf-16-le", "replace")


def _read_touches(kind: ToStreamer, data: bytes) -> tuple[Touch, ...]:
    count = data[1] if len(data) > 1 else 0
    body = memoryview(data)[2:]
    if len(body) == count * _TOUCH_UE5.size:
        return tuple(Touch(x, y, f, p, bool(i)) for x, y, f, p, i in _TOUCH_UE5.iter_unpack(body))
    if len(body) == count * _TOUCH_UE4.size:
        return tuple(Touch(*numbers) for numbers in _TOUCH_UE4.iter_unpack(body))
    raise PlayerDataError(f"{kind.value.name} of {count} finger(s) is {len(data)} bytes long")
