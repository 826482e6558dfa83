"""CPU time and memory of another process, and which CPU the processes of a measurement share.

The trap: between two CPUs the kernel's part of a message costs two to four times as much as on one, as
it happens which side is asleep; so what is compared runs on one CPU, its load too.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from pixelstream.errors import PixelstreamError
from pixelstream.synthetic.bench.cost import Spent

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

    def cpu(self) -> Spent:
        """CPU time that all its threads have used so far."""
        times = self._process.cpu_times()
        return Spent(times.user, times.system)

    def rss(self) -> int:
        """Bytes of its memory that are resident."""
        return int(self._process.memory_info().rss)


@contextmanager
def one_cpu() -> Iterator[None]:
    """Keep this process, and those that it starts meanwhile, on one CPU, where the system can do that."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(before)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
