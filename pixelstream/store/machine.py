"""The room as a state machine: the same events in the same order make the same room at every replica.

An event is a list, its name first. What follows from it is computed everywhere and carried out by the
one replica that has the player or the link. The traps: nothing here may depend on anything but the
events and their time (no clock, no settings, no order of a set); and events of a replica that is not
a member are void, so one that was taken for dead must enter again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import structlog

from pixelstream.matchmaking.effects import (
    AskSeat,
    Changed,
    CloseLink,
    Displaced,
    Effect,
    Failed,
    FreeSeat,
    Matched,
    Released,
    Returned,
)
from pixelstream.matchmaking.model import Known, SessionState, Visit, Way
from pixelstream.matchmaking.room import Room
from pixelstream.protocol.control import EndedReason, RefusedReason, State
from pixelstream.store.holding import read_holding, read_rules, read_streams, read_visit

log = structlog.get_logger(__name__)

GATHER = 0.5
"""Seconds in which a new room only takes in who comes back, so that the first in line is the first."""

_AFTER = {Matched: SessionState.RESERVED, Returned: SessionState.WAITING, Released: SessionState.RELEASED}


class Told(NamedTuple):
    """An effect and whose it is; None is everybody's. Links have their owner's number."""

    owner: str | None
    effect: Effect


@dataclass(slots=True)
class Member:
    """One replica, as its events tell.

    Attributes:
        next: number of its next event; one with a lower number has been here already.
    """

    seen: float
    presence: float
    next: int = 0
    links: dict[int, int] = field(default_factory=dict)
    streams: Mapping[str, Known] = field(default_factory=dict)


class Machine:
    """A room and its members.

    Attributes:
        room: None until the first member has entered.
        begins: when a room that gathers its players makes its first claim.
    """

    def __init__(self) -> None:
        self.room: Room | None = None
        self.members: dict[str, Member] = {}
        self.begins: float | None = None
        self._now = 0.0
        self._owners: dict[str, str] = {}
        self._came: dict[str, float] = {}
        self._displaced: list[Told] = []
        self._next_link = 0
        self._since: dict[int, float] = {}
        self._homes: dict[int, tuple[str, int]] = {}
        self._moves: dict[str, Callable[..., Any]] = {
            "enter": self._enter,
            "join": self._join,
            "resume": self._resume,
            "discover": self._discover,
            "report": self._report,
            "granted": self._granted,
            "refused": self._refused,
            "ended": self._ended,
            "link_lost": self._link_lost,
            "rules": self._rules,
            "leave": self._by_owner(Room.leave),
            "desert": self._by_owner(Room.desert),
            "hand": self._by_owner(Room.hand),
            "fail": self._by_owner(Room.fail),
            "end": lambda _, session: self._open.end(session, self._now),
            "touch": lambda _, session: self._open.touch(session, self._now),
            "beat": lambda _: None,
            "depart": lambda origin: self._drop(origin, self._open),
        }

    @property
    def _open(self) -> Room:
        if self.room is None:
            raise RuntimeError("nobody has entered yet")
        return self.room

    def apply(
        self, now: float, origin: str, first: int, events: Sequence[Sequence[Any]]
    ) -> tuple[list[Any], list[Told]]:
        """Carry out the events of one replica.

        Args:
            now: seconds; never less than before.
            origin: the replica.
            first: its own number of the first event.
            events: names and arguments.

        Returns:
            What each event gave, and what follows from all.
        """
        self._now = now
        told: list[Told] = []
        if self.room is not None:
            self._pass_time(self.room)
            told += self._tell(origin)
        results = [self._one(origin, first + n, event) for n, event in enumerate(events)]
        told += self._tell(origin)
        return results, told

    def deadline(self) -> float | None:
        """Return when an event should come, whatever it is, because time has something to do."""
        if self.room is None:
            return None
        times = [self.room.next_deadline(), self.begins]
        times += [member.seen + member.presence for member in self.members.values()]
        return min((time for time in times if time is not None), default=None)

    def spent(self) -> dict[str, dict[int, float]]:
        """Return how long the streams of each fleet existed, for the next room; see `Holding`."""
        fleets = self.room.books.fleets if self.room else {}
        return {name: fleet.ledger.until(self._now) for name, fleet in fleets.items()}

    def home(self, link: int) -> str | None:
        """Return the replica that has a link."""
        found = self._homes.get(link)
        return found[0] if found is not None else None

    def _one(self, origin: str, number: int, event: Sequence[Any]) -> Any:
        name, *given = event
        member = self.members.get(origin)
        if member is None and name != "enter":
            return None
        if member is not None and number < member.next:
            return None
        try:
            result = self._moves[name](origin, *given)
        except Exception:  # the same at every replica; to stop at it would stop them all
            log.exception("event not understood", kind=name)
            result = None
        if (member := self.members.get(origin)) is not None:
            member.seen, member.next = self._now, number + 1
        return result

    def _pass_time(self, room: Room) -> None:
        for name, member in sorted(self.members.items()):
            if self._now > member.seen + member.presence:
                self._drop(name, room)
        room.tick(self._now)
        if self.begins is not None and self._now >= self.begins:
            self.begins = None
            room.begin(self._now)

    # --- members -----------------------------------------------------------------------------

    def _enter(self, origin: str, data: Any) -> None:
        holding = read_holding(data)
        if self.room is None:
            # Above all that an earlier room can have used one by one: milliseconds of the shared clock.
            rules = replace(holding.rules, fence_base=int(self._now * 1000))
            self.room = Room(rules, self._now)
            self.room.hold()
            self.begins = self._now + GATHER
        room = self.room
        member = self.members.setdefault(origin, Member(self._now, holding.presence))
        member.seen, member.presence, member.streams = self._now, holding.presence, holding.streams
        self._set_rules(room, holding.rules)
        for name, quarters in sorted(holding.spent.items()):
            room.books.fleet(name).ledger.restore(quarters)
        self._rediscover(room)
        self._forget_sessions(origin, room, keep=holding.visits)
        self._restore(origin, room, holding.visits)
        for local in [local for local in member.links if local not in holding.links]:
            self._link_lost(origin, local)
        for local, state in sorted(holding.links.items()):
            self._relink(origin, member, local, state, holding.since.get(local, self._now))

    def _restore(self, origin: str, room: Room, visits: Mapping[str, Visit]) -> None:
        """Take in what a replica has; of what it had here all along this room knows more."""
        lost = []
        for name, visit in visits.items():
            if not self._own(origin, name, visit.came):
                continue
            session = room.books.sessions.get(name)
            if session is None or self._owners.get(name) != origin:
                lost.append(visit)
                self._owners[name], self._came[name] = origin, visit.came
            elif visit.handed and (session.stream, session.fence) == (visit.stream, visit.fence):
                room.hand(name, self._now)
        room.restore(lost, self._now)

    def _drop(self, origin: str, room: Room) -> None:
        """Take out a dead replica: nobody waits with it, and its streams can't be asked."""
        for local in list(self.members[origin].links):
            self._link_lost(origin, local)
        del self.members[origin]
        self._rediscover(room)
        self._forget_sessions(origin, room, keep={})

    def _forget_sessions(self, origin: str, room: Room, keep: Mapping[str, Any]) -> None:
        gone = [name for name, owner in self._owners.items() if owner == origin and name not in keep]
        for name in gone:
            session = room.session(name)
            if session is not None and session.way is not Way.REMOTE:
                room.leave(name, self._now)
            self._disown(name)

    def _own(self, origin: str, session: str, came: float) -> bool:
        """Whether the player is this replica's; of two sockets the later one counts, and the other goes."""
        owner = self._owners.get(session)
        if owner is None or owner == origin:
            return True
        later = self._came.get(session, 0.0) <= came
        self._displaced.append(Told(owner if later else origin, Displaced(session)))
        return later

    def _disown(self, session: str) -> None:
        self._owners.pop(session, None)
        self._came.pop(session, None)

    def _by_owner(self, move: Callable[[Room, str, float], None]) -> Callable[[str, str], None]:
        """A move that only the replica of the session's player may make."""

        def carry_out(origin: str, session: str) -> None:
            if self._owners.get(session, origin) == origin:
                move(self._open, session, self._now)

        return carry_out

    def _rules(self, origin: str, data: Any) -> None:
        self._set_rules(self._open, read_rules(data))

    def _set_rules(self, room: Room, rules: Any) -> None:
        books = room.books
        books.rules = replace(rules, fence_base=books.rules.fence_base)
        for name in sorted(rules.sizes):
            books.fleet(name)

    def _discover(self, origin: str, data: Any) -> None:
        self.members[origin].streams = read_streams(data)
        self._rediscover(self._open)

    def _rediscover(self, room: Room) -> None:
        """A stream is there, and alive, if any replica sees it so, and offered if all who see it say so."""
        streams: dict[str, Known] = {}
        for _, member in sorted(self.members.items()):
            for name, known in sorted(member.streams.items()):
                other = streams.get(name, known)
                offered, alive = known.offered and other.offered, known.alive or other.alive
                streams[name] = replace(known, offered=offered, alive=alive)
        room.discover(streams, self._now)

    # --- players and streams -----------------------------------------------------------------

    def _join(self, origin: str, session: str, fleet: str, user: str | None, way: str) -> Any:
        refusal = self._open.join(session, fleet, self._now, user=user, way=Way(way))
        if refusal is None:
            self._owners[session], self._came[session] = origin, self._now
        return refusal

    def _resume(self, origin: str, data: Any) -> Any:
        visit = read_visit(data)
        refusal = self._open.resume(visit, self._now)
        if refusal is None and self._own(origin, visit.session, self._now):
            self._owners[visit.session], self._came[visit.session] = origin, self._now
        return refusal

    def _link(self, origin: str, member: Member, local: int) -> int:
        number = member.links.get(local)
        if number is None:
            number = member.links[local] = self._next_link
            self._next_link += 1
            self._homes[number] = (origin, local)
            self._since[number] = self._now
        return number

    def _relink(self, origin: str, member: Member, local: int, state: State, since: float) -> None:
        """Take in a link that was there before, unless a younger one of its stream is here already."""
        stream = self._open.books.streams.get(state.stream)
        if stream is not None and stream.link is not None and self._since.get(stream.link, since) > since:
            return
        number = self._link(origin, member, local)
        self._since[number] = since
        self._open.report(number, state, self._now)

    def _report(self, origin: str, local: int, data: Any) -> None:
        number = self._link(origin, self.members[origin], local)
        self._open.report(number, State.model_validate(data), self._now)

    def _granted(self, origin: str, local: int, session: str, fence: int) -> None:
        if (number := self.members[origin].links.get(local)) is not None:
            self._open.granted(number, session, fence, self._now)

    def _refused(self, origin: str, local: int, session: str, fence: int, reason: str) -> None:
        if (number := self.members[origin].links.get(local)) is not None:
            self._open.refused(number, session, fence, RefusedReason(reason), self._now)

    def _ended(self, origin: str, local: int, session: str, reason: str, seconds: float) -> None:
        if (number := self.members[origin].links.get(local)) is not None:
            self._open.ended(number, session, EndedReason(reason), seconds, self._now)

    def _link_lost(self, origin: str, local: int) -> None:
        number = self.members[origin].links.pop(local, None)
        if number is not None:
            self._open.link_lost(number, self._now)
            self._homes.pop(number, None)
            self._since.pop(number, None)

    # --- what follows ------------------------------------------------------------------------

    def _tell(self, origin: str) -> list[Told]:
        effects = self._open.take_effects() if self.room is not None else []
        displaced, self._displaced = self._displaced, []
        return [*displaced, *(told for effect in effects for told in self._addressed(effect, origin))]

    def _addressed(self, effect: Effect, origin: str) -> list[Told]:
        match effect:
            case AskSeat() | FreeSeat() | CloseLink():
                home = self._homes.get(effect.link)
                return [Told(home[0], effect._replace(link=home[1]))] if home else []
            case Matched() | Returned() | Released():
                # Its player's replica acts; all others only have followers to wake.
                owner = self._owners.get(effect.session, origin)
                if isinstance(effect, Released):
                    self._disown(effect.session)
                return [
                    Told(owner, effect),
                    Told(None, Changed(effect.session, _AFTER[type(effect)])),
                ]
            case Failed():
                return [Told(origin, effect)]
        return [Told(None, effect)]
