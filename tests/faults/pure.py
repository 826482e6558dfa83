"""Two players for one seat, in thousands of orders of events: no process is needed to lose that race.

Once as the seat's own signalserver sees it (the real relay), once as two matchmakers see it that share a
room (the real room, behind links that lose, repeat and reorder). The trap: each run is drawn from its
number alone, so that one that fails can be run again.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass

from tests.faults.fault import Form, Outcome
from tests.support.interleaving import WEIGHTED, Interleaving
from tests.support.sharedroom import SharedRoom
from tests.support.stage import Actor, Stage

STEPS = 20
PLAYERS = ("one", "other")


@dataclass(frozen=True)
class Race:
    """One kind of race.

    Attributes:
        run: does it with a number; returns what went wrong, in words.
        short, long: how often, by form.
    """

    name: str
    what: str
    run: Callable[[int], str | None]
    short: int
    long: int = 10_000


def at_the_seat(number: int) -> str | None:
    """Two players claim, come, break off, come back and leave; the streamer counts whom it has."""
    chance = random.Random(number)
    theatre = _Theatre()
    for _ in range(STEPS):
        theatre.step(chance.choice(_Theatre.VERBS), chance.randrange(2), chance.randrange(1, 70))
        if len(theatre.here) > 1:
            return f"run {number}: {sorted(theatre.here)} are at one seat"
    return None


def at_the_matchmakers(number: int) -> str | None:
    """Two players wait for one seat while links and streams fail; the room's own laws are held, too."""
    chance = random.Random(number)
    try:
        run = Interleaving((1,), SharedRoom)  # type: ignore[arg-type]  # has the same moves
        run.join(0)
        run.join(1)
        for _ in range(STEPS):
            run.take(chance.choice(WEIGHTED), chance.randrange(1000))
        run.finish()
    except AssertionError as error:
        return f"run {number}: {error}"
    return None


class _Theatre:
    """A relay with one seat, its streamer, and two players."""

    VERBS = ("claim", "claim", "come", "come", "come", "cut", "leave", "wait")

    def __init__(self) -> None:
        self.here: set[str] = set()
        self._stage = Stage(seats=1)
        self._streamer = self._stage.streamer()
        self._fences = [0, 0]
        self._newest = 0
        self._sockets: list[Actor] = []

    def step(self, verb: str, who: int, seconds: int) -> None:
        """Let one thing happen and hear what the streamer is told."""
        stage, name = self._stage, PLAYERS[who]
        if verb == "claim":
            self._newest += 1
            self._fences[who] = self._newest
            stage.relay.claim(name, self._newest, 10.0, stage.now)
        elif verb == "come":
            self._sockets.append(stage.player(to="A", lease=(name, self._fences[who])))
        elif verb == "wait":
            stage.wait(seconds, living=(self._streamer, *self._sockets))
        elif self._sockets:
            self._sockets.pop(who % len(self._sockets)).leaves(1006 if verb == "cut" else 1000)
        for message in self._streamer.hears():
            if message["type"] == "playerConnected":
                self.here.add(message["playerId"])
            elif message["type"] == "playerDisconnected":
                self.here.discard(message["playerId"])


RACES = (
    Race("one-seat", "two players for one seat, at its signalserver", at_the_seat, short=10_000),
    Race("one-seat-shared", "two players for one seat, at two matchmakers", at_the_matchmakers, short=1_000),
)


def run(race: Race, form: Form) -> Outcome:
    """Do a race as often as the form says."""
    outcome = Outcome(race.name, race.what)
    began = time.monotonic()
    for number in range(form.repeat or (race.long if form.long else race.short)):
        outcome.repetitions += 1
        outcome.played += len(PLAYERS)
        if found := race.run(number):
            outcome.lost.append(found)
    outcome.seconds = time.monotonic() - began
    return outcome
