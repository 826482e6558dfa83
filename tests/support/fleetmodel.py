"""A model of everything around the room: signalservers that own their seats, players, links that fail.

Messages wait in the links until the test delivers them, twice or in another order if it likes.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from pixelstream.matchmaking import effects as fx
from pixelstream.matchmaking.books import Rules
from pixelstream.matchmaking.model import JoinRefusal, Known, ReleaseReason, SessionState, Visit, Way
from pixelstream.matchmaking.room import Room
from pixelstream.protocol.control import (
    Ended,
    EndedReason,
    FromSignalserver,
    Granted,
    Refused,
    RefusedReason,
    SeatedSession,
    SeatState,
    State,
)

ARRIVAL = 10.0


@dataclass
class Seat:
    fence: int
    state: SeatState
    deadline: float


@dataclass
class Signalserver:
    """Owns its seats: the only place where one is given."""

    name: str
    seats: int
    epoch: int = 0
    seq: int = 0
    fence: int = 0
    ready: bool = True
    draining: bool = False
    strangers: int = 0
    held: dict[str, Seat] = field(default_factory=dict)
    given: set[tuple[str, int]] = field(default_factory=set)
    link: int | None = None
    up: deque[FromSignalserver] = field(default_factory=deque)
    down: deque[fx.AskSeat | fx.FreeSeat] = field(default_factory=deque)
    ghosts: deque[tuple[int, FromSignalserver]] = field(default_factory=deque)

    @property
    def taken(self) -> int:
        return len(self.held) + self.strangers

    def say(self, message: FromSignalserver) -> None:
        if self.link is not None:
            self.up.append(message)

    def report(self) -> None:
        self.seq += 1
        self.say(
            State(
                seq=self.seq,
                epoch=str(self.epoch),
                stream=self.name,
                fleet="default",
                seats=self.seats,
                taken=self.taken,
                ready=self.ready,
                draining=self.draining,
                sessions=tuple(
                    SeatedSession(session=name, state=seat.state, fence=seat.fence)
                    for name, seat in self.held.items()
                ),
            )
        )

    def take(self, order: fx.AskSeat | fx.FreeSeat, now: float) -> None:
        if isinstance(order, fx.FreeSeat):
            seat = self.held.get(order.session)
            if seat is not None and seat.fence <= order.fence:
                self.free(order.session, EndedReason.RELEASED)
            return
        reason = self._reason(order)
        if reason is not None:
            self.say(Refused(claim=str(order.fence), session=order.session, reason=reason))
            return
        self.fence = order.fence
        self.held[order.session] = Seat(order.fence, SeatState.RESERVED, now + ARRIVAL)
        self.given.add((order.session, order.fence))
        self.say(Granted(claim=str(order.fence), session=order.session))
        self.report()

    def _reason(self, order: fx.AskSeat) -> RefusedReason | None:
        if self.draining:
            return RefusedReason.DRAINING
        if not self.ready:
            return RefusedReason.NOT_READY
        if order.fence <= self.fence:
            return RefusedReason.STALE
        if order.session not in self.held and self.taken >= self.seats:
            return RefusedReason.FULL
        return None

    def arrive(self, session: str, fence: int) -> bool:
        """Let a player with a lease take its reserved seat."""
        seat = self.held.get(session)
        if seat is None or seat.fence != fence or seat.state is SeatState.CONNECTED:
            return False
        seat.state = SeatState.CONNECTED
        self.report()
        return True

    def free(self, session: str, reason: EndedReason) -> None:
        del self.held[session]
        self.say(Ended(session=session, reason=reason, seconds=1.0))
        self.report()

    def tick(self, now: float) -> None:
        for session, seat in list(self.held.items()):
            if seat.state is SeatState.RESERVED and now >= seat.deadline:
                self.free(session, EndedReason.NO_SHOW)

    def crash(self) -> None:
        self.held.clear()
        self.strangers = 0
        self.epoch += 1
        self.seq = 0
        self.fence = 0
        self.cut()

    def cut(self) -> None:
        if self.link is not None:
            self.ghosts.extend((self.link, message) for message in self.up)
        self.link = None
        self.up.clear()
        self.down.clear()


@dataclass
class Player:
    """A player as the shell would serve it.

    `stage`: waiting, matched (joined by us, not there yet), gone (to its seat with a lease),
    seated (its socket is at the stream), left, told (it was told that its session is over).
    """

    name: str
    way: Way
    order: int
    stage: str = "waiting"
    lease: tuple[str, int] | None = None
    ticket: float | None = None
    returned: bool = False


class World:
    """The room with all that it talks to, in one thread and with one clock."""

    def __init__(
        self, seats: tuple[int, ...], capacity: int, room: Callable[[Rules, float], Room] = Room
    ) -> None:
        self.now = 0.0
        self.rules = Rules(capacity=capacity, arrival=ARRIVAL)
        self.room = room(self.rules, self.now)
        self.servers = {f"s{n}": Signalserver(f"s{n}", count) for n, count in enumerate(seats)}
        self.players: dict[str, Player] = {}
        self.matches: list[Player] = []
        self.links = 0
        self.order = 0
        self.discover(set(self.servers))

    # --- what happens ------------------------------------------------------------------------

    def discover(self, names: set[str]) -> None:
        self.room.discover({name: Known("default") for name in names}, self.now)
        self.obey()

    def connect(self, server: Signalserver) -> None:
        self.links += 1
        server.cut()
        server.link = self.links
        server.report()

    def cut(self, server: Signalserver, *, noticed: bool = True) -> None:
        link = server.link
        server.cut()
        if link is not None and noticed:
            self.room.link_lost(link, self.now)
            self.obey()

    def join(self, way: Way) -> JoinRefusal | None:
        name = f"p{self.order}"
        player = Player(name, way, self.order)
        self.order += 1
        self.players[name] = player
        refusal = self.room.join(name, "default", self.now, way=way)
        if refusal:
            del self.players[name]
        else:
            player.ticket = self.room.books.sessions[name].joined
        self.obey()
        return refusal

    def leave(self, player: Player) -> None:
        """The player closes its page, wherever it is."""
        if player.stage == "seated" and player.lease:
            server = self.servers[player.lease[0]]
            if player.name in server.held:
                server.free(player.name, EndedReason.LEFT)
        elif player.stage in {"waiting", "matched"}:
            self.room.leave(player.name, self.now)
        player.stage = "left"
        self.obey()

    def come_back(self, player: Player, *, noticed: bool) -> None:
        """The player's socket breaks and another comes with its ticket; who plays is somebody new."""
        if player.way is Way.REMOTE or player.ticket is None:
            return
        if noticed and player.stage in {"waiting", "matched"}:
            self.room.leave(player.name, self.now)
            self.obey()
        before, player.stage = player.stage, "waiting"
        visit = Visit(player.name, "default", player.ticket, way=player.way)
        if self.room.resume(visit, self.now) is not None:
            player.stage = before
            if before in {"waiting", "matched"}:
                player.stage = "told"
        self.obey()

    def arrive(self, player: Player, *, works: bool = True, answered: bool = True) -> None:
        """The player, or the join on its behalf, comes to its seat; or the way there is broken."""
        assert player.lease
        stream, fence = player.lease
        server = self.servers[stream]
        accepted = works and server.arrive(player.name, fence) and (answered or player.stage == "gone")
        if player.stage == "matched" and accepted:
            self.room.hand(player.name, self.now)
        elif player.stage == "matched":
            self.room.fail(player.name, self.now)
        if accepted:
            player.stage = "seated"
        elif player.stage == "gone":
            player.stage = "told"  # the stream refused its lease in words
        self.obey()

    def hear(self, server: Signalserver, *, again: bool = False, last: bool = False) -> None:
        """Deliver one message to the room; `again` leaves it in the link, `last` lets it overtake."""
        if server.link is None or not server.up:
            return
        message = server.up[-1 if last else 0]
        if not again:
            del server.up[-1 if last else 0]
        self._deliver(server.link, message)

    def hear_ghost(self, server: Signalserver) -> None:
        """Deliver a message of a link that has been replaced."""
        if server.ghosts:
            self._deliver(*server.ghosts.popleft())

    def _deliver(self, link: int, message: FromSignalserver) -> None:
        match message:
            case State():
                self.room.report(link, message, self.now)
            case Granted(claim=claim, session=session):
                self.room.granted(link, session, int(claim), self.now)
            case Refused(claim=claim, session=session, reason=reason):
                self.room.refused(link, session, int(claim), reason, self.now)
            case Ended(session=session, reason=reason, seconds=seconds):
                self.room.ended(link, session, reason, seconds, self.now)
        self.obey()

    def order_out(self, server: Signalserver, *, again: bool = False, last: bool = False) -> None:
        """Deliver one order to a signalserver."""
        if server.down:
            order = server.down[-1 if last else 0]
            if not again:
                del server.down[-1 if last else 0]
            server.take(order, self.now)

    def wait(self, seconds: float) -> None:
        self.now += seconds
        for server in self.servers.values():
            server.tick(self.now)
        self.room.tick(self.now)
        self.obey()

    def settle(self) -> None:
        """Everything works again: links are up, messages flow, nobody new comes, time passes."""
        for server in self.servers.values():
            server.ready, server.draining = True, False
            self.cut(server)
            self.connect(server)
        self.discover(set(self.servers))
        for _ in range(40):
            for server in self.servers.values():
                while server.up or server.down:
                    self.hear(server)
                    self.order_out(server)
            for player in list(self.players.values()):
                if player.stage in {"matched", "gone"}:
                    self.arrive(player)
                if player.way is Way.REMOTE:
                    self.room.touch(player.name, self.now)
            self.wait(2.0)
            for server in self.servers.values():
                server.report()

    # --- the shell ---------------------------------------------------------------------------

    def obey(self) -> None:
        for effect in self.room.take_effects():
            match effect:
                case fx.AskSeat() | fx.FreeSeat() | fx.CloseLink():
                    self._on_link(effect)
                case fx.Matched():
                    self._matched(effect)
                case fx.Returned(session=name):
                    self._returned(self.players[name])
                case fx.Released(session=name, reason=reason):
                    self._released(name, reason)
                case _:
                    pass

    def _on_link(self, effect: fx.AskSeat | fx.FreeSeat | fx.CloseLink) -> None:
        for server in self.servers.values():
            if server.link == effect.link and isinstance(effect, fx.CloseLink):
                server.cut()
            elif server.link == effect.link and not isinstance(effect, fx.CloseLink):
                claimed = [s for s in self.room.books.sessions.values() if s.state is SessionState.CLAIMED]
                assert sum(s.stream == server.name for s in claimed) <= server.seats, "claimed too often"
                server.down.append(effect)

    def _matched(self, effect: fx.Matched) -> None:
        player = self.players[effect.session]
        assert player.stage == "waiting", f"{player} matched again"
        given = self.servers[effect.stream].given
        assert (effect.session, effect.fence) in given, f"{player} was matched without a seat"
        player.lease = (effect.stream, effect.fence)
        player.stage = "matched" if player.way is Way.JOINED else "gone"
        self.matches.append(player)

    def _returned(self, player: Player) -> None:
        assert player.stage in {"waiting", "matched", "seated"}, player
        if player.stage == "matched":
            player.stage, player.returned = "waiting", True
        elif player.stage == "waiting":
            player.returned = True

    def _released(self, name: str, reason: ReleaseReason) -> None:
        player = self.players.get(name)
        if player and player.lease and player.stage == "seated" and reason is ReleaseReason.LEFT:
            assert name not in self.servers[player.lease[0]].held, f"{player} is lost though it plays"
        if player is not None and player.stage in {"waiting", "matched"}:
            player.stage = "told"
