"""A report has numbers and words of a list, and nothing gets in beside them."""

from __future__ import annotations

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pixelstream.protocol.quality import MAX_REPORT, Candidate, Part, QualityError, VisitPhase, parse_report

FULL = {
    "part": "start",
    "age": 1.25,
    "phases": {"queue": 0.1, "seat": 0.05, "signalling": 0.2, "ice": 0.1, "frame": 0.1},
    "firstFrame": 0.45,
    "candidate": "relay",
    "rtt": 0.013,
    "fps": 60,
    "freezes": 2,
    "drop": "idle",
    "ice": "lost",
}


def test_all_fields_are_read() -> None:
    report = parse_report(orjson.dumps(FULL))
    assert (report.part, report.candidate, report.fps) == (Part.START, Candidate.RELAY, 60)
    assert report.phases[VisitPhase.SIGNALLING] == 0.2


def test_a_full_one_fits_well() -> None:
    assert len(orjson.dumps(FULL)) < MAX_REPORT / 2


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("part", "middle"), ("age", -1), ("age", "1"), ("age", 1e12), ("phases", {"other": 1}),
        ("phases", {"queue": -1}), ("firstFrame", -0.1), ("candidate", "10.0.0.1"), ("rtt", 61),
        ("fps", 1001), ("freezes", 1.5), ("freezes", True), ("drop", "because"), ("ice", "1.2.3.4:5"),
    ],
)  # fmt: skip
def test_what_is_out_of_range_is_named_and_not_repeated(field: str, value: object) -> None:
    with pytest.raises(QualityError, match=field) as caught:
        parse_report(orjson.dumps({**FULL, field: value}))
    assert "10.0.0.1" not in str(caught.value)
    assert "because" not in str(caught.value)


def test_there_is_no_field_for_anything_else() -> None:
    with pytest.raises(QualityError) as caught:
        parse_report(orjson.dumps({**FULL, "user@example.org": 1}))
    assert "example" not in str(caught.value)


def test_one_that_is_too_long_is_not_read() -> None:
    with pytest.raises(QualityError, match="1024 bytes"):
        parse_report(b" " * MAX_REPORT + orjson.dumps(FULL))


@given(st.binary(max_size=MAX_REPORT))
def test_bytes_are_a_report_or_refused(data: bytes) -> None:
    try:
        parse_report(data)
    except QualityError:
        return
