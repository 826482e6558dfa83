"""CPU time and memory of another process, all of its threads together.

The trap: the kernel counts CPU time in hundredths of a second here, so anything that is to be good to a
percent must take a second of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pixelstream.errors import PixelstreamError

if TYPE_CHECKING:
    import psutil

KIB, MIB = 1024, 1024 * 1024


class Meter:
    """Reads one process.

    Raises:
        PixelstreamError: psutil isn't installed.
    """

    def __init__(self, pid: int) -> None:
        try:
            import psutil  # noqa: PLC0415 - a development dependency
        except ImportError as error:
            raise PixelstreamError("the bench needs psutil: pip install psutil") from error
        self._process: psutil.Process = psutil.Process(pid)

    def cpu(self) -> float:
        """Seconds of CPU time, user's and system's, that it has used so far."""
        times = self._process.cpu_times()
        return float(times.user + times.system)

    def rss(self) -> int:
        """Bytes of its memory that are resident."""
        return int(self._process.memory_info().rss)
