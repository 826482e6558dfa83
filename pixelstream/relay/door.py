"""Who comes in, and what a peer is told first.

Order on the wire: a streamer hears `identify`, then `config`; a player hears `config` and nothing
before it but, up to 5.1, `playerCount`. What a peer says before its `config` is out is kept and
handled then. The trap: a lease whose session has a player here does not make a second player of it;
the newcomer *is* that player from then on, with its id and its subscription.
"""

from __future__ import annotations

from urllib.parse import parse_qsl

from pixelstream.protocol import closing, ice, messages, profiles
from pixelstream.relay.peers import Peer, Player, Sfu, Streamer
from pixelstream.relay.ports import Hello, Port
from pixelstream.relay.room import Room
from pixelstream.relay.seats import Seat
from pixelstream.relay.subscriptions import (
    KEEPS_ITS_PEER,
    OFFER_TO_RECEIVE,
    PREFER_SFU,
    subscribe,
    tell_player_count,
    unsubscribe,
)
from pixelstream.relay.vocabulary import Phase, Refusal

_REFUSED = {
    Refusal.FULL: (closing.TRY_LATER, "every seat is taken"),
    Refusal.DRAINING: (closing.TRY_LATER, "draining: no new players here"),
    Refusal.NO_STREAMER: (closing.TRY_LATER, "Streamer is not connected"),
    Refusal.NO_LEASE: (closing.POLICY, "a lease is needed"),
    Refusal.OUTRUN: (closing.POLICY, "lease outrun: its session is over or a newer lease holds the seat"),
}
_WISHES = {"offertoreceive": OFFER_TO_RECEIVE, "prefersfu": PREFER_SFU}


def open_streamer(room: Room, port: Port, hello: Hello, now: float) -> Streamer | None:
    """Let a streamer in; None if it was closed: engines up to 5.1 share with nobody."""
    profile = room.chosen
    if room.adaptive:
        profile = profiles.at_connect(room.learned or profile, hello.subprotocols)
    if profile.single and next(room.registry.engines(), None) is not None:
        port.close(closing.POLICY, "a streamer is connected already")
        return None
    streamer = Streamer(port, now, name=room.registry.unnamed(), profile=profile)
    room.registry.add_streamer(streamer)
    if profile.identify:
        port.send(messages.IDENTIFY)
    room.host.want_config(streamer)
    return streamer


def open_sfu(room: Room, port: Port, now: float) -> Sfu:
    """Let an SFU in: an id of a streamer, and one of a player."""
    registry = room.registry
    sfu = Sfu(port, now, name=registry.unnamed(), player_id=registry.player_ids.take(), profile=profiles.P55)
    registry.add_streamer(sfu)
    port.send(messages.IDENTIFY)
    room.host.want_config(sfu)
    return sfu


def open_player(room: Room, port: Port, hello: Hello, now: float) -> Player | None:
    """Seat a player; None if it was refused and closed."""
    seat = _seat(room, hello, now)
    if isinstance(seat, Refusal):
        room.counts.refused[seat] += 1
        port.close(*_REFUSED[seat])
        return None
    former = room.registry.sessions.get(seat.session)
    player_id = former.player_id if former else room.registry.player_ids.take()
    player = Player(port, now, player_id=player_id, seat=seat, wishes=_wishes(hello.query))
    if former is not None:
        _succeed(former, player)
    room.registry.add_player(player)
    room.reset.used = True
    room.host.changed()
    tell_player_count(room)
    room.host.want_config(player)
    return player


def _seat(room: Room, hello: Hello, now: float) -> Seat | Refusal:
    if room.player_profile().single and room.registry.first() is None:
        return Refusal.NO_STREAMER
    if hello.lease is not None:
        return room.seats.admit(hello.lease, now, new=not room.draining)
    if room.options.lease_policy == "required":
        return Refusal.NO_LEASE
    if room.draining:
        return Refusal.DRAINING
    return room.seats.admit_guest(now) or Refusal.FULL


def _wishes(query: str) -> int:
    bits = 0
    for name, value in parse_qsl(query) if query else ():
        if (name, value) == ("renew", "1"):
            bits |= KEEPS_ITS_PEER
        elif value.lower() == "true":
            bits |= _WISHES.get(name.lower(), 0)
    return bits


def _succeed(former: Player, player: Player) -> None:
    """Put a player in the place of its former socket; the streamer isn't told."""
    former.gone = True
    former.held = None
    player.phases, player.announced = former.phases, former.announced
    player.wire_id, player.reports = former.wire_id, former.reports
    player.streamer, former.streamer = former.streamer, None
    if player.streamer is not None:
        player.streamer.subscribers[player.player_id] = player
    former.port.close(closing.POLICY, "this session goes on in another connection")


def configure(room: Room, peer: Peer, options: bytes, now: float) -> list[bytes]:
    """Send a peer its `config`, the first or a fresh one; return what it said while it waited.

    Raises:
        IceError: `options` are no RTCConfiguration.
    """
    profile = peer.profile if isinstance(peer, Streamer) else room.player_profile()
    peer.port.send(ice.config_message(options, version=profile.version))
    if peer.held is None:
        return []
    held, peer.held = peer.held, None
    if isinstance(peer, Player):
        room.reach(peer, Phase.CONFIG, now)
        if profile.single:
            _attach(room, peer, now)
    elif isinstance(peer, Streamer) and profile.single and not isinstance(peer, Sfu):
        peer.streaming = True
        room.host.changed()
    return held


def _attach(room: Room, player: Player, now: float) -> None:
    """Subscribe a player of a page that never asks; a returning one anew, for it starts from nothing.

    Our own page comes back with its peer connection alive and says so; if that has died, it subscribes.
    """
    if player.streamer is not None and player.wishes & KEEPS_ITS_PEER:
        return
    unsubscribe(player)
    preferred = room.registry.first(sfu=True) if player.wishes & PREFER_SFU else None
    streamer = preferred or room.registry.first()
    if streamer is not None:
        subscribe(room, player, streamer, now)
