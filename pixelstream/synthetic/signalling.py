"""Streamers without media, thousands in one process, to load what passes their messages on.

Each has a socket of its own and behaves as its profile's engine does, but its offers and answers name a
connection that nobody listens at. The trap: opening all sockets at once overruns the listen queue of
the server, so few open at a time.
"""

import asyncio
import secrets
from typing import Any, Final

from pixelstream.settings.base import read_secret
from pixelstream.settings.signalserver import STREAMER_TOKEN_ENV
from pixelstream.settings.streamer import StreamerSettings
from pixelstream.synthetic.link import Link
from pixelstream.synthetic.profiles import TRAITS

OPENING_AT_ONCE: Final = 50
"""Sockets that are being opened at the same time."""

_CANDIDATES: Final = ("host 192.0.2.10", "srflx 203.0.113.10")
_VIDEO: Final = (
    "a=rtpmap:97 VP8/90000",
    "a=rtcp-fb:97 nack",
    "a=rtcp-fb:97 nack pli",
    "a=rtcp-fb:97 goog-remb",
    "a=rtpmap:99 H264/90000",
    "a=fmtp:99 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42001f",
    "a=rtcp-fb:99 nack",
    "a=rtcp-fb:99 nack pli",
    "a=rtcp-fb:99 goog-remb",
)
_AUDIO: Final = ("a=rtpmap:96 opus/48000/2", "a=fmtp:96 minptime=10;useinbandfec=1")


class SilentStreamer:
    """One streamer of the many. `offered` and `answered` count what it did."""

    def __init__(self, settings: StreamerSettings, name: str, token: str | None = None) -> None:
        self.name = name
        self.offered = self.answered = 0
        self._traits = TRAITS[settings.profile]
        self.link = Link(
            settings.signalserver_url,
            self._traits,
            token=token,
            received=self._received,
            lost=self._lost,
        )

    def _received(self, message: dict[str, Any]) -> None:
        kind, player = message["type"], message.get("playerId")
        if self._traits.integer_ids and isinstance(player, str):
            player = int(player) if player.isdecimal() else None
        if kind == "identify":
            self.link.send({"type": "endpointId", "id": self.name})
        elif kind == "ping":
            self.link.send({"type": "pong", "time": message.get("time", 0)})
        elif kind == "playerConnected" and player is not None:
            self.offered += 1
            self._describe("offer", player)
        elif kind == "offer" and player is not None:
            self.answered += 1
            self._describe("answer", player)

    def _describe(self, kind: str, player: int | str) -> None:
        user = secrets.token_hex(4)
        self.link.send({"type": kind, "sdp": fake_sdp(kind, user), "playerId": player})
        for line in _CANDIDATES:
            sort, address = line.split()
            text = f"candidate:1 1 udp 2130706431 {address} 50000 typ {sort} ufrag {user}"
            candidate = {"candidate": text, "sdpMid": "0", "sdpMLineIndex": 0}
            self.link.send({"type": "iceCandidate", "candidate": candidate, "playerId": player})

    def _lost(self) -> None:
        """Nothing outlives the socket."""


async def run_silent(settings: StreamerSettings) -> None:
    """Run `settings.count` streamers, named `<streamerId>-00001` and so on, until cancelled."""
    token = read_secret(settings.token_file, STREAMER_TOKEN_ENV)
    gate = asyncio.Semaphore(OPENING_AT_ONCE)
    names = [f"{settings.streamer_id}-{number:05d}" for number in range(1, settings.count + 1)]
    if settings.count == 1:
        names = [settings.streamer_id]
    async with asyncio.TaskGroup() as group:
        for name in names:
            group.create_task(SilentStreamer(settings, name, token).link.run(gate), name=name)


def fake_sdp(kind: str, user: str) -> str:
    """Return a description as real in form as aiortc's, of a connection that does not exist."""
    password, print_of_key = secrets.token_hex(12), secrets.token_bytes(32).hex(":").upper()
    transport = [
        "c=IN IP4 0.0.0.0",
        f"a=ice-ufrag:{user}",
        f"a=ice-pwd:{password}",
        f"a=fingerprint:sha-256 {print_of_key}",
        f"a=setup:{'actpass' if kind == 'offer' else 'active'}",
    ]
    lines = ["v=0", "o=- 1 1 IN IP4 0.0.0.0", "s=-", "t=0 0", "a=group:BUNDLE 0 1 2", "a=msid-semantic:WMS *"]
    media = ["a=sendonly", "a=rtcp-mux"]
    lines += ["m=video 9 UDP/TLS/RTP/SAVPF 97 99", *transport, "a=mid:0", *media, *_VIDEO]
    lines += ["m=audio 9 UDP/TLS/RTP/SAVPF 96", *transport, "a=mid:1", *media, *_AUDIO]
    lines += ["m=application 9 UDP/DTLS/SCTP webrtc-datachannel", *transport, "a=mid:2", "a=sctp-port:5000"]
    return "\r\n".join(lines) + "\r\n"
