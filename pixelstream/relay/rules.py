"""Who may say what, as one table: role, then `type`, then what is done with it. All else is dropped.

Handlers take (peer, message, now). They may raise `MessageError` for a message that can't be written
again; nothing of it has been sent then.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pixelstream.protocol.codec import Message
from pixelstream.protocol.messages import Type
from pixelstream.relay.peers import Peer, Player, Sfu, Streamer
from pixelstream.relay.players import PlayerHandlers
from pixelstream.relay.room import Room
from pixelstream.relay.sfus import SfuHandlers
from pixelstream.relay.streamers import StreamerHandlers

Handler = Callable[[Any, Message, float], None]
Rules = dict[type[Peer], dict[str, Handler]]


def table(room: Room) -> Rules:
    """Lay out the rules of a relay."""
    streamer = StreamerHandlers(room)
    acknowledgement = room.options.reset.acknowledgement
    extra: dict[str, Handler] = {acknowledgement: streamer.was_reset} if acknowledgement else {}
    return {
        Player: _player(PlayerHandlers(room)),
        Streamer: extra | _streamer(streamer),
        Sfu: _sfu(SfuHandlers(room), streamer),
    }


def _player(player: PlayerHandlers) -> dict[str, Handler]:
    return {
        Type.OFFER.value: player.relay,
        Type.ANSWER.value: player.relay,
        Type.ICE_CANDIDATE.value: player.relay,
        Type.LAYER_PREFERENCE.value: player.relay,
        Type.DATA_CHANNEL_REQUEST.value: player.relay,
        Type.PEER_DATA_CHANNELS_READY.value: player.relay,
        Type.LIST_STREAMERS.value: player.list_streamers,
        Type.SUBSCRIBE.value: player.subscribe,
        Type.UNSUBSCRIBE.value: player.unsubscribe,
        Type.PING.value: player.ping,
        Type.PONG.value: player.ignore,
        Type.STATS.value: player.ignore,
        Type.CONTROL.value: player.control,
        Type.REFRESH_CONFIG.value: player.refresh_config,
        Type.ACTIVITY.value: player.activity,
    }


def _streamer(streamer: StreamerHandlers) -> dict[str, Handler]:
    return {
        Type.OFFER.value: streamer.relay,
        Type.ANSWER.value: streamer.relay,
        Type.ICE_CANDIDATE.value: streamer.relay,
        Type.LAYER_PREFERENCE.value: streamer.layer_preference,
        Type.ENDPOINT_ID.value: streamer.endpoint_id,
        Type.DISCONNECT_PLAYER.value: streamer.disconnect_player,
        Type.PING.value: streamer.ping,
        Type.PONG.value: streamer.ignore,
    }


def _sfu(sfu: SfuHandlers, streamer: StreamerHandlers) -> dict[str, Handler]:
    return {
        Type.OFFER.value: sfu.to_player,
        Type.PEER_DATA_CHANNELS.value: sfu.to_player,
        Type.ANSWER.value: sfu.to_streamer,
        Type.STREAMER_DATA_CHANNELS.value: sfu.streamer_data_channels,
        Type.ENDPOINT_ID.value: sfu.endpoint_id,
        Type.LIST_STREAMERS.value: sfu.list_streamers,
        Type.SUBSCRIBE.value: sfu.subscribe,
        Type.UNSUBSCRIBE.value: sfu.unsubscribe,
        Type.START_STREAMING.value: sfu.start_streaming,
        Type.STOP_STREAMING.value: sfu.stop_streaming,
        Type.PING.value: streamer.ping,
        Type.PONG.value: streamer.ignore,
    }
