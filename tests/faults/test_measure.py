"""The measure itself: what is lost is counted, and a gap is as long as it was."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson
import pytest

from pixelstream.relay.seats import Seats
from tests.faults import pure, report, runner
from tests.faults.fault import Fault, Form, Outcome, Unexpected
from tests.faults.gaps import Silence, Unanswered
from tests.faults.machine import nginx
from tests.faults.machine.roll import Roll
from tests.faults.sessions.closing import loss
from tests.faults.sessions.line import Turn, overtaken
from tests.faults.sessions.visitor import Seat


class Played:
    """A session of which a test says what becomes of it."""

    def __init__(self, name: str, *, lost: str | None = None, ends: bool = False) -> None:
        self.name = name
        self.lost, self._ends = lost, ends
        self.media_gap, self.signalling_gap = 0.5, 1.5
        self.marks = 0

    async def mark(self) -> None:
        self.marks += 1

    async def steady(self, within: float) -> None:
        if self._ends:
            raise TimeoutError("no pictures")


class Stage:
    """A ground with such sessions."""

    name = "stage"

    def __init__(self, *sessions: Played, repeat: int | None = None) -> None:
        self.form = Form(repeat=repeat)
        self.ended: list[str] = []
        self._sessions = sessions

    @property
    def sessions(self) -> Sequence[Played]:
        return self._sessions

    async def whole(self) -> list[str]:
        return self.ended

    async def visit(self) -> None: ...


async def strike(_: Stage) -> None: ...


async def strike_in_vain(_: Stage) -> None:
    raise Unexpected("nothing broke")


async def judged(fault: Fault[Stage], *sessions: Played, repeat: int | None = None) -> Outcome:
    (outcome,) = await runner.run(Stage(*sessions, repeat=repeat), [fault], lambda *_: None)
    return outcome


async def test_what_goes_on_is_not_lost() -> None:
    session = Played("a")
    outcome = await judged(Fault("f", "a fault", strike, short=3), session)
    assert (outcome.repetitions, outcome.played, outcome.lost, session.marks) == (3, 3, [], 3)
    assert (outcome.media_gap, outcome.signalling_gap, outcome.good) == (0.5, 1.5, True)


@pytest.mark.parametrize("session", [Played("a", lost="another seat"), Played("a", ends=True)])
async def test_a_session_that_is_lost_or_stays_silent_is_counted_each_time(session: Played) -> None:
    outcome = await judged(Fault("f", "a fault", strike), session, Played("b"), repeat=2)
    assert (outcome.repetitions, outcome.played, len(outcome.lost), outcome.good) == (2, 4, 2, False)
    assert report.line([outcome]) == "faults 1, repetitions 2, sessions lost 2"


async def test_a_strike_that_does_nothing_is_no_success() -> None:
    outcome = await judged(Fault("f", "a fault", strike_in_vain, short=1), Played("a"))
    assert (outcome.lost, outcome.wrong) == ([], ["repetition 1: nothing broke"])
    assert not report.good([outcome])
    assert report.line([outcome]).endswith("sessions lost 0, not as described 1")


async def test_a_process_that_ends_by_itself_is_told() -> None:
    stage = Stage(Played("a"))
    stage.ended = ["matchmaker-1"]
    (outcome,) = await runner.run(stage, [Fault("f", "a fault", strike, short=1)], lambda *_: None)
    assert outcome.wrong == ["before repetition 1: matchmaker-1 had ended by itself"]


def test_runs_of_grounds_forms_and_faults_share_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report, "ARTIFACTS", tmp_path)
    report.write("machine", "short", [Outcome("f", "a fault", repetitions=2, lost=["why"])])
    report.write("machine", "short", [Outcome("g", "another", repetitions=1)])
    found = orjson.loads(report.write("cluster", "long", []).read_bytes())
    machine = found["machine, short"]
    assert (machine["faults"], machine["repetitions"], machine["sessions_lost"]) == (2, 3, 1)
    assert found["cluster, long"]["faults"] == 0
    assert [one.name for one in report.read("machine", "short")] == ["f", "g"]
    assert report.read("machine", "long") == []


def test_a_silence_counts_from_the_mark_and_while_it_lasts() -> None:
    silence = Silence(0.0)
    silence.mark(10.0)
    silence.sign(10.1)
    silence.sign(12.1)
    assert silence.longest(12.2) == pytest.approx(2.0)
    assert silence.longest(20.1) == pytest.approx(8.0)


def test_the_oldest_question_counts_until_it_is_answered() -> None:
    asked = Unanswered()
    for at in (1.0, 1.25, 1.5):
        asked.ask(at)
    assert asked.longest(2.0) == pytest.approx(1.0)
    asked.answer(3.0)
    asked.ask(4.0)
    assert asked.longest(4.5) == pytest.approx(2.0)
    asked.mark()
    assert asked.longest(9.0) == 0.0


@pytest.mark.parametrize(
    ("code", "reason", "ends"),
    [
        (1000, "", True),
        (1008, "the lease has expired", True),
        (1011, "kicked", True),
        (1012, "the streamer is gone", True),
        (1013, "the server drains", True),
        (1006, "", False),
        (1011, "", False),
        (1012, "", False),
        (1013, "the stream cannot be reached now", False),
        (None, "server rejected WebSocket connection: HTTP 502", False),
    ],
)
def test_only_a_close_that_the_page_does_not_come_back_from_ends_a_session(
    code: int | None, reason: str, *, ends: bool
) -> None:
    assert (loss(code, reason) is not None) is ends


def test_who_is_gone_from_its_streamer_is_missing_and_who_came_again_is_not(tmp_path: Path) -> None:
    log = tmp_path / "s.log"
    roll = Roll({"s": log})

    def say(event: str, player: str) -> None:
        with log.open("ab") as file:
            file.write(orjson.dumps({"event": event, "player": player}) + b"\n")

    say("player", "7")
    assert roll.newest("s") == "7"
    assert roll.missing("s", "7") is None
    say("player gone", "7")
    assert roll.missing("s", "7") is not None
    say("player", "7")
    assert roll.missing("s", "7") is None


def turn(came: float, at: float) -> Turn:
    return Turn(came, Seat("s", "v", at))


def test_only_who_came_long_before_may_not_be_overtaken() -> None:
    assert overtaken([turn(0.0, 5.2), turn(0.9, 5.1)]) is None
    assert overtaken([turn(0.0, 5.2), turn(1.1, 5.1)]) is not None
    assert overtaken([turn(0.0, 5.0), turn(1.1, 5.1)]) is None


def test_a_seat_that_is_given_twice_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    honest = Seats._open

    def careless(seats: Seats, session: str, fence: int) -> Any:
        seats._fresh = seats.limit
        return honest(seats, session, fence)

    monkeypatch.setattr(Seats, "free", property(lambda _: 1))
    monkeypatch.setattr(Seats, "_open", careless)
    assert pure.run(pure.RACES[0], Form(repeat=50)).lost


def test_nginx_is_set_up_as_the_chart_says(tmp_path: Path) -> None:
    text = nginx.render(tmp_path, port=81, gate=82, matchmaker=83, linger=2)
    for piece in ("listen 127.0.0.1:81;", "server 127.0.0.1:82;", "proxy_pass http://127.0.0.1:83;"):
        assert piece in text
    assert "auth_request /authorize;" in text
