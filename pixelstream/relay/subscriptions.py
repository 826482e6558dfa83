"""Who is subscribed to whom, and how a player or streamer goes.

Three orders matter. A streamer hears of a subscriber's end before that subscriber's socket is closed.
An SFU never hears `playerDisconnected` of players that it has dropped itself or will drop: with
`streamerDisconnected` it forgets all its players, and a late word about one kills Epic's SFU. And a
peer is out of the registry before its socket is closed, so that nothing can be sent to it in between.
"""

from __future__ import annotations

from pixelstream.protocol import closing, messages
from pixelstream.protocol.control import EndedReason
from pixelstream.relay.peers import NOWHERE, Player, Sfu, Streamer, Subscriber
from pixelstream.relay.room import PHASE_BITS, Room
from pixelstream.relay.vocabulary import Phase

OFFER_TO_RECEIVE = 1
PREFER_SFU = 2
KEEPS_ITS_PEER = 4
"""Bits of `Player.wishes`."""


def subscribe(room: Room, who: Subscriber, streamer: Streamer, now: float, *, announce: bool = True) -> None:
    """Subscribe a peer that is not subscribed; without `announce` the streamer isn't told."""
    profile = streamer.profile
    who.streamer = streamer
    who.wire_id = int(who.player_id) if profile.numeric_ids else who.player_id
    streamer.subscribers[who.player_id] = who
    who.announced = announce and profile.announce
    if who.announced:
        streamer.port.send(_player_connected(who, streamer))
        streamer.greeted = True
    if isinstance(who, Player):
        who.phases &= PHASE_BITS[Phase.CONFIG]
        room.reach(who, Phase.SUBSCRIBED, now)


def _player_connected(who: Subscriber, streamer: Streamer) -> bytes:
    send_offer: bool | None = None
    if streamer.profile.send_offer:
        send_offer = not (isinstance(who, Player) and who.wishes & OFFER_TO_RECEIVE)
    return messages.player_connected(who.wire_id, sfu=isinstance(who, Sfu), send_offer=send_offer)


def unsubscribe(who: Subscriber) -> None:
    """End a subscription, if there is one; the streamer is told."""
    streamer = who.streamer
    if streamer is not None:
        who.streamer = None
        del streamer.subscribers[who.player_id]
        streamer.port.send(messages.player_disconnected(who.wire_id))


def full(room: Room, streamer: Streamer) -> bool:
    """Whether a streamer has all the players it may have; SFUs don't count."""
    limit = room.options.players_per_streamer
    return 0 < limit <= sum(isinstance(one, Player) for one in streamer.subscribers.values())


def player_out(room: Room, player: Player, reason: EndedReason, now: float) -> None:
    """A player's visit is over: free its seat, tell everybody who has to know."""
    player.gone = True
    player.held = None
    room.registry.remove_player(player)
    room.bridge.forget(player.player_id)
    unsubscribe(player)
    since = player.seat.since
    room.host.left(player, reason, now - (player.opened if since is None else since))
    room.free(player.seat, reason, now)
    tell_player_count(room)


def close_player(
    room: Room, player: Player, reason: EndedReason, now: float, *, code: int, words: str
) -> None:
    """End a player's visit from our side, with a close code and words for its user."""
    player_out(room, player, reason, now)
    player.port.close(code, closing.fit(words))


def player_broke(room: Room, player: Player, now: float) -> None:
    """A player's socket is gone without a goodbye: hold its seat if it may come back."""
    if not room.seats.hold(player.seat, now):
        player_out(room, player, EndedReason.LEFT, now)
        return
    player.port = NOWHERE
    player.held = None
    room.host.changed()


def streamer_out(room: Room, streamer: Streamer, now: float) -> None:
    """A streamer or SFU is gone: its players go, with a code upon which they come back."""
    streamer.gone = True
    streamer.held = None
    room.registry.remove_streamer(streamer)
    if isinstance(streamer, Sfu):
        unsubscribe(streamer)
    dismiss_subscribers(room, streamer, now)
    room.host.changed()


def dismiss_subscribers(room: Room, streamer: Streamer, now: float) -> None:
    """End all subscriptions of a streamer that has forgotten them; it is told nothing."""
    subscribers = list(streamer.subscribers.values())
    streamer.subscribers.clear()
    for who in subscribers:
        who.streamer = None
    for who in subscribers:
        if isinstance(who, Player):
            close_player(
                room, who, EndedReason.STREAMER_LOST, now,
                code=closing.RESTART, words="the streamer is gone",
            )  # fmt: skip
        else:
            _source_lost(room, who, now)


def _source_lost(room: Room, sfu: Sfu, now: float) -> None:
    """An SFU lost its streamer: it drops its players on `streamerDisconnected`, so we do first."""
    sfu.streaming = False
    dismiss_subscribers(room, sfu, now)
    sfu.port.send(messages.STREAMER_DISCONNECTED)


def tell_player_count(room: Room) -> None:
    """Tell players of engines that know it how many are here."""
    if room.player_profile().player_count:
        notice = messages.player_count(len(room.registry.players))
        for player in list(room.registry.players.values()):
            player.port.send(notice)
