"""What is told of a visit: lines that follow each other, spans that fit, and a memory that has bounds."""

from __future__ import annotations

import pytest
from structlog.testing import capture_logs

from pixelstream.apps.matchmaker import visits
from pixelstream.apps.matchmaker.visits import Visits
from pixelstream.matchmaking.effects import Changed, Displaced, Matched, Released
from pixelstream.matchmaking.model import ReleaseReason, SessionState, Way
from pixelstream.protocol.quality import parse_report
from pixelstream.protocol.trace import Step
from tests.support.matchmaking import house

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
PARENT = f"00-{TRACE}-{SPAN}-01"


class Told:
    """A tracer that remembers, and the visits that tell it."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.steps: list[Step] = []
        self.over: list[str] = []
        self.visits = Visits(self, self.over.append, lambda: self.now)

    def tell(self, step: Step) -> None:
        self.steps.append(step)

    async def close(self) -> None: ...

    def matched(self, session: str = "v", waited: float = 5.0) -> None:
        self.visits(Matched(session, "f", "s", 1, waited, None, Way.HANDOFF))

    def released(self, session: str = "v", seconds: float | None = 20.0) -> None:
        self.visits(Released(session, "f", SessionState.CONNECTED, ReleaseReason.LEFT, seconds))


def test_steps_follow_each_other_and_the_whole_visit_spans_them() -> None:
    told = Told()
    told.visits.came("v", "f", PARENT)
    told.now += 5.0
    told.matched()
    told.now += 0.5
    told.visits(Changed("v", SessionState.CONNECTED))
    told.now += 20.0
    told.released()
    times = [(step.name, step.begin - 1000.0, step.end - 1000.0) for step in told.steps]
    assert times == [("queue", 0.0, 5.0), ("seat", 5.0, 5.5), ("visit", 0.0, 25.5)]
    assert {step.link for step in told.steps if step.name != "seat"} == {(TRACE, SPAN)}
    assert told.over == ["v"]


def test_a_seat_is_told_once() -> None:
    told = Told()
    told.matched()
    for state in (SessionState.CONNECTED, SessionState.AWAY, SessionState.CONNECTED):
        told.visits(Changed("v", state))
    assert [step.name for step in told.steps] == ["queue", "seat"]


def test_steps_that_a_page_tells_begin_where_its_seat_was_open() -> None:
    told = Told()
    steps = b'{"queue":9,"seat":0.5,"signalling":1,"frame":0.5}'
    body = b'{"part":"start","age":3,"phases":' + steps + b',"candidate":"host"}'
    told.visits.reported("v", parse_report(body))
    times = [(step.name, step.begin, step.end) for step in told.steps]
    assert times == [("signalling", 997.5, 998.5), ("frame", 998.5, 999.0)]
    assert told.steps[0].attributes == {"candidate": "host"}


def test_a_visit_that_another_replica_has_now_is_told_there() -> None:
    told = Told()
    told.visits.came("v", "f", None)
    told.visits(Displaced("v"))
    told.visits(Changed("v", SessionState.CONNECTED))
    told.visits(Changed("v", SessionState.RELEASED))
    assert told.steps == []
    assert told.over == ["v"]


def test_a_visit_that_began_before_this_process_is_told_by_its_length() -> None:
    told = Told()
    told.released(seconds=600.0)
    assert [(step.begin, step.end) for step in told.steps] == [(400.0, 1000.0)]


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(visits, "KEPT", 3)
    told = Told()
    for n in range(10):
        told.visits.came(f"v{n}", "f", None)
    assert len(told.visits._visits) == 3


@pytest.mark.parametrize(("header", "linked"), [(PARENT, TRACE), ("nonsense", None)])
async def test_a_callers_trace_is_noted_and_is_never_the_visits(header: str, linked: str | None) -> None:
    with capture_logs() as lines:
        async with house() as here:
            made = await here.http.post("/api/v1/sessions", json={}, headers={"traceparent": header})
            assert made.json()["trace"] != TRACE
            player = await here.visit(headers={"traceparent": header})
            assert (await player.waiting())["trace"] != TRACE
    waits = [line for line in lines if line["event"] == "player waits"]
    assert [line.get("linked") for line in waits] == [linked, linked]
