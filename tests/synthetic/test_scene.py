"""What input does to the scene, and what the streamer answers; without any socket."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pixelstream.protocol import playerdata
from pixelstream.protocol.playerdata import FromStreamer, Reply, ToStreamer, Touch, Value, decode, encode
from pixelstream.settings.streamer import StreamerSettings
from pixelstream.synthetic.dialogue import Dialogue
from pixelstream.synthetic.scene import MAX_HELD, MAX_TYPED, Scene
from pixelstream.synthetic.strip import Kind


def apply(scene: Scene, kind: ToStreamer, *values: Value) -> bool:
    message = decode(encode(kind, *values))
    assert message is not None
    return scene.apply(message)


@pytest.mark.parametrize(
    ("kind", "values", "shown", "code"),
    [
        (ToStreamer.KEY_DOWN, (65, 0), Kind.KEY, 65),
        (ToStreamer.MOUSE_DOWN, (2, 1, 1), Kind.POINTER, 2),
        (ToStreamer.MOUSE_DOUBLE, (0, 1, 1), Kind.POINTER, 0),
        (ToStreamer.MOUSE_WHEEL, (-120, 1, 1), Kind.POINTER, 9),
        (ToStreamer.UI_INTERACTION, ("abc",), Kind.TEXT, 3),
        (ToStreamer.TEXTBOX_ENTRY, ("x",), Kind.TEXT, 1),
        (ToStreamer.GAMEPAD_BUTTON_PRESSED, (0, 7, 0), Kind.GAMEPAD, 7),
    ],
)
def test_a_press_counts_and_is_to_be_shown_at_once(
    kind: ToStreamer, values: tuple[Value, ...], shown: Kind, code: int
) -> None:
    scene = Scene()
    assert apply(scene, kind, *values)
    assert (scene.inputs, scene.kind, scene.code) == (1, shown, code)


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        (ToStreamer.KEY_UP, (65,)),
        (ToStreamer.KEY_PRESS, (65,)),
        (ToStreamer.MOUSE_MOVE, (1, 2, 3, 4)),
        (ToStreamer.MOUSE_UP, (0, 1, 2)),
        (ToStreamer.COMMAND, ('{"Encoder.MinQP":0}',)),
        (ToStreamer.MOUSE_ENTER, ()),
        (ToStreamer.MOUSE_LEAVE, ()),
        (ToStreamer.GAMEPAD_ANALOG, (0, 1, 0.5)),
        (ToStreamer.GAMEPAD_BUTTON_RELEASED, (0, 1, 0)),
    ],
)
def test_releases_and_moves_can_wait(kind: ToStreamer, values: tuple[Value, ...]) -> None:
    scene = Scene()
    assert not apply(scene, kind, *values)
    assert scene.inputs == 0


def test_the_pointer_is_followed_and_a_pressed_button_is_remembered() -> None:
    scene = Scene()
    apply(scene, ToStreamer.MOUSE_MOVE, 1000, 2000, 0, 0)
    apply(scene, ToStreamer.MOUSE_DOWN, 0, 3000, 4000)
    assert (scene.x, scene.y, scene.pointing, scene.pressed) == (3000, 4000, True, True)
    apply(scene, ToStreamer.MOUSE_LEAVE)
    assert not scene.pointing


def test_fingers_come_move_and_go() -> None:
    scene = Scene()
    for kind, touches in (
        (ToStreamer.TOUCH_START, [Touch(1, 1, 0), Touch(2, 2, 1)]),
        (ToStreamer.TOUCH_MOVE, [Touch(9, 9, 1)]),
        (ToStreamer.TOUCH_END, [Touch(1, 1, 0)]),
    ):
        message = decode(playerdata.encode_touches(kind, *touches))
        assert message is not None
        scene.apply(message)
    assert list(scene.touches.values()) == [Touch(9, 9, 1)]
    assert (scene.inputs, scene.kind) == (1, Kind.TOUCH)


@given(st.lists(st.integers(0, 255), max_size=60))
def test_a_player_cannot_make_the_scene_grow(codes: list[int]) -> None:
    scene = Scene()
    for code in codes:
        apply(scene, ToStreamer.KEY_DOWN, code, 0)
        apply(scene, ToStreamer.KEY_PRESS, code)
    assert len(scene.held) <= MAX_HELD
    assert len(scene.typed) <= MAX_TYPED


def test_a_cleared_scene_shows_nothing_of_the_last_player() -> None:
    scene = Scene(players=("102",))
    for kind in ToStreamer:
        message = decode(encode(kind, *(1 for _ in kind.value.fields)))
        assert message is None or scene.apply(message) in {True, False}
    assert scene != Scene(players=("102",))
    scene.clear()
    assert scene == Scene(players=("102",))


class Channel:
    """A data channel's other end: what the streamer said and did."""

    def __init__(self) -> None:
        self.sent: list[Reply] = []
        self.pressed = self.keys = 0
        self.dialogue = Dialogue(
            StreamerSettings(),
            Scene(),
            send=self._take,
            pressed=self._press,
            key_wanted=self._key,
            now_ms=lambda: 1234,
        )

    def _take(self, data: bytes) -> None:
        reply = playerdata.decode_reply(data)
        assert reply is not None
        self.sent.append(reply)

    def _press(self) -> None:
        self.pressed += 1

    def _key(self) -> None:
        self.keys += 1

    def say(self, kind: ToStreamer, *values: Value) -> list[Reply]:
        self.sent.clear()
        self.dialogue.received(encode(kind, *values))
        return self.sent


