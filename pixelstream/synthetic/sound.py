"""A gentle tone as Opus packets, made once a process; or silence, which Opus says in three bytes.

The tone swells and fades once a loop, so that the seam between two rounds is silent.
"""

import array
from fractions import Fraction
from functools import cache
from math import pi, sin
from typing import Final, Literal

import av

SAMPLE_RATE: Final = 48000
PACKET_SAMPLES: Final = 960
"""20 ms, what every receiver expects."""

_SECONDS: Final = 2
_FREQUENCIES: Final = (220.0, 330.0)
_LOUDNESS: Final = 1200
_SILENCE: Final = b"\xf8\xff\xfe"


@cache
def packets(sound: Literal["tone", "silence"]) -> tuple[bytes, ...]:
    """Return the packets of one round, each of `PACKET_SAMPLES` at `SAMPLE_RATE`."""
    return (_SILENCE,) if sound == "silence" else _encode(_tone())


def _tone() -> "array.array[int]":
    count = SAMPLE_RATE * _SECONDS
    return array.array("h", (_sample(index / SAMPLE_RATE) for index in range(count)))


def _sample(at: float) -> int:
    swell = sin(pi * at / _SECONDS) ** 2
    return round(_LOUDNESS * swell * sum(sin(2 * pi * each * at) for each in _FREQUENCIES))


def _encode(samples: "array.array[int]") -> tuple[bytes, ...]:
    context = av.CodecContext.create("libopus", "w")
    context.format, context.layout = "s16", "mono"
    context.sample_rate, context.bit_rate = SAMPLE_RATE, 24000
    context.time_base = Fraction(1, SAMPLE_RATE)
    made: list[bytes] = []
    for start in range(0, len(samples), PACKET_SAMPLES):
        frame = av.AudioFrame("s16", "mono", PACKET_SAMPLES)
        frame.planes[0].update(samples[start : start + PACKET_SAMPLES].tobytes())
        frame.sample_rate, frame.pts = SAMPLE_RATE, start
        made += [bytes(each) for each in context.encode(frame)]
    made += [bytes(each) for each in context.encode(None)]
    return tuple(made[: len(samples) // PACKET_SAMPLES])
