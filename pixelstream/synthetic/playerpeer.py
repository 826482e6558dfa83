"""One player's peer connection: takes a streamer's offer, or makes one as a UE 4 page does.

It asks for no ICE server unless told to, for the reason that ice.py gives.
"""

import asyncio
from collections.abc import Callable

from aiortc import (
    MediaStreamTrack,
    RTCConfiguration,
    RTCDataChannel,
    RTCIceCandidate,
    RTCPeerConnection,
    RTCSessionDescription,
)
from aiortc.rtcconfiguration import RTCIceTransportPolicy

from pixelstream.synthetic.closing import close_for_good
from pixelstream.synthetic.sink import FrameSink


class PlayerPeer:
    """A connection that receives. `changed` is called whenever something about it has changed."""

    def __init__(
        self,
        configuration: RTCConfiguration,
        *,
        relay_only: bool,
        sink: Callable[[], FrameSink],
        received: Callable[[bytes], None],
        changed: Callable[[], None],
    ) -> None:
        if relay_only:
            configuration.iceTransportPolicy = RTCIceTransportPolicy.RELAY
        self.video: FrameSink | None = None
        self.audio: FrameSink | None = None
        self.channel: RTCDataChannel | None = None
        self._sink = sink
        self._received = received
        self._changed = changed
        self._tasks: set[asyncio.Task[None]] = set()
        self._connection = RTCPeerConnection(configuration)
        self._connection.add_listener("track", self._track)
        self._connection.add_listener("datachannel", self._adopt)
        self._connection.add_listener("connectionstatechange", changed)

    @property
    def state(self) -> str:
        """`new`, `connecting`, `connected`, `failed` or `closed`."""
        return str(self._connection.connectionState)

    @property
    def pair(self) -> tuple[str, str]:
        """Types of the candidates in use, own and the streamer's: `host`, `srflx`, `prflx` or `relay`."""
        transport = self._connection.getTransceivers()[0].receiver.transport.transport
        pair = transport._connection._nominated.get(1)  # noqa: SLF001 - not told otherwise
        return (pair.local_candidate.type, pair.remote_candidate.type) if pair else ("", "")

    async def answer(self, sdp: str) -> str:
        """Take in an offer and return the answer, all candidates within."""
        await self._connection.setRemoteDescription(RTCSessionDescription(sdp, "offer"))
        await self._connection.setLocalDescription(await self._connection.createAnswer())
        return str(self._connection.localDescription.sdp)

    async def offer(self) -> str:
        """Return an offer as a UE 4 page makes it, all candidates within."""
        self._connection.addTransceiver("video", direction="recvonly")
        self._connection.addTransceiver("audio", direction="recvonly")
        self._adopt(self._connection.createDataChannel("cirrus"))
        await self._connection.setLocalDescription(await self._connection.createOffer())
        return str(self._connection.localDescription.sdp)

    async def take_answer(self, sdp: str) -> None:
        """Take in the streamer's answer."""
        await self._connection.setRemoteDescription(RTCSessionDescription(sdp, "answer"))

    def add_candidate(self, candidate: RTCIceCandidate) -> None:
        """Try this address of the streamer's, too."""
        transport = self._connection.getTransceivers()[0].receiver.transport.transport
        task = asyncio.create_task(transport.addRemoteCandidate(candidate), name="candidate")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def lost_packets(self) -> int:
        """Return how many packets of video never came, by the receiver's statistics."""
        report = await self._connection.getStats()
        return sum(each.packetsLost for each in report.values() if each.type == "inbound-rtp")

    async def close(self) -> None:
        """End the connection."""
        self._connection.remove_listener("connectionstatechange", self._changed)
        for task in tuple(self._tasks):
            task.cancel()
        await close_for_good(self._connection)

    def _track(self, track: MediaStreamTrack) -> None:
        receivers = self._connection.getReceivers()
        receiver = next(each for each in receivers if each.track is track)
        sink = self._sink() if track.kind == "video" else FrameSink(self._nothing)
        sink.attach(receiver)
        setattr(self, track.kind, sink)

    def _adopt(self, channel: RTCDataChannel) -> None:
        self.channel = channel
        channel.add_listener("open", self._changed)
        channel.add_listener("message", self._message)
        self._changed()

    def _message(self, data: bytes | str) -> None:
        self._received(data.encode() if isinstance(data, str) else data)

    @staticmethod
    def _nothing() -> None:
        """Sound is counted, nobody waits for it."""
