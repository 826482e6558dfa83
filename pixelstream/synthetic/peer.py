"""One player's peer connection on the streamer's side: tracks, data channel, offer or answer, close.

aiortc is bent in three places, each for a reason: key picture requests are taken from the sender, since
ready packets pass its encoder by; candidates go straight to the one transport, since aiortc drops those
for bundled sections; and the transport gathers before an offer arrives, so that an answer need not wait.
"""

import asyncio
from collections.abc import Callable
from typing import Any, Final

import structlog
from aiortc import (
    MediaStreamTrack,
    RTCConfiguration,
    RTCDataChannel,
    RTCPeerConnection,
    RTCRtpSender,
    RTCSessionDescription,
)
from aiortc.rtcicetransport import RTCIceCandidate

from pixelstream.settings.streamer import Codec
from pixelstream.synthetic import ice
from pixelstream.synthetic.closing import close_for_good

_LOG = structlog.get_logger()
_PROFILES: Final = {"h264": ("video/H264", "42001f"), "vp8": ("video/VP8", None)}


class Peer:
    """A connection that sends one video track and perhaps sound, and has one data channel.

    Set its four callbacks before the player can connect.
    """

    def __init__(
        self,
        configuration: RTCConfiguration,
        codec: Codec,
        video: MediaStreamTrack,
        sound: MediaStreamTrack | None,
    ) -> None:
        self.on_data: Callable[[bytes], None] = _ignore
        self.on_open: Callable[[], None] = _ignore
        self.on_key_wanted: Callable[[], None] = _ignore
        self.on_state: Callable[[str], None] = _ignore
        self.video = video
        self._channel: RTCDataChannel | None = None
        self._resolving: set[asyncio.Task[None]] = set()
        self._candidates = 0
        self._connection = RTCPeerConnection(configuration)
        self._connection.add_listener("connectionstatechange", self._state_changed)
        self._connection.add_listener("datachannel", self._adopt)
        self._add_tracks(codec, video, sound)

    @property
    def state(self) -> str:
        """`new`, `connecting`, `connected`, `failed` or `closed`."""
        return str(self._connection.connectionState)

    async def gather(self) -> None:
        """Find the own candidates. Done ahead, offers and answers take no time."""
        await self._transport().iceGatherer.gather()

    async def offer(self) -> str:
        """Return the offer's SDP, all candidates within."""
        self._adopt(self._connection.createDataChannel("datachannel"))
        await self._connection.setLocalDescription(await self._connection.createOffer())
        return str(self._connection.localDescription.sdp)

    async def take_answer(self, sdp: str) -> None:
        """Take in the player's answer; raises ValueError and others of aiortc's if it does not fit."""
        await self._connection.setRemoteDescription(RTCSessionDescription(sdp, "answer"))
        self._add_all(sdp)

    async def answer(self, sdp: str) -> str:
        """Take in the player's offer and return the answer's SDP, all candidates within."""
        self._first_as_bundled()
        await self._connection.setRemoteDescription(RTCSessionDescription(sdp, "offer"))
        self._add_all(sdp)
        await self._connection.setLocalDescription(await self._connection.createAnswer())
        return str(self._connection.localDescription.sdp)

    def add_candidate(self, candidate: RTCIceCandidate) -> None:
        """Try this address, too. Names of the kind `.local` are resolved meanwhile."""
        if self._candidates >= ice.MAX_CANDIDATES:
            return
        self._candidates += 1
        task = asyncio.create_task(self._add(candidate), name="candidate")
        self._resolving.add(task)
        task.add_done_callback(self._resolving.discard)

    def send(self, data: bytes) -> None:
        """Send over the data channel; dropped unless it is open."""
        if self._channel is not None and self._channel.readyState == "open":
            self._channel.send(data)

    def detach(self) -> None:
        """Call nobody back any more."""
        self.on_data = self.on_open = self.on_key_wanted = self.on_state = _ignore

    async def close(self) -> None:
        """End the connection, tracks and all."""
        self.detach()
        for task in tuple(self._resolving):
            task.cancel()
        await close_for_good(self._connection)

    def _add_tracks(self, codec: Codec, video: MediaStreamTrack, sound: MediaStreamTrack | None) -> None:
        transceiver = self._connection.addTransceiver(video, direction="sendonly")
        transceiver.setCodecPreferences(_video_codec(codec))
        # The sender calls this on PLI and FIR; it would only tell an encoder that is not there.
        setattr(transceiver.sender, "_send_keyframe", self._key_wanted)  # noqa: B010 - a method to mypy
        if sound is not None:
            transceiver = self._connection.addTransceiver(sound, direction="sendonly")
            transceiver.setCodecPreferences(_known("audio", "audio/opus"))

    def _key_wanted(self) -> None:
        self.on_key_wanted()

    def _first_as_bundled(self) -> None:
        # If the offer lists sound first, aiortc would close the transport that all sections share.
        for transceiver in self._connection.getTransceivers():
            transceiver._bundled = True  # noqa: SLF001

    def _transport(self) -> Any:
        return self._connection.getTransceivers()[0].sender.transport.transport

    def _add_all(self, sdp: str) -> None:
        for each in ice.candidates_of(sdp):
            self.add_candidate(each)

    async def _add(self, candidate: RTCIceCandidate) -> None:
        try:
            await self._transport().addRemoteCandidate(candidate)
        except (OSError, ValueError) as error:
            _LOG.debug("candidate not used", error=str(error))

    def _adopt(self, channel: RTCDataChannel) -> None:
        self._channel = channel
        channel.add_listener("message", self._received)
        if channel.readyState == "open":
            self.on_open()
        else:
            channel.add_listener("open", self._opened)

    def _opened(self) -> None:
        self.on_open()

    def _received(self, data: bytes | str) -> None:
        self.on_data(data.encode() if isinstance(data, str) else data)

    def _state_changed(self) -> None:
        self.on_state(self.state)


def _video_codec(codec: Codec) -> list[Any]:
    mime, profile = _PROFILES[codec]
    fits = [each for each in _known("video", mime) if each.parameters.get("profile-level-id") == profile]
    return fits + _known("video", "video/rtx")


def _known(kind: str, mime: str) -> list[Any]:
    return [each for each in RTCRtpSender.getCapabilities(kind).codecs if each.mimeType == mime]


def _ignore(*_: object) -> None:
    """Do nothing: the listener that stands in until one is set."""
