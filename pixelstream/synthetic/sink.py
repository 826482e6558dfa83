"""Where a player's frames end: counted and checked, not decoded unless someone wants to see them.

aiortc starts a decoding thread for each receiver. The sink stands in for its queue, so that the thread
finds the end of its work at once and frames come here instead; RTCP, NACK and statistics go on as ever.
The trap: this takes a private name of aiortc's; `attach` fails loudly if that has gone.
"""

import asyncio
from collections.abc import Callable
from typing import Any, Final

import av
from aiortc.jitterbuffer import JitterFrame
from aiortc.rtcrtpparameters import RTCRtpCodecParameters
from aiortc.rtcrtpreceiver import RTCRtpReceiver

from pixelstream.synthetic.strip import Strip, read_strip

GAP_SECONDS: Final = 0.25
"""A pause between two frames from which on it counts as a gap: seven frames at 30 a second."""

_QUEUE: Final = "_RTCRtpReceiver__decoder_queue"
_DECODERS: Final = {"H264": "h264", "VP8": "libvpx"}
_MAX_UNDECODED: Final = 90


class FrameSink:
    """Counts the frames of one receiver. `arrived` is called after each."""

    def __init__(self, arrived: Callable[[], None]) -> None:
        self.frames = self.bytes = self.backwards = self.gaps = 0
        self.longest_gap = 0.0
        self.codec = ""
        self._arrived = arrived
        self._ticks = asyncio.get_running_loop()
        self._last_time = 0.0
        self._last_stamp = -1

    def attach(self, receiver: RTCRtpReceiver) -> None:
        """Take the receiver's frames; before it has started.

        Raises:
            AttributeError: this version of aiortc keeps its frames elsewhere.
        """
        getattr(receiver, _QUEUE)
        setattr(receiver, _QUEUE, self)

    def get(self) -> None:
        """Tell aiortc's decoding thread that there is no more to do."""

    def put(self, item: tuple[RTCRtpCodecParameters, JitterFrame] | None) -> None:
        """Count a frame; aiortc also puts None when the receiver stops."""
        if item is None:
            return
        codec, frame = item
        self.codec = codec.name
        self.frames += 1
        self.bytes += len(frame.data)
        self.backwards += frame.timestamp <= self._last_stamp
        self._last_stamp = frame.timestamp
        self._measure_gap()
        self.take(codec.name, frame)
        self._arrived()

    def take(self, codec: str, frame: JitterFrame) -> None:
        """Do more with a frame than counting it; nothing here."""

    def _measure_gap(self) -> None:
        now = self._ticks.time()
        gap = now - self._last_time if self._last_time else 0.0
        self._last_time = now
        self.gaps += gap > GAP_SECONDS
        self.longest_gap = max(self.longest_gap, gap)


class SeeingSink(FrameSink):
    """Decodes each frame, too, and keeps what the strip of the last one says in `strip`."""

    def __init__(self, arrived: Callable[[], None]) -> None:
        super().__init__(arrived)
        self.strip: Strip | None = None
        self.decoded = self.unreadable = self.undecodable = 0
        self._frames: asyncio.Queue[tuple[str, JitterFrame]] = asyncio.Queue(_MAX_UNDECODED)
        self._decoder: Any = None
        self._task = asyncio.create_task(self._run(), name="decoder")

    def take(self, codec: str, frame: JitterFrame) -> None:
        """Queue the frame for decoding; if decoding is far behind, start again with a later one."""
        if self._frames.full():
            while not self._frames.empty():
                self._frames.get_nowait()
        self._frames.put_nowait((codec, frame))

    async def close(self) -> None:
        """Stop decoding."""
        self._task.cancel()
        await asyncio.wait([self._task], timeout=5)

    async def _run(self) -> None:
        while True:
            codec, frame = await self._frames.get()
            await asyncio.to_thread(self._decode, codec, frame.data)
            self._arrived()

    def _decode(self, codec: str, data: bytes) -> None:
        if self._decoder is None:
            self._decoder = av.CodecContext.create(_DECODERS[codec], "r")
        try:
            pictures = self._decoder.decode(av.Packet(data))
        except av.FFmpegError:
            self.undecodable += 1
            return
        for picture in pictures:
            plane = picture.planes[0]
            strip = read_strip(memoryview(plane), plane.line_size, picture.width, picture.height)
            self.decoded += 1
            self.unreadable += strip is None
            self.strip = strip or self.strip
