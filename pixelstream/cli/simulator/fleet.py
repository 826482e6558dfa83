"""A simulated fleet: the matchmaker's own room, and signalservers that answer it as real ones do.

The trap: the room is the product's code and is only ever told events, so nothing here decides who is seated,
who waits, or how many streams are wanted.
"""

from __future__ import annotations

import random

from pixelstream.cli.simulator.agenda import Agenda
from pixelstream.cli.simulator.model import Policy, World
from pixelstream.cli.simulator.nodes import Cluster
from pixelstream.cli.simulator.streams import Meter, SimStream, going
from pixelstream.matchmaking.books import Rules
from pixelstream.matchmaking.effects import AskSeat, Matched
from pixelstream.matchmaking.model import Known, Session, SessionState, Way
from pixelstream.matchmaking.room import Room
from pixelstream.matchmaking.scaling.policy import Size
from pixelstream.protocol.control import EndedReason, SeatedSession, SeatState, State

FOR_EVER = 10**9


class _Room(Room):
    """The room without forecasts: nobody reads them here, and they cost more than all the rest."""

    def estimate(self, session: Session) -> float | None:
        return None


class SimFleet:
    """One fleet, its players and its streams.

    Attributes:
        waits: seconds from coming to match, of all who were matched.
        gave_up: how long those waited who gave up.
    """

    def __init__(
        self, policy: Policy, world: World, agenda: Agenda, meter: Meter, dice: random.Random
    ) -> None:
        self.name = policy.fleet.name
        self.agenda, self.meter = agenda, meter
        self._world, self._dice = world, dice
        rules = Rules(sizes={self.name: policy.fleet.sizing()}, capacity=FOR_EVER, kept=1000)
        self.room = _Room(rules, agenda.now)
        self.cluster = Cluster(world.nodes, agenda, meter, dice, self._placed)
        self.streams: dict[str, SimStream] = {}
        self.waits: list[float] = []
        self.gave_up: list[float] = []
        self._lengths: dict[str, float] = {}
        self._number = 0
        self._early: set[str] = set()

    # --- what the autoscaler sees and does -----------------------------------------------------

    def size(self) -> Size:
        """Return what the matchmaker says of the fleet's size now."""
        books = self.room.books
        books.now = self.agenda.now
        return books.prospects.size(books.fleet(self.name))

    @property
    def replicas(self) -> int:
        """Streams that were not told to end."""
        return sum(not one.draining for one in self.streams.values())

    @property
    def waiting(self) -> int:
        """Players in the line."""
        return self.room.books.fleet(self.name).line.waiting

    def scale(self, replicas: int, *, at_once: bool = False) -> None:
        """Have so many streams; those that come `at_once` are ready already."""
        staying = [one for one in self.streams.values() if not one.draining]
        for _ in range(replicas - len(staying)):
            self._add(at_once=at_once)
        for stream in going(staying, max(0, len(staying) - replicas)):
            self._tell_to_end(stream)
        if replicas != len(staying):
            self._discover()

    def _add(self, *, at_once: bool) -> None:
        self._number += 1
        stream = SimStream(self._number)
        self.streams[stream.name] = stream
        stream.ready = at_once
        self.cluster.place(stream)
        if at_once:
            self._recount(stream)
            self._discover()
            self._report(stream)

    def _placed(self, stream: SimStream) -> None:
        self._recount(stream)
        if not stream.ready:
            self.agenda.after(self._world.start.draw(self._dice), lambda: self._ready(stream))

    def _ready(self, stream: SimStream) -> None:
        if stream.name in self.streams:
            stream.ready = True
            self._recount(stream)
            self._discover()
            self._report(stream)

    def _tell_to_end(self, stream: SimStream) -> None:
        stream.draining = True
        self._report(stream)
        if not stream.players:
            self._stop(stream)

    def _stop(self, stream: SimStream) -> None:
        seconds = self._world.stop.draw(self._dice) if stream.ready else 0.0
        if seconds:
            self.agenda.after(seconds, lambda: self._remove(stream))
        else:
            self._remove(stream)

    def _remove(self, stream: SimStream) -> None:
        del self.streams[stream.name]
        self.cluster.leave(stream)
        self._recount(stream)
        self.room.link_lost(stream.number, self.agenda.now)
        self._discover()

    def _discover(self) -> None:
        known = {
            name: Known(self.name, offered=one.ready and not one.draining)
            for name, one in self.streams.items()
            if one.phase is not None
        }
        self.room.discover(known, self.agenda.now)
        self._carry_out()

    def _recount(self, stream: SimStream) -> None:
        if stream.phase != stream.counted:
            if stream.counted is not None:
                self.meter.change(self.agenda.now, stream.counted, -1)
            if stream.phase is not None:
                self.meter.change(self.agenda.now, stream.phase, 1)
            stream.counted = stream.phase

    # --- players -------------------------------------------------------------------------------

    def come(self, session: str, seconds: float, *, counted: bool = True) -> None:
        """Let a player come who will play for so long; who comes before the span isn't counted."""
        self._lengths[session] = seconds
        if not counted:
            self._early.add(session)
        self.room.join(session, self.name, self.agenda.now, way=Way.HANDOFF)
        self._carry_out()
        if session in self._lengths and self._world.patience is not None:
            patience = self._world.patience.draw(self._dice)
            self.agenda.after(patience, lambda: self._give_up(session, patience))

    def _give_up(self, session: str, waited: float) -> None:
        found = self.room.books.sessions.get(session)
        if found is not None and found.state is SessionState.WAITING:
            self._note(session, self.gave_up, waited)
            del self._lengths[session]
            self.room.leave(session, self.agenda.now)
            self._carry_out()

    def _note(self, session: str, waits: list[float], waited: float) -> None:
        if session not in self._early:
            waits.append(waited)

    def _carry_out(self) -> None:
        """Do what the room asks for; streams answer at once."""
        self.room.tick(self.agenda.now)
        while effects := self.room.take_effects():
            for effect in effects:
                if isinstance(effect, AskSeat):
                    self._grant(effect)
                elif isinstance(effect, Matched):
                    self._seat(effect)

    def _grant(self, asked: AskSeat) -> None:
        stream = self.streams[f"s{asked.link}"]
        stream.players[asked.session] = asked.fence
        self._recount(stream)
        self.room.granted(asked.link, asked.session, asked.fence, self.agenda.now)

    def _seat(self, matched: Matched) -> None:
        self._note(matched.session, self.waits, matched.waited)
        stream = self.streams[matched.stream]
        length = self._lengths.pop(matched.session)
        self.agenda.after(self._world.join, lambda: self._report(stream))
        self.agenda.after(self._world.join + length, lambda: self._end(stream, matched.session, length))

    def _end(self, stream: SimStream, session: str, seconds: float) -> None:
        del stream.players[session]
        self._recount(stream)
        self._report(stream)
        self.room.ended(stream.number, session, EndedReason.LEFT, seconds, self.agenda.now)
        self._carry_out()
        if stream.draining and not stream.players:
            self._stop(stream)

    def _report(self, stream: SimStream) -> None:
        stream.seq += 1
        seated = tuple(
            SeatedSession(session=session, state=SeatState.CONNECTED, fence=fence)
            for session, fence in stream.players.items()
        )
        state = State(
            seq=stream.seq, epoch="e", stream=stream.name, fleet=self.name, seats=self._world.seats,
            taken=len(seated), ready=stream.ready, draining=stream.draining, sessions=seated,
        )  # fmt: skip
        self.room.report(stream.number, state, self.agenda.now)
        self._carry_out()
