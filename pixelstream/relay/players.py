"""What players may say. Whatever they name, they speak in their own name and to their own streamer.

The trap: a player that was never subscribed but negotiates is a page of 4.26 or 4.27, and gets the
first streamer; one that has unsubscribed is not, and its late candidates must not bring it back.
"""

from __future__ import annotations

from pixelstream.protocol import closing, messages, profiles
from pixelstream.protocol.codec import Message, MessageError, encode
from pixelstream.protocol.control import EndedReason
from pixelstream.protocol.messages import Type
from pixelstream.relay.bridge import BridgeError
from pixelstream.relay.peers import Player, Streamer
from pixelstream.relay.ports import ControlRequest
from pixelstream.relay.room import PHASE_BITS, Room
from pixelstream.relay.subscriptions import close_player, full, subscribe, unsubscribe
from pixelstream.relay.vocabulary import Drop, Phase

PHASES = {"offer": Phase.OFFER, "answer": Phase.ANSWER, "iceCandidate": Phase.PLAYER_ICE}
_BITS = {kind: PHASE_BITS[phase] for kind, phase in PHASES.items()}
_EXCHANGED = PHASE_BITS[Phase.OFFER] | PHASE_BITS[Phase.PLAYER_ICE]
MAX_ECHO = 128
"""Characters of a player's own words that an answer repeats."""


class PlayerHandlers:
    """What is done with each message of a player."""

    def __init__(self, room: Room) -> None:
        self._room = room

    def relay(self, player: Player, message: Message, now: float) -> None:
        """offer, answer, iceCandidate, layerPreference, ...: to its streamer, in its own name."""
        streamer = player.streamer
        kind = message["type"]
        if streamer is None:
            streamer = self._force(player, kind, now)
            if streamer is None:
                return
        if kind not in streamer.profile.accepts:
            self._room.drop(Drop.NOT_UNDERSTOOD)
            return
        message["playerId"] = player.wire_id
        streamer.port.send(encode(message))
        self._room.counts.relayed[kind] += 1
        if _BITS.get(kind, 0) & ~player.phases:
            self._room.reach(player, PHASES[kind], now)

    def subscribe(self, player: Player, message: Message, now: float) -> None:
        """Subscribe; end an earlier subscription first. Failure is told, success shows in the offer."""
        name = message.get("streamerId")
        streamer = self._room.registry.streamers.get(name) if isinstance(name, str) else None
        if streamer is None or not streamer.streaming:
            shown = name[:MAX_ECHO] if isinstance(name, str) else ""
            player.port.send(messages.subscribe_failed(f"Streamer {shown} does not exist."))
        elif not (streamer is player.streamer and streamer.profile.single and not player.phases & _EXCHANGED):
            unsubscribe(player)
            self._subscribe(player, streamer, now)

    def unsubscribe(self, player: Player, message: Message, now: float) -> None:
        """Unsubscribe; the player gets no answer."""
        unsubscribe(player)

    def list_streamers(self, player: Player, message: Message, now: float) -> None:
        """Tell the ids of those that stream."""
        streaming = (one.id for one in self._room.registry.streamers.values() if one.streaming)
        player.port.send(messages.streamer_list(streaming))

    def ping(self, player: Player, message: Message, now: float) -> None:
        """Answer with the same time."""
        player.port.send(messages.pong(message.get("time")))

    def activity(self, player: Player, message: Message, now: float) -> None:
        """Somebody uses this player; from now on, silence about that is idling."""
        player.reports = True

    def refresh_config(self, player: Player, message: Message, now: float) -> None:
        """Send it `config` again: its connection died, and it builds a new one on the same seat."""
        self._room.host.want_config(player)

    def ignore(self, player: Player, message: Message, now: float) -> None:
        """Take note of nothing: pong, and the deprecated stats."""

    def control(self, player: Player, message: Message, now: float) -> None:
        """Hand an allowed request to the REST API to the host, answer any other with its fault."""
        try:
            request = self._request(player, message)
        except (BridgeError, MessageError) as error:
            action = message.get("action")
            shown = action[:MAX_ECHO] if isinstance(action, str) else ""
            player.port.send(messages.response(shown, error=str(error)))
            return
        self._room.bridge.begin(player.player_id)
        self._room.host.control(player, request)

    def _request(self, player: Player, message: Message) -> ControlRequest:
        self._room.bridge.check(player.player_id, subscribed=player.streamer is not None)
        return self._room.bridge.allowed.request(message)

    def _force(self, player: Player, kind: str, now: float) -> Streamer | None:
        """Subscribe a player that negotiates without having asked for anybody."""
        room = self._room
        streamer = room.registry.first()
        if player.phases & PHASE_BITS[Phase.SUBSCRIBED]:
            room.drop(Drop.NOT_SUBSCRIBED)
        elif streamer is None:
            room.drop(Drop.NOT_SUBSCRIBED)
            close_player(
                room, player, EndedReason.STREAMER_LOST, now,
                code=closing.TRY_LATER, words="Streamer is not connected",
            )  # fmt: skip
        else:
            unasked = kind == Type.OFFER and streamer.profile is profiles.AUTO
            self._subscribe(player, streamer, now, announce=not unasked)
            if player.streamer is None:
                room.drop(Drop.NOT_SUBSCRIBED)
        return player.streamer

    def _subscribe(self, player: Player, streamer: Streamer, now: float, *, announce: bool = True) -> None:
        if not full(self._room, streamer):
            subscribe(self._room, player, streamer, now, announce=announce)
            return
        limit = self._room.options.players_per_streamer
        player.port.send(messages.subscribe_failed(f"Streamer {streamer.id} is full. Max players = {limit}."))
