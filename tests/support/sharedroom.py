"""Two replicas' copies of one room behind the face of a single one: they must never differ."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from pixelstream.matchmaking.books import Books, Rules
from pixelstream.matchmaking.effects import Changed, Effect
from pixelstream.matchmaking.model import JoinRefusal, Known, Visit, Way
from pixelstream.protocol.control import EndedReason, RefusedReason, State
from pixelstream.store.holding import Holding, write_holding, write_streams, write_visit
from pixelstream.store.machine import Machine, Told

BEGUN = 1.0
"""Seconds that the room gathers its members, before the test's own time begins."""
NAMES = ("a", "b")


class SharedRoom:
    """`Room`, by way of events that two machines carry out."""

    def __init__(self, rules: Rules, now: float) -> None:
        self._rules_are, self._ticks = rules, 0
        self._next = dict.fromkeys(NAMES, 0)
        self._lost: set[int] = set()
        self._states: dict[int, State] = {}
        self._streams: dict[str, Known] = {}
        self._effects: list[Effect] = []
        self._homes: dict[str, str] = {}
        self.gather(now - BEGUN, [])
        self.tick(now)

    def gather(self, now: float, visits: list[Visit]) -> None:
        """Begin a new room, which both enter with what they have; `BEGUN` later it makes claims."""
        self.machines = [Machine(), Machine()]
        for name in NAMES:
            holding = Holding(self._rules_are, 1e9, self._streams)
            holding.visits = {v.session: v for v in visits if self._home(v.session) == name}
            holding.links = {
                link: state for link, state in self._states.items()
                if link not in self._lost and _first_home(str(link)) == name
            }  # fmt: skip
            holding.since = {link: float(link) for link in holding.links}  # numbered as they came
            self._do(now, name, "enter", write_holding(holding))

    def _home(self, session: str) -> str:
        return self._homes.get(session) or _first_home(session)

    @property
    def books(self) -> Books:
        assert self.machines[0].room
        return self.machines[0].room.books

    def take_effects(self) -> list[Effect]:
        effects, self._effects = self._effects, []
        return effects

    def _do(self, now: float, origin: str, *event: Any) -> Any:
        self._ticks += 1
        events = orjson.loads(orjson.dumps([event]))
        number, self._next[origin] = self._next[origin], self._next[origin] + 1
        at = now + BEGUN + self._ticks * 1e-7  # no two entries of a log have the same time
        (first, one), (second, other) = (m.apply(at, origin, number, events) for m in self.machines)
        assert (first, one) == (second, other)
        self._agree()
        self._effects += [told.effect for told in one if not _echo(told)]
        return first[0]

    def _agree(self) -> None:
        one, other = (machine.room for machine in self.machines)
        assert one
        assert other
        assert one.books.sessions == other.books.sessions
        assert one.books.streams == other.books.streams
        assert one.next_deadline() == other.next_deadline()
        ledgers = [[fleet.ledger for fleet in room.books.fleets.values()] for room in (one, other)]
        assert ledgers[0] == ledgers[1]
        assert self.machines[0].members == self.machines[1].members

    # --- moves -------------------------------------------------------------------------------

    def tick(self, now: float) -> None:
        self._do(now, "a", "beat")

    def join(
        self, session: str, fleet: str, now: float, *, user: str | None = None, way: Way = Way.JOINED
    ) -> JoinRefusal | None:
        refusal: JoinRefusal | None = self._do(
            now, self._home(session), "join", session, fleet, user, way.value
        )
        return refusal

    def resume(self, visit: Visit, now: float) -> JoinRefusal | None:
        """The player comes back at the other replica, or at the same one."""
        home = NAMES[(NAMES.index(self._home(visit.session)) + self._ticks) % len(NAMES)]
        refusal: JoinRefusal | None = self._do(now, home, "resume", write_visit(visit))
        if refusal is None:
            self._homes[visit.session] = home
        return refusal

    def leave(self, session: str, now: float) -> None:
        self._do(now, self._home(session), "leave", session)

    def hand(self, session: str, now: float) -> None:
        self._do(now, self._home(session), "hand", session)

    def fail(self, session: str, now: float) -> None:
        self._do(now, self._home(session), "fail", session)

    def end(self, session: str, now: float) -> bool:
        return bool(self._do(now, self._home(session), "end", session))

    def touch(self, session: str, now: float) -> None:
        self._do(now, self._home(session), "touch", session)

    def discover(self, streams: Mapping[str, Known], now: float) -> None:
        self._streams = dict(streams)
        for name in NAMES:
            self._do(now, name, "discover", write_streams(self._streams))

    def report(self, link: int, state: State, now: float) -> None:
        if link not in self._lost:
            last = self._states.get(link, state)
            if last.epoch != state.epoch or last.seq <= state.seq:
                self._states[link] = state
            self._do(now, _first_home(str(link)), "report", link, state.model_dump(mode="json"))

    def granted(self, link: int, session: str, fence: int, now: float) -> None:
        self._do(now, _first_home(str(link)), "granted", link, session, fence)

    def refused(self, link: int, session: str, fence: int, reason: RefusedReason, now: float) -> None:
        self._do(now, _first_home(str(link)), "refused", link, session, fence, reason.value)

    def ended(self, link: int, session: str, reason: EndedReason, seconds: float, now: float) -> None:
        self._do(now, _first_home(str(link)), "ended", link, session, reason.value, seconds)

    def link_lost(self, link: int, now: float) -> None:
        self._lost.add(link)
        self._do(now, _first_home(str(link)), "link_lost", link)


def _first_home(name: str) -> str:
    return NAMES[sum(name.encode()) % 2]


def _echo(told: Told) -> bool:
    return told.owner is None and isinstance(told.effect, Changed)
