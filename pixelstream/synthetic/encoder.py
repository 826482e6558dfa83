"""Turns canvases into H.264 (Annex B, constrained baseline) or VP8, one packet a picture.

The stream is encoded once for all its players, as Unreal does, and aiortc only cuts the packets up. Its
own encoders would be made anew for each player and at each change of the estimated bitrate. The trap:
x264 answers a forced picture type with an I picture that no decoder can begin at, unless `forced-idr`.
"""

from fractions import Fraction
from typing import Final, cast

import av
from av.video.codeccontext import VideoCodecContext
from av.video.frame import PictureType

from pixelstream.settings.streamer import Codec
from pixelstream.synthetic.canvas import Canvas

TIME_BASE: Final = Fraction(1, 90000)
"""The clock of RTP video, RFC 3551."""

BITS_PER_PIXEL: Final = 0.1
"""Of target bitrate: 2.8 Mbit/s for 1280x720 at 30 pictures a second."""

_OPTIONS: Final = {
    "h264": {"preset": "veryfast", "tune": "zerolatency", "forced-idr": "1", "crf": "22"},
    "vp8": {"deadline": "realtime", "cpu-used": "-8", "lag-in-frames": "0", "error-resilient": "1"},
}
_NAMES: Final = {"h264": "libx264", "vp8": "libvpx"}


def bitrate(width: int, height: int, fps: int) -> int:
    """Return the target bitrate in bits per second."""
    return round(width * height * fps * BITS_PER_PIXEL)


class Encoder:
    """One encoder for one size; every packet belongs to exactly one picture."""

    def __init__(self, codec: Codec, width: int, height: int, fps: int) -> None:
        context = cast("VideoCodecContext", av.CodecContext.create(_NAMES[codec], "w"))
        context.width, context.height, context.pix_fmt = width, height, "yuv420p"
        context.framerate, context.time_base = Fraction(fps, 1), TIME_BASE
        limit = bitrate(width, height, fps)
        context.bit_rate = 0 if codec == "h264" else limit  # x264 goes by quality up to the limit
        context.gop_size = fps * 600  # key pictures come when asked for
        context.thread_count = 1
        context.options = _OPTIONS[codec] | {"maxrate": str(limit), "bufsize": str(limit // 2)}
        if codec == "h264":
            context.profile = "Baseline"
        self._context = context

    def encode(self, picture: Canvas, pts: int, *, key: bool) -> bytes:
        """Return the packet of one picture; `pts` counts 90 kHz and must rise, `key` makes it a start."""
        frame = av.VideoFrame(picture.width, picture.height, "yuv420p")
        for plane, data in zip(frame.planes, (picture.y, picture.u, picture.v), strict=True):
            plane.update(_padded(data, plane.width, plane.line_size))
        frame.pts, frame.time_base = pts, TIME_BASE
        frame.pict_type = PictureType.I if key else PictureType.NONE
        return b"".join(bytes(packet) for packet in self._context.encode(frame))


def _padded(data: bytearray, width: int, stride: int) -> bytes:
    if width == stride:
        return bytes(data)
    gap = bytes(stride - width)
    return b"".join(data[start : start + width] + gap for start in range(0, len(data), width))
