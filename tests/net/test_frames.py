"""Frames against the `websockets` library, in any cut, and against what no honest peer sends."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import Frame as TheirFrame
from websockets.frames import Opcode

from pixelstream.net import frames
from pixelstream.net.frames import FrameError

LIMIT = 1 << 20


@given(payload=st.binary(max_size=70_000), mask=st.booleans())
def test_what_we_build_parses_back(payload: bytes, *, mask: bool) -> None:
    data = frames.build(frames.BINARY, payload, mask=mask)
    assert frames.parse(data, 0, masked=mask, limit=LIMIT) == (True, frames.BINARY, payload, len(data))


@given(payload=st.binary(max_size=70_000), mask=st.booleans(), fin=st.booleans())
def test_frames_of_another_library_are_understood(payload: bytes, *, mask: bool, fin: bool) -> None:
    data = TheirFrame(Opcode.TEXT, payload, fin=fin).serialize(mask=mask, extensions=[])
    assert frames.parse(data, 0, masked=mask, limit=LIMIT) == (fin, frames.TEXT, payload, len(data))


@given(payload=st.binary(max_size=300), cut=st.integers(min_value=0, max_value=313))
def test_an_unfinished_frame_says_what_it_needs_and_never_more_than_the_whole(
    payload: bytes, cut: int
) -> None:
    data = frames.build(frames.TEXT, payload, mask=True)
    head = data[: min(cut, len(data) - 1)]
    need = frames.parse(head, 0, masked=True, limit=LIMIT)
    assert isinstance(need, int)
    assert len(head) < need <= len(data)


@given(junk=st.binary(max_size=64), masked=st.booleans())
def test_junk_is_refused_or_unfinished_but_never_crashes(junk: bytes, *, masked: bool) -> None:
    with contextlib.suppress(FrameError):
        frames.parse(junk, 0, masked=masked, limit=LIMIT)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"\xc1\x80abcd", 1002),  # a reserved bit
        (b"\x83\x80abcd", 1002),  # an unknown opcode
        (b"\x81\x00", 1002),  # an unmasked client
        (b"\x09\x80abcd", 1002),  # a fragmented ping
        (b"\x88\xfe\x00\x7eabcd", 1002),  # a close frame of 126 bytes
        (b"\x81\xff\xff\xff\xff\xff\xff\xff\xff\xffabcd", 1009),  # 2^64 - 1 bytes announced
    ],
)
def test_what_breaks_the_rfc_earns_its_close_code(data: bytes, code: int) -> None:
    with pytest.raises(FrameError) as caught:
        frames.parse(data, 0, masked=True, limit=LIMIT)
    assert caught.value.code == code


def test_a_close_reason_is_cut_on_the_edge_of_a_character() -> None:
    payload = frames.close_payload(1013, "ü" * 200)
    assert len(payload) <= frames.MAX_CONTROL
    assert frames.read_close(payload) == (1013, "ü" * 61)


@pytest.mark.parametrize("payload", [b"\x03", b"\x03\xed", b"\x03\xee", b"\x00\x01", b"\x03\xe8\xff"])
def test_a_malformed_close_is_an_error(payload: bytes) -> None:
    with pytest.raises(FrameError):
        frames.read_close(payload)


def test_a_close_without_a_code_counts_as_1005() -> None:
    assert frames.read_close(b"") == (1005, "")
