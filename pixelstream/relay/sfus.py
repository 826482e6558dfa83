"""What SFUs may say: to their players as a streamer does, to their streamer as a player does.

The traps: an SFU's candidates are in its SDP, and `iceCandidate` of one is not for anybody. And after
`stopStreaming` it has forgotten its players: they are closed, and it hears nothing of them any more.
"""

from __future__ import annotations

from pixelstream.protocol import messages
from pixelstream.protocol.codec import Message, encode
from pixelstream.protocol.ids import read_player_id
from pixelstream.relay.peers import Player, Sfu
from pixelstream.relay.room import PHASE_BITS, Room
from pixelstream.relay.streamers import rename, subscriber
from pixelstream.relay.subscriptions import dismiss_subscribers, subscribe, unsubscribe
from pixelstream.relay.vocabulary import Drop, Phase


class SfuHandlers:
    """What is done with each message of an SFU."""

    def __init__(self, room: Room) -> None:
        self._room = room

    def to_player(self, sfu: Sfu, message: Message, now: float) -> None:
        """offer, peerDataChannels: to the subscriber it names, which does not see its id."""
        who = subscriber(self._room, sfu, message)
        if who is None:
            return
        kind = message["type"]
        del message["playerId"]
        who.port.send(encode(message))
        self._room.counts.relayed[kind] += 1
        if kind == "offer" and isinstance(who, Player) and not who.phases & PHASE_BITS[Phase.OFFER]:
            self._room.reach(who, Phase.OFFER, now)

    def to_streamer(self, sfu: Sfu, message: Message, now: float) -> None:
        """answer: to the SFU's streamer, in its own name."""
        message["playerId"] = sfu.wire_id
        self._up(sfu, message)

    def streamer_data_channels(self, sfu: Sfu, message: Message, now: float) -> None:
        """To the SFU's streamer, about one of the SFU's own players."""
        if subscriber(self._room, sfu, message) is None:
            return
        if sfu.streamer is not None and not sfu.streamer.profile.channels:
            self._room.drop(Drop.NOT_UNDERSTOOD)
            return
        message["playerId"] = read_player_id(message["playerId"])
        message["sfuId"] = sfu.player_id
        self._up(sfu, message)

    def subscribe(self, sfu: Sfu, message: Message, now: float) -> None:
        """Subscribe to a streamer, but to no SFU; failure is silent."""
        wanted = message.get("streamerId")
        streamer = self._room.registry.streamers.get(wanted) if isinstance(wanted, str) else None
        if streamer is None or isinstance(streamer, Sfu) or not streamer.profile.announce:
            self._room.drop(Drop.NOT_SUBSCRIBED)
            return
        unsubscribe(sfu)
        sfu.phases = 0
        subscribe(self._room, sfu, streamer, now)

    def unsubscribe(self, sfu: Sfu, message: Message, now: float) -> None:
        """Unsubscribe; the SFU gets no answer."""
        unsubscribe(sfu)

    def list_streamers(self, sfu: Sfu, message: Message, now: float) -> None:
        """Tell all ids, its own and those that do not stream yet among them."""
        sfu.port.send(messages.streamer_list(self._room.registry.streamers))

    def endpoint_id(self, sfu: Sfu, message: Message, now: float) -> None:
        """The SFU tells its streamer id."""
        rename(self._room, sfu, message)

    def start_streaming(self, sfu: Sfu, message: Message, now: float) -> None:
        """Players may subscribe to it."""
        sfu.streaming = True
        self._room.host.changed()

    def stop_streaming(self, sfu: Sfu, message: Message, now: float) -> None:
        """It is hidden, and its players go."""
        sfu.streaming = False
        dismiss_subscribers(self._room, sfu, now)
        self._room.host.changed()

    def _up(self, sfu: Sfu, message: Message) -> None:
        if sfu.streamer is None:
            self._room.drop(Drop.NOT_SUBSCRIBED)
            return
        sfu.streamer.port.send(encode(message))
        self._room.counts.relayed[message["type"]] += 1
