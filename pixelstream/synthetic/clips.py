"""Pictures encoded once and kept on disk: a clip for each state that an input can bring the stream into.

Clip 0 shows that nothing was put in yet; then come two clips for each kind of input, so that each input
switches to another clip than the one before. Every clip begins with a key picture and loops without a
jump. The trap: what is in the clips is in the cache's file name; change the picture, change `EDITION`.
"""

import fcntl
import hashlib
import os
import struct
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

import structlog

from pixelstream.settings.streamer import StreamerSettings
from pixelstream.synthetic.encoder import Encoder
from pixelstream.synthetic.painter import PERIOD, Painter, Show
from pixelstream.synthetic.scene import Scene
from pixelstream.synthetic.strip import CLIPS, Kind, Strip

EDITION: Final = 1
"""Raise it when the painter, the encoder's options or this file's format change."""

LOCK_PATIENCE: Final = 60.0
"""Seconds to wait for another process that makes the same clips; then this one makes its own."""

_LOG = structlog.get_logger()
_MAGIC: Final = b"PSCLIPS1"
_COUNT: Final = 1 + 2 * (len(Kind) - 1)
_HEAD: Final = struct.Struct("<8sII")


@dataclass(frozen=True, slots=True)
class Clips:
    """`pictures[clip][n]` is the packet of picture n; all clips are equally long."""

    pictures: tuple[tuple[bytes, ...], ...]

    def to_bytes(self) -> bytes:
        """Return the file's contents: head, lengths, packets, and a SHA-256 of all that."""
        lengths = [len(data) for clip in self.pictures for data in clip]
        head = _HEAD.pack(_MAGIC, len(self.pictures), len(self.pictures[0]))
        body = head + struct.pack(f"<{len(lengths)}I", *lengths) + b"".join(map(b"".join, self.pictures))
        return body + hashlib.sha256(body).digest()

    @classmethod
    def from_bytes(cls, content: bytes) -> Self | None:
        """Read a file's contents; None if they are not whole."""
        body, digest = content[:-32], content[-32:]
        if len(body) < _HEAD.size or hashlib.sha256(body).digest() != digest:
            return None
        _, clips, length = _HEAD.unpack_from(body)
        lengths = struct.unpack_from(f"<{clips * length}I", body, _HEAD.size)
        packets = _cut(body, _HEAD.size + 4 * len(lengths), lengths)
        return cls(tuple(tuple(next(packets) for _ in range(length)) for _ in range(clips)))


def clip_number(kind: Kind, inputs: int) -> int:
    """Return which clip shows input number `inputs` of that kind."""
    return 0 if kind is Kind.NONE else 1 + 2 * (kind - 1) + inputs % 2


def prepare(settings: StreamerSettings) -> Clips:
    """Return the clips for `settings`, from the cache or made now (some seconds at 1280x720).

    Blocks; call it in a thread. A cache that cannot be read or written costs time, never the stream.
    """
    path = _path(settings)
    if kept := _read(path):
        return kept
    with _alone(path):
        return _read(path) or _make_and_keep(settings, path)


def _make_and_keep(settings: StreamerSettings, path: Path) -> Clips:
    started = time.perf_counter()
    painter = Painter(settings.width, settings.height, settings.title, subtitle(settings))
    clips = Clips(tuple(tuple(_encode(settings, painter, number)) for number in range(_COUNT)))
    try:
        _write(path, clips.to_bytes())
    except OSError as error:
        _LOG.warning("clips cannot be kept", path=str(path), error=str(error))
    _LOG.info("clips made", seconds=round(time.perf_counter() - started, 2), path=str(path))
    return clips


def _encode(settings: StreamerSettings, painter: Painter, number: int) -> Iterator[bytes]:
    encoder = Encoder(settings.codec, settings.width, settings.height, settings.fps)
    kind = Kind((number + 1) // 2)
    words = "no input yet" if kind is Kind.NONE else f"last input: {kind.name.lower()}"
    scene = Scene(players=("clips",), kind=kind, inputs=number, event=words)
    length = round(settings.fps * PERIOD)
    for index in range(length):
        frame = number * length + index
        words_of_strip = Strip(CLIPS, frame=frame, inputs=number, kind=kind)
        show = Show(words_of_strip, index / settings.fps, f"clip {number}")
        yield encoder.encode(painter.paint(scene, show), index * 90000 // settings.fps, key=index == 0)


def subtitle(settings: StreamerSettings) -> str:
    """Return the line under the title: what is sent and how."""
    size = f"{settings.width}x{settings.height} at {settings.fps} fps"
    return f"{settings.mode}  {settings.codec.upper()}  {size}"


def _path(settings: StreamerSettings) -> Path:
    shown = (settings.codec, settings.width, settings.height, settings.fps, settings.title)
    key = hashlib.sha256(repr((EDITION, shown)).encode()).hexdigest()[:16]
    return _folder(settings) / f"{settings.codec}-{settings.width}x{settings.height}-{key}.clips"


def _folder(settings: StreamerSettings) -> Path:
    if settings.cache_dir:
        return settings.cache_dir
    home = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")  # noqa: PTH111, PTH118 - no error without a home
    return Path(home) / "pixelstream" / "clips"


def _read(path: Path) -> Clips | None:
    try:
        return Clips.from_bytes(path.read_bytes())
    except OSError:
        return None


def _write(path: Path, content: bytes) -> None:
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
        file.write(content)
    Path(file.name).replace(path)


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Hold the lock of this file, so that twenty streamers which start at once make it once."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = path.with_suffix(".lock").open("w")
    except OSError:
        yield
        return
    with lock:
        deadline = time.monotonic() + LOCK_PATIENCE
        while not _try_lock(lock.fileno()) and time.monotonic() < deadline:
            time.sleep(0.1)
        yield


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _cut(body: bytes, start: int, lengths: tuple[int, ...]) -> Iterator[bytes]:
    for length in lengths:
        yield body[start : start + length]
        start += length
