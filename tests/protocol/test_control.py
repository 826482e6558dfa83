"""Messages of the control link survive the wire, and nothing else passes for one."""

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pixelstream.protocol import control
from pixelstream.protocol.control import (
    Claim,
    ControlError,
    Ended,
    EndedReason,
    Granted,
    Refused,
    RefusedReason,
    Release,
    SeatedSession,
    SeatState,
    State,
)

STATE = State(
    seq=3,
    epoch="e",
    stream="s",
    fleet="default",
    engine="5.5",
    version="0.1.0",
    seats=2,
    taken=1,
    ready=True,
    draining=False,
    sessions=(SeatedSession(session="x", state=SeatState.AWAY, fence=9),),
)


@pytest.mark.parametrize(
    "message",
    [
        STATE,
        Granted(claim="c", session="x"),
        Refused(claim="c", session="x", reason=RefusedReason.STALE),
        Ended(session="x", reason=EndedReason.NO_SHOW, seconds=1.5),
    ],
)
def test_a_signalservers_message_survives_the_wire(message: control.FromSignalserver) -> None:
    assert control.parse_from_signalserver(control.encode(message)) == message


@pytest.mark.parametrize(
    "message", [Claim(claim="c", session="x", fence=1, deadline=10.0), Release(session="x")]
)
def test_a_matchmakers_message_survives_the_wire(message: control.FromMatchmaker) -> None:
    assert control.parse_from_matchmaker(control.encode(message).encode()) == message


def test_fields_of_a_newer_peer_are_ignored() -> None:
    wire = orjson.loads(control.encode(STATE)) | {"gpu": "L4"}
    assert control.parse_from_signalserver(orjson.dumps(wire)) == STATE


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "JSON"),
        ("null", "object"),
        ("[]", "object"),
        ("{}", "type"),
        ('{"type": "claim", "claim": "c", "session": "x", "fence": 1, "deadline": 1}', "claim"),
        ('{"type": "granted", "claim": "c"}', "session"),
        ('{"type": "refused", "claim": "c", "session": "x", "reason": "mood"}', "reason"),
        ('{"type": "ended", "session": "x", "reason": "left", "seconds": -1}', "seconds"),
        ('{"type": "granted", "claim": "c", "session": ""}', "session"),
    ],
)
def test_anything_else_is_an_error_that_names_the_fault(text: str, words: str) -> None:
    with pytest.raises(ControlError, match=words):
        control.parse_from_signalserver(text)


def test_a_state_has_a_bounded_number_of_sessions() -> None:
    wire = orjson.loads(control.encode(STATE))
    wire["sessions"] = wire["sessions"] * (control.MAX_SEATS + 1)
    with pytest.raises(ControlError, match="sessions"):
        control.parse_from_signalserver(orjson.dumps(wire))


@given(st.binary(max_size=200))
def test_arbitrary_bytes_raise_a_control_error_and_nothing_else(data: bytes) -> None:
    with pytest.raises(ControlError):
        control.parse_from_matchmaker(data)
