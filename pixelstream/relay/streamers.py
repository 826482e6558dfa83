"""What streamers may say, and to whom: their own subscribers only.

The trap: player ids come back as strings or, from Unreal up to 5.3, as numbers.
"""

from __future__ import annotations

from pixelstream.protocol import closing, messages, profiles
from pixelstream.protocol.codec import Message, encode
from pixelstream.protocol.control import EndedReason
from pixelstream.protocol.ids import read_player_id
from pixelstream.protocol.messages import Type
from pixelstream.relay.peers import Player, Sfu, Streamer, Subscriber
from pixelstream.relay.room import PHASE_BITS, Room
from pixelstream.relay.subscriptions import close_player, unsubscribe
from pixelstream.relay.vocabulary import Drop, Phase

PHASES = {"offer": Phase.OFFER, "answer": Phase.ANSWER, "iceCandidate": Phase.STREAMER_ICE}
_BITS = {kind: PHASE_BITS[phase] for kind, phase in PHASES.items()}
_KICKED = "kicked"


def subscriber(room: Room, streamer: Streamer, message: Message) -> Subscriber | None:
    """The subscriber that a message names; None, and counted, if it names none of this streamer's."""
    player_id = message.get("playerId")
    if type(player_id) is not str:
        player_id = read_player_id(player_id)
    who = streamer.subscribers.get(player_id) if player_id is not None else None
    if who is None:
        known = player_id in room.registry.players
        room.drop(Drop.NOT_SUBSCRIBED if known else Drop.NO_SUCH_PLAYER)
    return who


def rename(room: Room, streamer: Streamer, message: Message) -> None:
    """Give a streamer or SFU the id it asks for, tell its subscribers, and confirm."""
    if room.registry.rename(streamer, message.get("id")):
        for who in list(streamer.subscribers.values()):
            for spelling in streamer.profile.renamed:
                who.port.send(messages.streamer_id_changed(spelling, streamer.id))
    streamer.streaming = True
    if streamer.profile.confirm:
        streamer.port.send(messages.endpoint_id_confirm(streamer.id))
    room.host.changed()


def _browser_offers(streamer: Streamer, who: Subscriber) -> bool:
    return not streamer.proven and not who.announced


class StreamerHandlers:
    """What is done with each message of a streamer."""

    def __init__(self, room: Room) -> None:
        self._room = room

    def relay(self, streamer: Streamer, message: Message, now: float) -> None:
        """offer, answer, iceCandidate: to the subscriber it names."""
        who = subscriber(self._room, streamer, message)
        if who is None:
            return
        kind = message["type"]
        if not streamer.profile.keep_player_id:
            del message["playerId"]
        who.port.send(encode(message))
        self._room.counts.relayed[kind] += 1
        if _BITS[kind] & ~who.phases:
            self._first(streamer, who, kind, now)

    def endpoint_id(self, streamer: Streamer, message: Message, now: float) -> None:
        """The streamer tells its id, at any time: it streams from now on."""
        room = self._room
        if room.adaptive and streamer.profile is not profiles.P426:
            streamer.profile = profiles.at_endpoint_id(streamer.profile, message)
            if streamer.profile is profiles.P55:
                room.learned = None
        rename(room, streamer, message)

    def disconnect_player(self, streamer: Streamer, message: Message, now: float) -> None:
        """Close a subscriber with 1011 and the reason given."""
        who = subscriber(self._room, streamer, message)
        if who is None:
            return
        reason = message.get("reason")
        words = reason if isinstance(reason, str) and reason else _KICKED
        if isinstance(who, Player):
            close_player(self._room, who, EndedReason.KICKED, now, code=closing.KICKED, words=words)
        else:
            unsubscribe(who)
            who.port.close(closing.KICKED, closing.fit(words))

    def layer_preference(self, streamer: Streamer, message: Message, now: float) -> None:
        """To the SFU that is subscribed to this streamer."""
        sfus = [who for who in streamer.subscribers.values() if isinstance(who, Sfu)]
        if not sfus:
            self._room.drop(Drop.NOT_SUBSCRIBED)
            return
        data = encode(message)
        for sfu in sfus:
            sfu.port.send(data)
            self._room.counts.relayed[message["type"]] += 1

    def ping(self, streamer: Streamer, message: Message, now: float) -> None:
        """Answer with the same time, unless `pong` would end this engine."""
        if streamer.profile.pong:
            streamer.port.send(messages.pong(message.get("time")))

    def was_reset(self, streamer: Streamer, message: Message, now: float) -> None:
        """The acknowledgement of a reset's message, of the type that the options name."""
        self._room.reset.acknowledged(streamer, now)
        self._room.reset.advance(self._room, now)

    def ignore(self, streamer: Streamer, message: Message, now: float) -> None:
        """Take note of nothing: pong."""

    def _first(self, streamer: Streamer, who: Subscriber, kind: str, now: float) -> None:
        """The first message of its type to a subscriber tells something about the engine, too."""
        if kind == Type.OFFER:
            streamer.proven = True
        elif kind == Type.ANSWER and streamer.profile is profiles.AUTO and _browser_offers(streamer, who):
            streamer.profile = profiles.P427
        if isinstance(who, Player):
            self._room.reach(who, PHASES[kind], now)
        else:
            who.phases |= _BITS[kind]
