"""A session's trace id is the same everywhere, tells nothing of the session, and is no caller's choice."""

from __future__ import annotations

import re
import secrets

import pytest

from pixelstream.protocol.trace import linked, root_of, trace_of

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


def test_it_is_128_bits_of_hex_and_the_same_each_time() -> None:
    session = secrets.token_urlsafe(16)
    assert re.fullmatch(r"[0-9a-f]{32}", trace_of(session))
    assert trace_of(session) == trace_of(session)
    assert re.fullmatch(r"[0-9a-f]{16}", root_of(trace_of(session)))


def test_it_never_changes_between_releases() -> None:
    assert trace_of("v-1") == "373c751322bef12d6a455569c5f53932"


def test_sessions_have_traces_of_their_own_that_do_not_hold_their_ids() -> None:
    sessions = [secrets.token_urlsafe(16) for _ in range(500)]
    assert len({trace_of(session) for session in sessions}) == 500
    assert not any(session in trace_of(session) for session in sessions)


def test_a_callers_trace_can_be_linked() -> None:
    assert linked(f"00-{TRACE}-{SPAN}-01") == (TRACE, SPAN)
    assert linked(f"01-{TRACE}-{SPAN}-00-more") == (TRACE, SPAN)


@pytest.mark.parametrize(
    "header",
    [
        None, "", "00", f"00-{TRACE}-{SPAN}", f"ff-{TRACE}-{SPAN}-01", f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01", f"00-{TRACE.upper()}-{SPAN}-01", f"00-{TRACE}-{SPAN}-01\n", "x" * 5000,
    ],
)  # fmt: skip
def test_what_is_no_traceparent_links_nothing(header: str | None) -> None:
    assert linked(header) is None
