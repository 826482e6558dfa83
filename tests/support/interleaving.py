"""Steps that happen to the world in any order, and what must hold after each of them."""

from __future__ import annotations

from collections.abc import Callable

from pixelstream.matchmaking.books import Rules
from pixelstream.matchmaking.model import JoinRefusal, SessionState, Way
from pixelstream.matchmaking.room import RETURNED, Room
from pixelstream.protocol.control import SeatState
from tests.support.fleetmodel import Player, Signalserver, World

CAPACITY = 6
WAYS = (Way.JOINED, Way.JOINED, Way.HANDOFF, Way.REMOTE)
WAITS = (0.1, 0.1, 1.0, 1.0, 3.0, 13.0, 130.0)


class Interleaving:
    """A run: each step is a name and a number that chooses among what is there."""

    def __init__(self, seats: tuple[int, ...], room: Callable[[Rules, float], Room] = Room) -> None:
        self.world = World(seats, CAPACITY, room)
        for server in self.world.servers.values():
            self.world.connect(server)
            self.world.hear(server)

    def take(self, step: str, n: int) -> None:
        _STEPS[step](self, n)
        self.check()

    def server(self, n: int) -> Signalserver:
        servers = list(self.world.servers.values())
        return servers[n % len(servers)]

    def players(self, *stages: str) -> list[Player]:
        return [player for player in self.world.players.values() if player.stage in stages]

    def one(self, n: int, *stages: str) -> Player | None:
        there = self.players(*stages)
        return there[n % len(there)] if there else None

    # --- players -----------------------------------------------------------------------------

    def join(self, n: int) -> None:
        had = len(self.players("waiting", "matched"))
        refusal = self.world.join(WAYS[n % len(WAYS)])
        full = refusal is JoinRefusal.QUEUE_FULL and had >= CAPACITY
        assert refusal is None or full or len(self.world.room.books.fleets["default"].line) >= CAPACITY

    def leave(self, n: int) -> None:
        if player := self.one(n, "waiting", "matched", "gone", "seated"):
            self.world.leave(player)

    def arrive(self, n: int) -> None:
        if player := self.one(n, "matched", "gone"):
            self.world.arrive(player, works=n % 5 > 0, answered=n % 7 > 0)

    def come_back(self, n: int) -> None:
        """A player's socket breaks, unnoticed or not, and its page comes back with the ticket."""
        if player := self.one(n, "waiting", "matched", "gone", "seated", "left"):
            self.world.come_back(player, noticed=n % 2 == 0)

    def end(self, n: int) -> None:
        names = list(self.world.players)
        if names:
            self.world.room.end(names[n % len(names)], self.world.now)
            self.world.obey()

    # --- links -------------------------------------------------------------------------------

    def hear(self, n: int) -> None:
        self.world.hear(self.server(n))

    def hear_twice(self, n: int) -> None:
        self.world.hear(self.server(n), again=True)

    def hear_early(self, n: int) -> None:
        self.world.hear(self.server(n), last=True)

    def hear_ghost(self, n: int) -> None:
        self.world.hear_ghost(self.server(n))

    def order(self, n: int) -> None:
        self.world.order_out(self.server(n))

    def order_twice(self, n: int) -> None:
        self.world.order_out(self.server(n), again=True)

    def order_early(self, n: int) -> None:
        self.world.order_out(self.server(n), last=True)

    def flow(self, n: int) -> None:
        server = self.server(n)
        while server.up or server.down:
            self.world.order_out(server)
            self.world.hear(server)

    def cut(self, n: int) -> None:
        self.world.cut(self.server(n), noticed=n % 3 > 0)

    def connect(self, n: int) -> None:
        if self.server(n).link is None or n % 4 == 0:
            self.world.connect(self.server(n))

    # --- streams -----------------------------------------------------------------------------

    def crash(self, n: int) -> None:
        server = self.server(n)
        link = server.link
        server.crash()
        for player in self.players("seated"):
            if player.lease and player.lease[0] == server.name:
                player.stage = "told"
        if link is not None:
            self.world.room.link_lost(link, self.world.now)
            self.world.obey()

    def change(self, n: int) -> None:
        server = self.server(n)
        server.ready, server.draining = n % 3 > 0, n % 5 == 0
        if len(server.held) + n % 2 <= server.seats:
            server.strangers = n % 2
        server.report()

    def away(self, n: int) -> None:
        for seat in self.server(n).held.values():
            if seat.state is not SeatState.RESERVED:
                seat.state = SeatState.AWAY if n % 2 else SeatState.CONNECTED
        self.server(n).report()

    def discover(self, n: int) -> None:
        self.world.discover({name for place, name in enumerate(self.world.servers) if n >> place & 1})

    def wait(self, n: int) -> None:
        self.world.wait(WAITS[n % len(WAITS)])

    # --- what must hold ----------------------------------------------------------------------

    def check(self) -> None:
        self._no_two_players_share_a_seat()
        self._every_player_waits_or_is_on_its_way_or_was_told()
        self._the_line_is_bounded_and_in_the_order_of_arrival()
        self._nobody_waits_beside_an_offered_stream()
        self._the_books_agree_with_themselves()

    def _no_two_players_share_a_seat(self) -> None:
        for server in self.world.servers.values():
            seated = [
                player
                for player in self.players("seated")
                if player.lease and player.lease[0] == server.name and player.name in server.held
            ]
            assert len(seated) <= len(server.held) <= server.seats

    def _every_player_waits_or_is_on_its_way_or_was_told(self) -> None:
        books = self.world.room.books
        for player in self.players("waiting", "matched"):
            session = books.sessions.get(player.name)
            assert session is not None, f"{player} is lost"
            assert not session.handed
            assert player.name in books.fleets["default"].line, f"{player} lost its place"
            if player.stage == "waiting":
                assert session.state in {SessionState.WAITING, SessionState.CLAIMED}

    def _the_line_is_bounded_and_in_the_order_of_arrival(self) -> None:
        line = self.world.room.books.fleets["default"].line
        names = list(line)
        orders = [self.world.players[name].order for name in names]
        assert len(line) <= RETURNED * CAPACITY
        assert line.waiting == len(names)
        assert orders == sorted(orders), "a player lost its place"
        assert [line.position(name) for name in names] == list(range(1, len(names) + 1))
        assert line.head() == (names[0] if names else None)

    def _nobody_waits_beside_an_offered_stream(self) -> None:
        fleet = self.world.room.books.fleets["default"]
        assert not (fleet.line.waiting and len(fleet.offer))

    def _the_books_agree_with_themselves(self) -> None:
        books = self.world.room.books
        for stream in books.streams.values():
            assert stream.unreported <= set(stream.sessions)
            assert all(books.sessions[name].stream == stream.id for name in stream.sessions)
            assert (stream.id in books.fleets[stream.fleet].offer) == stream.offerable(books.now)
        for session in books.sessions.values():
            if session.stream is not None:
                assert session.id in books.streams[session.stream].sessions
        for state in SessionState:
            assert books.count[state] == sum(s.state is state for s in books.sessions.values())
        assert set(books.links.values()) == {s.id for s in books.streams.values() if s.link is not None}

    def finish(self) -> None:
        """Once all works again, every seat is free or has its session, and nobody waits for a free one."""
        world = self.world
        world.settle()
        self.check()
        held = {name for server in world.servers.values() for name in server.held}
        seated = {s.id for s in world.room.books.sessions.values() if s.stream is not None}
        assert held == seated, "a seat leaked"
        assert not self.players("matched", "gone")
        free = sum(server.seats - server.taken for server in world.servers.values())
        assert not self.players("waiting") or free == 0, "a player waits beside a free seat"


_STEPS: dict[str, Callable[[Interleaving, int], None]] = {
    name: getattr(Interleaving, name)
    for name in (
        "join", "leave", "come_back", "arrive", "end", "hear", "hear_twice", "hear_early", "hear_ghost",
        "order", "order_twice", "order_early", "flow", "cut", "connect",
        "crash", "change", "away", "discover", "wait",
    )
}  # fmt: skip

USUAL = ("join", "join", "leave", "arrive", "arrive", "hear", "hear", "order", "order", "flow", "wait")
WEIGHTED = (*USUAL, *USUAL, *USUAL, *(name for name in _STEPS if name not in USUAL))
"""What happens: mostly the usual, now and then a fault."""
