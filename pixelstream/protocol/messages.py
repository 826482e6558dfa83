"""The messages that a signalling server writes itself, and the names of all that it knows.

SIGNALLING_VERSION 1.3.0, one JSON object with `type` for each text frame. Messages between peers are
never built here: they pass as they came (`pixelstream.protocol.codec`). The trap: `playerId` is a
string everywhere but for Unreal 4.26, which reads it as a number; so it is `str | int` here.
"""

from collections.abc import Iterable
from enum import StrEnum

import orjson

from pixelstream.protocol.codec import Message


class Type(StrEnum):
    """Every `type` of the protocol, the original's extensions and ours at the end."""

    CONFIG = "config"
    IDENTIFY = "identify"
    ENDPOINT_ID = "endpointId"
    ENDPOINT_ID_CONFIRM = "endpointIdConfirm"
    STREAMER_ID_CHANGED = "streamerIdChanged"
    LIST_STREAMERS = "listStreamers"
    STREAMER_LIST = "streamerList"
    SUBSCRIBE = "subscribe"
    SUBSCRIBE_FAILED = "subscribeFailed"
    UNSUBSCRIBE = "unsubscribe"
    PLAYER_CONNECTED = "playerConnected"
    PLAYER_DISCONNECTED = "playerDisconnected"
    OFFER = "offer"
    ANSWER = "answer"
    ICE_CANDIDATE = "iceCandidate"
    DISCONNECT_PLAYER = "disconnectPlayer"
    PING = "ping"
    PONG = "pong"
    LAYER_PREFERENCE = "layerPreference"
    DATA_CHANNEL_REQUEST = "dataChannelRequest"
    PEER_DATA_CHANNELS = "peerDataChannels"
    STREAMER_DATA_CHANNELS = "streamerDataChannels"
    PEER_DATA_CHANNELS_READY = "peerDataChannelsReady"
    START_STREAMING = "startStreaming"
    STOP_STREAMING = "stopStreaming"
    STREAMER_DISCONNECTED = "streamerDisconnected"
    PLAYER_COUNT = "playerCount"
    STATS = "stats"
    CONTROL = "control"
    RESPONSE = "response"
    ACTIVITY = "activity"
    """Ours: a player's page saying that somebody is using it; never relayed."""
    REFRESH_CONFIG = "refreshConfig"
    """Ours: a player's page asking for a new `config`, since its media died."""
    LEASE = "lease"
    """Ours: a new lease for a page that asked for such by `?renew=1`."""


IDENTIFY = b'{"type":"identify"}'
STREAMER_DISCONNECTED = b'{"type":"streamerDisconnected"}'


def endpoint_id_confirm(committed: str) -> bytes:
    """To a streamer or SFU: the id it has now."""
    return orjson.dumps({"type": "endpointIdConfirm", "committedId": committed})


def streamer_id_changed(spelling: str, new: str) -> bytes:
    """To subscribers: their streamer has another id. `spelling` is the `type`; 5.3 and 5.4 write `ID`."""
    return orjson.dumps({"type": spelling, "newID": new})


def lease(token: str, expires: int) -> bytes:
    """To a page that asked for it: a new lease of its session, and when it ends (seconds since 1970)."""
    return orjson.dumps({"type": "lease", "lease": token, "expires": expires})


def streamer_list(ids: Iterable[str]) -> bytes:
    """To a player or SFU: who can be subscribed to."""
    return orjson.dumps({"type": "streamerList", "ids": list(ids)})


def subscribe_failed(message: str) -> bytes:
    """To a player: why there is no subscription; front ends show it and stop reconnecting."""
    return orjson.dumps({"type": "subscribeFailed", "message": message})


def player_connected(player_id: str | int, *, sfu: bool = False, send_offer: bool | None = None) -> bytes:
    """To a streamer or SFU: someone subscribed. `send_offer` is of 5.2 to 5.4 and left out when None."""
    message: Message = {"type": "playerConnected", "playerId": player_id, "dataChannel": True, "sfu": sfu}
    if send_offer is not None:
        message["sendOffer"] = send_offer
    return orjson.dumps(message)


def player_disconnected(player_id: str | int) -> bytes:
    """To a streamer or SFU: a subscriber is gone."""
    return orjson.dumps({"type": "playerDisconnected", "playerId": player_id})


def player_count(count: int) -> bytes:
    """To players of servers up to 5.1: how many are here."""
    return b'{"type":"playerCount","count":%d}' % count


def pong(time: object) -> bytes:
    """The answer to `ping`: its `time` unchanged if that is a number, else 0."""
    return orjson.dumps({"type": "pong", "time": time if type(time) in {int, float} else 0})


def response(action: str, *, body: bytes | None = None, error: str | None = None) -> bytes:
    """To a player: the answer to its `control`. `body` is embedded as JSON if it is JSON, else as text."""
    message: Message = {"type": "response", "action": action}
    if error is not None:
        message["error"] = error
    else:
        message["response"] = _embedded(body or b"")
    try:
        return orjson.dumps(message)
    except orjson.JSONEncodeError:
        return orjson.dumps({"type": "response", "action": action, "error": "nested too deep"})


def _embedded(body: bytes) -> object:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return body.decode("utf-8", "replace")
