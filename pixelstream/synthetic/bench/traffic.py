"""What the load says: the two messages that signalling consists of, in their usual sizes.

The trap: sizes are those of a player's whole text frame, so that "280 B" means the same to every server.
"""

from __future__ import annotations

from typing import Any

import orjson

SMALL = 280
"""Bytes of a usual `iceCandidate`."""
LARGE = 5000
"""Bytes of a usual `answer` of a browser."""
STREAMER = "bench"
"""Id of the load's streamer."""

_CANDIDATE = (
    "candidate:842163049 1 udp 1677729535 203.0.113.7 46154 typ srflx raddr 10.0.0.17 rport 46154 "
    "generation 0 ufrag {user} network-id 1"
)
_HEAD = ("v=0", "o=- 4611731400430051336 2 IN IP4 127.0.0.1", "s=-", "t=0 0", "a=group:BUNDLE 0 1 2")
_MEDIA = ("m=video 9 UDP/TLS/RTP/SAVPF 96", "c=IN IP4 0.0.0.0", "a=rtcp:9 IN IP4 0.0.0.0", "a=mid:0")
_CODEC = (
    "a=rtpmap:{n} H264/90000",
    "a=rtcp-fb:{n} goog-remb",
    "a=rtcp-fb:{n} nack pli",
    "a=fmtp:{n} level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f",
)


def candidate(size: int = SMALL) -> bytes:
    """An `iceCandidate` of exactly `size` bytes, its user fragment being as long as it takes.

    Raises:
        ValueError: it can't be that short.
    """

    def message(user: str) -> dict[str, Any]:
        inner = {"candidate": _CANDIDATE.format(user=user), "sdpMid": "0", "sdpMLineIndex": 0}
        return {"type": "iceCandidate", "candidate": inner}

    return orjson.dumps(message("u" * _missing(size, orjson.dumps(message("")))))


def answer(size: int = LARGE) -> bytes:
    """An `answer` of exactly `size` bytes, with as many codecs as it takes.

    Raises:
        ValueError: it can't be that short.
    """
    lines = [*_HEAD, *_MEDIA]
    number = 96
    while _size_of_answer([*lines, *(line.format(n=number) for line in _CODEC)]) < size - len(_CODEC[3]):
        lines += [line.format(n=number) for line in _CODEC]
        number += 1
    lines.append("a=msid:")
    lines[-1] += "m" * _missing(size, _answer(lines))
    return _answer(lines)


def addressed(message: bytes, kind: str, player_id: str) -> bytes:
    """The same message as a streamer sends it: as `kind`, to one player."""
    return orjson.dumps({**orjson.loads(message), "type": kind, "playerId": player_id})


def _answer(lines: list[str]) -> bytes:
    return orjson.dumps({"type": "answer", "sdp": "\r\n".join(lines) + "\r\n"})


def _size_of_answer(lines: list[str]) -> int:
    return len(_answer(lines))


def _missing(size: int, message: bytes) -> int:
    if len(message) > size:
        raise ValueError(f"no such message has less than {len(message)} bytes")
    return size - len(message)
