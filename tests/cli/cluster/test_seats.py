"""What the matchmaker says, as it is read, waited for and shown."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from rich.console import Console

from pixelstream.cli.cluster import rollout
from pixelstream.cli.cluster.board import Board
from pixelstream.cli.cluster.helm import Revision
from pixelstream.cli.cluster.parts import Part
from pixelstream.cli.cluster.place import ClusterError, Place
from pixelstream.cli.cluster.report import Status, render
from pixelstream.cli.cluster.seats import Reader, Seats

PLACE = Place(release="px", namespace="streams")
FLEET = {
    "name": "default",
    "streams": 2,
    "available": 1,
    "taken": 1,
    "waiting": 3,
    "wanted": 5,
    "estimate": 42.4,
}
SESSION = {"session": "0123456789abcdef", "state": "connected", "seconds": 61.0}
STREAMS: list[dict[str, Any]] = [
    {
        "id": "px-1",
        "state": "free",
        "seats": 1,
        "taken": 0,
        "engine": "5.5",
        "version": "0.1.0",
        "sessions": [],
    },
    {
        "id": "px-2",
        "state": "taken",
        "seats": 1,
        "taken": 1,
        "engine": "5.5",
        "version": "0.1.0",
        "sessions": [SESSION],
    },
]
WAITING = {"session": "fedcba9876543210", "fleet": "default", "position": 1, "waited": 3.0, "estimate": None}
ANSWERS = {
    "fleets": {"fleets": [FLEET]},
    "streams": {"streams": STREAMS},
    "queue": {"waiting": [WAITING], "length": 3},
    "health": {"version": "0.1.0"},
}
SEATS = Seats(fleets=[FLEET], streams=STREAMS, waiting=[WAITING], length=3, version="0.1.0")


def client(status: int = 200) -> httpx.AsyncClient:
    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(status, json=ANSWERS[request.url.path.rsplit("/", 1)[1]])

    return httpx.AsyncClient(transport=httpx.MockTransport(answer), base_url="http://matchmaker")


async def test_one_reading_has_fleets_streams_and_those_who_wait() -> None:
    async with client() as http:
        seats = await Reader(http).read()
    assert seats == SEATS
    assert (seats.free, seats.taken) == (1, 1)


async def test_a_matchmaker_that_refuses_is_an_error_with_its_status() -> None:
    async with client(401) as http:
        with pytest.raises(ClusterError, match=r"the matchmaker does not answer: .*401"):
            await Reader(http).read()


PARTS = [Part("px-matchmaker", "matchmaker", 1, 1), Part("px-streamer-default", "streamer", 2, 2)]


async def seated(monkeypatch: pytest.MonkeyPatch, seats: Seats, wanted: int = 2) -> rollout.Outcome:
    class Fixed:
        async def read(self) -> Seats:
            return seats

    @asynccontextmanager
    async def reader(*_: Any) -> AsyncIterator[Fixed]:
        yield Fixed()

    monkeypatch.setattr(rollout, "reader", reader)
    parts = [PARTS[0], Part("px-streamer-default", "streamer", wanted, wanted)]
    return await rollout._seated(None, PLACE, parts)  # type: ignore[arg-type]


def streams(*states: str) -> list[dict[str, Any]]:
    return [{**STREAMS[state == "taken"], "id": state, "state": state} for state in states]


async def test_a_free_stream_is_what_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    outcome = await seated(monkeypatch, SEATS)
    assert outcome.ready
    assert rollout.words(outcome.seats) == "1 of 2 streams are free"


async def test_streams_that_are_all_taken_are_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    outcome = await seated(monkeypatch, Seats(streams=streams("taken", "taken")))
    assert outcome.ready
    assert rollout.words(outcome.seats) == "all 2 streams are taken"


async def test_a_fleet_of_none_is_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    outcome = await seated(monkeypatch, Seats(), wanted=0)
    assert outcome.ready
    assert rollout.words(outcome.seats) == "no stream is wanted now"


async def test_streams_that_nobody_could_get_are_waited_for_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    outcome = await seated(monkeypatch, Seats(streams=streams("taken", "unlinked")))
    assert not outcome.ready
    assert outcome.why == ["no stream is free: taken is taken, unlinked is unlinked"]


async def test_without_a_matchmaker_there_is_nothing_more_to_wait_for() -> None:
    outcome = await rollout._seated(None, PLACE, PARTS[1:])  # type: ignore[arg-type]
    assert outcome.ready


def printed(status: Status) -> str:
    console = Console(width=120, color_system=None)
    with console.capture() as capture:
        console.print(render("px in streams", status))
    return capture.get()


def test_the_report_shows_versions_relays_fleets_streams_sessions_and_the_queue() -> None:
    relay = {
        "metadata": {"name": "px-turn-1"},
        "spec": {"nodeName": "node1"},
        "status": {"hostIP": "203.0.113.7", "conditions": [{"type": "Ready", "status": "True"}]},
    }
    part = Part("px-matchmaker", "matchmaker", 1, 1, "0.1.0")
    status = Status(Revision(3, "deployed", "0.1.0"), "4.3.1", [part], [relay], seats=SEATS)
    text = printed(status)
    assert status.ready
    for words in (
        "chart 0.1.0, revision 3, deployed; components 0.1.0; helm 4.3.1",
        "px-turn-1  node1  203.0.113.7  ready",
        "default  2        1     1      3        5       42 s",
        "01234567 connected 61 s",
        "fedcba98  default  1         3        -",
        "3 wait",
    ):
        assert words in text


def test_a_report_of_half_a_release_says_what_is_missing() -> None:
    status = Status(Revision(1, "failed", "0.1.0"), "4.3.1", why=["px-1: is starting"], fault="no way to it")
    text = printed(status)
    assert not status.ready
    assert "px-1: is starting" in text
    assert "no way to it" in text
    assert "no TURN relay" in text


def test_a_report_for_programs_is_plain_json() -> None:
    from pixelstream.cli.status import _plain  # noqa: PLC0415 - a command's module

    status = Status(Revision(1, "deployed", "0.1.0"), "4.3.1", seats=SEATS)
    assert json.loads(json.dumps(_plain(status)))["seats"]["length"] == 3


def test_in_a_log_progress_is_what_has_changed() -> None:
    console = Console(width=80, color_system=None, force_terminal=False)
    with console.capture() as capture, Board(console) as board:
        board.show([Part("a", "a", 2, 0), Part("b", "b", 1, 1)], "")
        board.show([Part("a", "a", 2, 1), Part("b", "b", 1, 1)], "")
        board.show([Part("a", "a", 2, 1), Part("b", "b", 1, 1)], "waiting for a free stream")
    assert capture.get().splitlines() == ["a: 0 of 2", "b: 1 of 1", "a: 1 of 2", "waiting for a free stream"]
