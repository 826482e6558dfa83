"""What time alone does: pings, the dead, overdue seats, idle and overlong visits, silent streamers.

The trap of idling: input goes over the data channel, which a signalling server never sees. A player
with a stream counts as in use, until its page has once sent `activity`; from then on its silence
is believed.
"""

from __future__ import annotations

from pixelstream.protocol import closing
from pixelstream.protocol.control import EndedReason, SeatState
from pixelstream.protocol.keepalive import Keepalive, Verdict
from pixelstream.relay.peers import NOWHERE, Peer, Player, Streamer
from pixelstream.relay.room import PHASE_BITS, Room
from pixelstream.relay.subscriptions import close_player, player_broke, player_out, streamer_out
from pixelstream.relay.vocabulary import Phase

_ANSWERED = PHASE_BITS[Phase.ANSWER]


def late(room: Room, now: float) -> list[Peer]:
    """Peers that have waited too long for their `config`."""
    everybody = (*room.registry.players.values(), *room.registry.streamers.values())
    return [
        peer
        for peer in everybody
        if peer.held is not None and now - peer.opened >= room.options.config_timeout > 0
    ]


def watch_players(room: Room, keepalive: Keepalive, now: float) -> None:
    """Ping the silent, give up the dead, and end visits whose time is over."""
    for player in list(room.registry.players.values()):
        if player.gone or player.port is NOWHERE:
            continue
        verdict = keepalive.verdict(now, player.port.last_seen)
        if verdict is Verdict.DEAD:
            port = player.port
            player_broke(room, player, now)
            port.abort()
        else:
            if verdict is Verdict.PING:
                player.port.ping()
            _limit(room, player, now)


def _limit(room: Room, player: Player, now: float) -> None:
    longest, idle = room.options.max_session, room.options.idle_timeout
    since = player.seat.since
    if longest > 0 and since is not None and now - since >= longest:
        _over(room, player, EndedReason.EXPIRED, "this session's time is over", now)
    elif idle > 0 and now - player.active >= idle and (player.reports or not _streams(player)):
        _over(room, player, EndedReason.IDLE, "idle for too long", now)


def _over(room: Room, player: Player, reason: EndedReason, words: str, now: float) -> None:
    close_player(room, player, reason, now, code=closing.POLICY, words=words)


def _streams(player: Player) -> bool:
    return player.streamer is not None and bool(player.phases & _ANSWERED)


def watch_streamers(room: Room, keepalive: Keepalive, now: float) -> None:
    """Ping the silent, give up the dead, name those that do not answer `identify`."""
    for streamer in list(room.registry.streamers.values()):
        verdict = keepalive.verdict(now, streamer.port.last_seen)
        if verdict is Verdict.DEAD:
            streamer_out(room, streamer, now)
            streamer.port.abort()
        else:
            if verdict is Verdict.PING:
                streamer.port.ping()
            _name_silent(room, streamer, now)


def _name_silent(room: Room, streamer: Streamer, now: float) -> None:
    patience = room.options.silent_streamer
    silent = streamer.profile.name_silent and not streamer.streaming
    if silent and 0 < patience <= now - streamer.opened:
        room.registry.name_silent(streamer)
        streamer.streaming = True
        room.host.changed()


def watch_seats(room: Room, now: float) -> None:
    """Free seats whose player did not come, or did not come back."""
    for seat in room.seats.overdue(now):
        player = room.registry.sessions.get(seat.session)
        if seat.state is SeatState.AWAY and player is not None:
            player_out(room, player, EndedReason.LEFT, now)
        else:
            room.free(seat, EndedReason.NO_SHOW, now)
