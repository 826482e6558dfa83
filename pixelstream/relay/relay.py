"""The relay: peers come, speak and go; everything else follows from the rules.

Single-threaded and without a clock: the caller passes `now`, in seconds of the clock that
`Port.last_seen` is read from. The trap: `received` is the hot path, 2 µs for a candidate; nothing may
be added to it that is not needed for every message.
"""

from __future__ import annotations

from pixelstream.errors import LeaseError
from pixelstream.protocol import closing, messages, profiles
from pixelstream.protocol.codec import MessageError, decode
from pixelstream.protocol.control import EndedReason, RefusedReason
from pixelstream.protocol.keepalive import Keepalive
from pixelstream.relay import door, lifetimes, rules, snapshot
from pixelstream.relay.counts import Counts
from pixelstream.relay.options import RelayOptions
from pixelstream.relay.peers import Peer, Player, Streamer
from pixelstream.relay.ports import ControlRequest, Hello, Host, Lease, Port
from pixelstream.relay.registry import Registry
from pixelstream.relay.room import Room
from pixelstream.relay.snapshot import Snapshot
from pixelstream.relay.subscriptions import close_player, player_broke, player_out, streamer_out
from pixelstream.relay.vocabulary import Drop, ResetOutcome, Role


class Relay:
    """One signalling server's mind.

    Raises:
        KeyError: the options name an unknown profile.
        ValueError: a pattern of `control_allow` is none.
    """

    def __init__(self, options: RelayOptions, host: Host) -> None:
        self._room = room = Room(options, host)
        self._rules = rules.table(room)
        self._keepalive = Keepalive(options.keepalive_interval, options.keepalive_timeout)
        self._rate = options.message_rate or float("inf")

    # --- peers -------------------------------------------------------------------------------

    def opened(self, role: Role, port: Port, hello: Hello, now: float) -> Peer | None:
        """A socket is open. Returns its peer, to be passed to all other calls.

        Returns None if the peer was refused; its port has been closed then, with words.
        `Host.want_config` is called for the peer before this returns.
        """
        if role is Role.PLAYER:
            return door.open_player(self._room, port, hello, now)
        if role is Role.STREAMER:
            return door.open_streamer(self._room, port, hello, now)
        return door.open_sfu(self._room, port, now)

    def received(self, peer: Peer, data: bytes, now: float) -> None:
        """A peer sent a message, text or binary. Never raises, whatever it is."""
        if peer.gone:
            return
        room = self._room
        if type(peer) is Player:
            if now - peer.window >= 1.0:
                peer.window = now
                peer.spent = 0
            peer.spent = spent = peer.spent + 1
            if spent > self._rate:
                self._too_fast(peer, now)
                return
        try:
            message = decode(data)
            kind: str = message["type"]
            handler = self._rules[type(peer)].get(kind)
            if handler is None:
                room.counts.dropped[Drop.UNKNOWN_TYPE] += 1
            elif kind == "ping":
                handler(peer, message, now)
            elif peer.held is not None:
                self._hold(peer, data, now)
            else:
                if type(peer) is Player:
                    peer.active = now
                handler(peer, message, now)
        except MessageError:
            room.counts.dropped[Drop.MALFORMED] += 1

    def closed(self, peer: Peer, code: int, now: float) -> None:
        """A peer's socket is gone; `code` is what it said, 1006 if it said nothing."""
        if peer.gone:
            return
        room = self._room
        if isinstance(peer, Player):
            if code in closing.GOODBYES:
                player_out(room, peer, EndedReason.LEFT, now)
            else:
                player_broke(room, peer, now)
        elif isinstance(peer, Streamer):
            if code == closing.ENGINE_REFUSED and _died_of_a_greeting(peer):
                room.learned = profiles.P427
            streamer_out(room, peer, now)

    def configure(self, peer: Peer, options: bytes, now: float) -> None:
        """Send a peer its ICE servers: for the first time, or afresh before credentials end.

        Args:
            peer: whom `Host.want_config` named, or any peer later; one that is gone is ignored.
            options: an RTCConfiguration as JSON.
            now: seconds.

        Raises:
            IceError: `options` are no RTCConfiguration; nothing was sent.
        """
        if peer.gone:
            return
        for data in door.configure(self._room, peer, options, now):
            self.received(peer, data, now)

    def respond(
        self, player: Player, request: ControlRequest, *, body: bytes | None = None, error: str | None = None
    ) -> None:
        """Answer a request of `Host.control`, with the body that the REST API gave or with an error."""
        self._room.bridge.end(player.player_id)
        if not player.gone:
            player.port.send(messages.response(request.action, body=body, error=error))

    def ask(
        self, lease: Lease, action: str, method: str, payload: bytes | None, now: float
    ) -> tuple[Player, ControlRequest]:
        """Let whoever has the seat of a lease ask the streamer's REST API by itself; end it with `asked`.

        Args:
            lease: whose signature, stream and expiry were checked.
            action: a relative path with an optional query.
            method: GET or POST.
            payload: JSON, for a POST.
            now: seconds.

        Raises:
            LeaseError: `outrun`: the session has no player here, or the seat has seen a newer lease.
            BridgeError: the bridge refuses the request.
        """
        room = self._room
        player = room.registry.sessions.get(lease.session)
        if player is None or lease.fence != player.seat.fence:
            raise LeaseError("outrun", "its session has no seat here, or a newer lease has it")
        room.bridge.check(player.player_id, subscribed=player.streamer is not None)
        request = room.bridge.allowed.allow(action, method, payload)
        room.bridge.begin(player.player_id)
        player.active = now
        return player, request

    def asked(self, player: Player) -> None:
        """End what `ask` began."""
        self._room.bridge.end(player.player_id)

    # --- seats -------------------------------------------------------------------------------

    def claim(self, session: str, fence: int, deadline: float, now: float) -> RefusedReason | None:
        """Reserve a seat for `deadline` seconds, on the matchmaker's wish; return why not, or None."""
        room = self._room
        if room.draining:
            return RefusedReason.DRAINING
        if room.registry.first() is None:
            return RefusedReason.NOT_READY
        refused = room.seats.claim(session, fence, deadline, now)
        if refused is None:
            room.host.changed()
        return refused

    def release(self, session: str, words: str, now: float, *, fence: int | None = None) -> bool:
        """End a session, on the matchmaker's wish: its reservation or its visit; False if unknown.

        With a `fence`, only if the session's seat is of that one: a late wish must not cost a new seat.
        """
        room = self._room
        seat = room.seats.get(session)
        if seat is None or fence not in {None, seat.fence}:
            return False
        player = room.registry.sessions.get(session)
        if player is None:
            room.free(seat, EndedReason.RELEASED, now)
        else:
            close_player(
                room, player, EndedReason.RELEASED, now, code=closing.KICKED, words=words or "released"
            )
        return True

    def drain(self) -> None:
        """Refuse new claims and players from now on; those who are here, or hold a seat, stay."""
        if not self._room.draining:
            self._room.draining = True
            self._room.reset.finish(self._room, ResetOutcome.CANCELLED)
            self._room.host.changed()
            self._room.check_drained()

    def stop(self, now: float) -> None:
        """End everything: players with a code upon which they come back, reservations, streamers."""
        room = self._room
        self.drain()
        for player in list(room.registry.players.values()):
            close_player(
                room, player, EndedReason.DRAINED, now, code=closing.RESTART, words="the server ends"
            )
        for seat in list(room.seats):
            room.free(seat, EndedReason.DRAINED, now)
        for streamer in list(room.registry.streamers.values()):
            streamer_out(room, streamer, now)
            streamer.port.close(closing.RESTART, "the server ends")

    # --- time and reading --------------------------------------------------------------------

    def reset_answered(self, now: float, *, well: bool) -> None:
        """Tell how a call of `Host.reset` went; one that failed is made again until the deadline."""
        self._room.reset.answered(self._room, now, well=well)

    def streamer_started(self, now: float) -> None:
        """The first check of the streamer's container asked: its process is a new one."""
        self._room.reset.started = now

    @property
    def restart_wanted(self) -> bool:
        """Whether the streamer's process is to be started again, for a reset."""
        return self._room.reset.restart_wanted

    def tick(self, now: float) -> None:
        """Let time do its work; call this about once a second."""
        room = self._room
        for peer in lifetimes.late(room, now):
            self.configure(peer, room.options.fallback_options, now)
        lifetimes.watch_players(room, self._keepalive, now)
        lifetimes.watch_streamers(room, self._keepalive, now)
        lifetimes.watch_seats(room, now)
        room.reset.advance(room, now)

    def snapshot(self) -> Snapshot:
        """The whole state, for the control link."""
        return snapshot.take(self._room)

    @property
    def registry(self) -> Registry:
        """Who is here; to be read, not changed."""
        return self._room.registry

    @property
    def counts(self) -> Counts:
        """What was relayed, dropped and refused so far."""
        return self._room.counts

    @property
    def draining(self) -> bool:
        """Whether new players are refused."""
        return self._room.draining

    # --- inside ------------------------------------------------------------------------------

    def _hold(self, peer: Peer, data: bytes, now: float) -> None:
        held = peer.held if peer.held is not None else []
        size = sum(map(len, held)) + len(data)
        if len(held) < self._room.options.held_messages and size <= self._room.options.held_bytes:
            held.append(data)
            return
        self._room.drop(Drop.OVERFLOW)
        if isinstance(peer, Player):
            words = "too many messages before config"
            self._fault(peer, words, now)

    def _too_fast(self, player: Player, now: float) -> None:
        self._room.drop(Drop.TOO_FAST)
        self._fault(player, "too many messages", now)

    def _fault(self, player: Player, words: str, now: float) -> None:
        close_player(self._room, player, EndedReason.KICKED, now, code=closing.POLICY, words=words)


def _died_of_a_greeting(streamer: Streamer) -> bool:
    return streamer.profile is profiles.AUTO and streamer.greeted and not streamer.proven