def test_the_streamer_opens_with_its_protocol_only_where_the_engine_does() -> None:
    channel = Channel()
    channel.dialogue.opened(announce=False)
    assert channel.sent == []
    channel.dialogue.opened(announce=True)
    assert [reply.kind for reply in channel.sent] == [FromStreamer.PROTOCOL] * 2


def test_requests_are_answered() -> None:
    channel = Channel()
    (settings,) = channel.say(ToStreamer.REQUEST_INITIAL_SETTINGS)
    assert json.loads(settings.text)["WebRTC"]["FPS"] == 30
    (quality,) = channel.say(ToStreamer.REQUEST_QUALITY_CONTROL)
    assert (quality.kind, quality.number) == (FromStreamer.QUALITY_CONTROL_OWNERSHIP, 1)
    (latency,) = channel.say(ToStreamer.LATENCY_TEST, '{"StartTime": 1}')
    assert json.loads(latency.text)["ReceiptTimeMs"] == 1234
    asked = '{"Seq": 7, "FillResponseSize": 3}'
    (filled,) = channel.say(ToStreamer.DATA_CHANNEL_LATENCY_TEST, asked)
    assert json.loads(filled.text)["Filler"] == "AAA"
    (response,) = channel.say(ToStreamer.UI_INTERACTION, '{"a": 1}')
    assert (response.kind, response.text) == (FromStreamer.RESPONSE, '{"a": 1}')
    assert channel.say(ToStreamer.IFRAME_REQUEST) == []
    assert channel.keys == 1


def test_an_echo_comes_back_as_it_was() -> None:
    channel = Channel()
    channel.dialogue.received(b"\x08abc")
    assert channel.sent[0].body == b"abc"


@given(st.binary(min_size=1, max_size=40))
def test_no_message_breaks_the_dialogue(data: bytes) -> None:
    Channel().dialogue.received(data)


@pytest.mark.parametrize("text", ["", "[]", '{"Seq": null}', '{"Seq": 1, "FillResponseSize": {}}'])
def test_a_bad_latency_test_is_counted_and_dropped(text: str) -> None:
    channel = Channel()
    assert channel.say(ToStreamer.DATA_CHANNEL_LATENCY_TEST, text) == []
    assert channel.dialogue.bad == 1
