"""The player protocol, against bytes written out by hand and against itself."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pixelstream.protocol import playerdata
from pixelstream.protocol.playerdata import FromStreamer, Message, PlayerDataError, ToStreamer, Touch, Value

NUMBERS: dict[str, st.SearchStrategy[Value]] = {
    "uint8": st.integers(0, 255),
    "uint16": st.integers(0, 65535),
    "int16": st.integers(-32768, 32767),
    "double": st.floats(allow_nan=False),
    "string": st.text(max_size=50),
}


@pytest.mark.parametrize(
    ("kind", "values", "wire"),
    [
        (ToStreamer.KEY_DOWN, (65, 1), "3c 41 01"),
        (ToStreamer.KEY_UP, (65,), "3d 41"),
        (ToStreamer.KEY_PRESS, (0x20AC,), "3e ac 20"),
        (ToStreamer.MOUSE_DOWN, (2, 0x1234, 0xFFFF), "48 02 34 12 ff ff"),
        (ToStreamer.MOUSE_MOVE, (1, 2, -1, 32767), "4a 01 00 02 00 ff ff ff 7f"),
        (ToStreamer.MOUSE_WHEEL, (-120, 3, 4), "4b 88 ff 03 00 04 00"),
        (ToStreamer.UI_INTERACTION, ("h€",), "32 02 00 68 00 ac 20"),
        (ToStreamer.GAMEPAD_ANALOG, (1, 2, 1.0), "5c 01 02 00 00 00 00 00 00 f0 3f"),
        (ToStreamer.REQUEST_INITIAL_SETTINGS, (), "07"),
    ],
)
def test_a_message_is_these_bytes(kind: ToStreamer, values: tuple[Value, ...], wire: str) -> None:
    data = bytes.fromhex(wire)
    assert playerdata.encode(kind, *values) == data
    assert playerdata.decode(data) == Message(kind, values)


@given(st.data())
def test_every_layout_reads_what_it_writes(data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(list(ToStreamer)))
    values = tuple(data.draw(NUMBERS[field]) for field in kind.value.fields)
    message = playerdata.decode(playerdata.encode(kind, *values) if kind.name[:5] != "TOUCH" else b"\x52\x00")
    assert message is not None
    if kind.name[:5] != "TOUCH":
        assert message == Message(kind, values)


@given(st.lists(st.builds(Touch, *[st.integers(0, 65535)] * 2, *[st.integers(0, 255)] * 2, st.booleans())))
def test_any_number_of_fingers_comes_back(touches: list[Touch]) -> None:
    wire = playerdata.encode_touches(ToStreamer.TOUCH_MOVE, *touches)
    message = playerdata.decode(wire)
    assert message is not None
    assert message.touches == tuple(touches)


def test_ue4_touches_lack_the_byte_that_says_inside() -> None:
    wire = playerdata.encode_touches(ToStreamer.TOUCH_START, Touch(1, 2, 3, 4), Touch(5, 6, 7, 8), ue4=True)
    assert wire == bytes.fromhex("50 02 01 00 02 00 03 04 05 00 06 00 07 08")
    message = playerdata.decode(wire)
    assert message is not None
    assert message.touches == (Touch(1, 2, 3, 4), Touch(5, 6, 7, 8))


@given(st.binary(max_size=64))
def test_no_bytes_do_worse_than_a_playerdata_error(data: bytes) -> None:
    try:
        playerdata.decode(data)
        playerdata.decode_reply(data)
    except PlayerDataError:
        pass


@pytest.mark.parametrize("wire", ["", "3c 41", "3d 41 00", "32 05 00 68 00", "50 02 00", "4a"])
def test_a_message_that_is_not_of_its_layout_is_refused(wire: str) -> None:
    with pytest.raises(PlayerDataError):
        playerdata.decode(bytes.fromhex(wire))


def test_an_unknown_id_is_none_and_an_oversized_message_an_error() -> None:
    assert playerdata.decode(b"\xc8\x01\x02") is None
    assert playerdata.decode_reply(b"\xc8") is None
    with pytest.raises(PlayerDataError, match="more than"):
        playerdata.decode(bytes(playerdata.MAX_MESSAGE + 1))


@pytest.mark.parametrize(("kind", "values"), [(ToStreamer.KEY_DOWN, (1,)), (ToStreamer.KEY_UP, (256,))])
def test_values_that_do_not_fit_are_refused(kind: ToStreamer, values: tuple[int, ...]) -> None:
    with pytest.raises(PlayerDataError, match="Key"):
        playerdata.encode(kind, *values)


def test_half_a_surrogate_pair_ends_no_session() -> None:
    message = playerdata.decode(bytes.fromhex("34 01 00 3d d8"))
    assert message is not None
    assert message.kind is ToStreamer.TEXTBOX_ENTRY


def test_the_protocol_messages_are_id_255_and_json_in_utf_16_for_both_directions() -> None:
    to_streamer, from_streamer = playerdata.protocol_messages()
    assert to_streamer[0] == from_streamer[0] == 255
    outward = json.loads(to_streamer[1:].decode("utf-16-le"))
    inward = json.loads(from_streamer[1:].decode("utf-16-le"))
    assert (outward.pop("Direction"), inward.pop("Direction")) == (0, 1)
    assert outward["KeyDown"] == {"id": 60, "structure": ["uint8", "uint8"]}
    assert outward["TouchStart"]["structure"] == ["uint8", "uint16", "uint16", "uint8", "uint8", "uint8"]
    assert inward["InitialSettings"]["id"] == 7
    assert len(outward) == len(ToStreamer) - 1
    assert "DataChannelLatencyTest" not in outward, "no front end has a handler for it"


def test_initial_settings_have_every_block_a_settings_panel_reads() -> None:
    reply = playerdata.decode_reply(playerdata.initial_settings(fps=30, min_bps=100, max_bps=2000))
    assert reply is not None
    assert reply.kind is FromStreamer.INITIAL_SETTINGS
    settings = json.loads(reply.text)
    assert settings["WebRTC"]["FPS"] == 30
    assert settings["Encoder"]["MaxBitrate"] == 2000
    assert settings["PixelStreaming"] == {"AllowPixelStreamingCommands": False, "DisableLatencyTest": False}


def test_quality_control_is_answered_by_two_bytes() -> None:
    wire = playerdata.encode_reply(FromStreamer.QUALITY_CONTROL_OWNERSHIP, 1)
    assert wire == b"\x00\x01"
    reply = playerdata.decode_reply(wire)
    assert reply is not None
    assert (reply.kind, reply.number) == (FromStreamer.QUALITY_CONTROL_OWNERSHIP, 1)
