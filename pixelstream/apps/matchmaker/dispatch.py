"""What the store wants done, handed to whoever can do it: links, players, followers, metrics."""

from __future__ import annotations

import asyncio
from functools import partial

from pixelstream.apps.matchmaker.control import ControlLinks
from pixelstream.apps.matchmaker.core import Core
from pixelstream.apps.matchmaker.followers import Followers
from pixelstream.apps.matchmaker.joining import Joiner
from pixelstream.apps.matchmaker.legacy import LegacyServers
from pixelstream.apps.matchmaker.players import WaitingRoom
from pixelstream.apps.matchmaker.pushes import Pushes
from pixelstream.apps.matchmaker.wilbur import WilburServers
from pixelstream.matchmaking.effects import (
    AskSeat,
    Changed,
    CloseLink,
    Displaced,
    Effect,
    Failed,
    FreeSeat,
    LineMoved,
    Matched,
    Released,
    Returned,
)
from pixelstream.matchmaking.model import Way

COMEBACK = 2.0
"""Seconds that a seat is kept for a player whose socket broke just then."""


class Dispatch:
    """The sink of the store's effects."""

    def __init__(
        self,
        *,
        core: Core,
        room: WaitingRoom,
        joiner: Joiner,
        links: ControlLinks,
        legacy: LegacyServers | None,
        wilbur: WilburServers,
        followers: Followers,
        pushes: Pushes,
    ) -> None:
        self._store, self._inbox, self._metrics = core.store, core.inbox, core.metrics
        self._room, self._joiner, self._links, self._legacy = room, joiner, links, legacy
        self._wilbur, self._followers, self._pushes = wilbur, followers, pushes

    def __call__(self, effect: Effect) -> None:
        """Carry out one effect."""
        match effect:
            case AskSeat() | FreeSeat() | CloseLink():
                self._on_link(effect)
            case Matched():
                self._matched(effect)
            case Returned(session=session):
                self._returned(session)
            case Released():
                self._released(effect)
            case Displaced(session=session):
                if player := self._room.players.get(session):
                    self._room.displaced(player)
            case Changed(session=session):
                self._followers.changed(session)
            case LineMoved(fleet=fleet):
                self._pushes.moved(fleet)
            case Failed(reason=reason):
                self._metrics.failures.counts[reason] += 1

    def _on_link(self, effect: AskSeat | FreeSeat | CloseLink) -> None:
        if isinstance(effect, CloseLink):
            self._links.replace(effect.link)
            self._wilbur.replace(effect.link)
        elif not (self._links.say(effect) or self._wilbur.say(effect)) and self._legacy is not None:
            self._legacy.say(effect)

    def _matched(self, effect: Matched) -> None:
        player = self._room.players.get(effect.session)
        if player is not None:
            self._joiner.matched(player, effect)
        elif effect.way is Way.REMOTE:
            self._metrics.matched(effect.fleet, effect.waited, effect.predicted)
        else:
            # Its socket closed before it could be told; for a moment it may come back with its ticket.
            asyncio.get_running_loop().call_later(COMEBACK, self._give_up, effect.session)
        self._followers.changed(effect.session)

    def _give_up(self, session: str) -> None:
        if session not in self._room.players:
            self._inbox.put(partial(self._store.desert, session))

    def _returned(self, session: str) -> None:
        if player := self._room.players.get(session):
            self._inbox.put(partial(self._room.returned, player))
        self._followers.changed(session)

    def _released(self, effect: Released) -> None:
        self._metrics.releases.counts[effect.reason] += 1
        if effect.seconds is not None:
            self._metrics.visit.observe(effect.seconds)
        self._room.released(effect.session, effect.reason)
        self._wilbur.released(effect.session)
        self._followers.changed(effect.session)
