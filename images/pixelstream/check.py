# ruff: noqa: INP001 - a script of the image, no module
"""What the finished environment must be able to do; run once while the image is built.

Trap: it also leaves bytecode behind for every module that a service imports, and for no other.
Bytecode of the rest would be half as large again, and a read-only root cannot make it later.
"""

import importlib
import pkgutil
from fractions import Fraction

import av

import pixelstream

ENCODERS = ("libx264", "libvpx")


def encoder_opens(name: str) -> bool:
    """Whether FFmpeg can open an encoder."""
    encoder = av.CodecContext.create(name, "w")
    encoder.width, encoder.height, encoder.pix_fmt = 320, 240, "yuv420p"
    encoder.time_base = Fraction(1, 30)
    try:
        encoder.open()
    except av.error.FFmpegError:
        return False
    return True


def main() -> None:
    """Import every module of pixelstream and open the encoders that streams use."""
    for module in pkgutil.walk_packages(pixelstream.__path__, "pixelstream."):
        if not module.name.endswith(".__main__"):
            importlib.import_module(module.name)
    missing = [name for name in ENCODERS if not encoder_opens(name)]
    if missing:
        raise SystemExit(f"encoders do not open: {missing}")
    if encoder_opens("libx265"):
        raise SystemExit("the HEVC encoder should not open: see trim.sh")


if __name__ == "__main__":
    main()
