"""A Valkey or Redis for the bench, on a socket in its folder; it keeps nothing on disk.

The trap: it says that it is ready before its socket can be found under every file system, so it is asked.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from pixelstream.cli.stack.processes import StackError

PROGRAMS = ("valkey-server", "redis-server")
START = 10.0
"""Seconds that it may take to answer."""


@asynccontextmanager
async def store_server(folder: Path) -> AsyncIterator[str | None]:
    """Run one while the block runs; yields its URL, None if none is installed.

    Raises:
        StackError: it did not start.
    """
    program = next((found for name in PROGRAMS if (found := shutil.which(name))), None)
    if program is None:
        yield None
        return
    socket = folder / "store.sock"
    words = ("--port", "0", "--unixsocket", str(socket), "--save", "", "--dir", str(folder))
    process = await asyncio.create_subprocess_exec(program, *words, stdout=asyncio.subprocess.DEVNULL)
    try:
        await _answers(socket)
        yield f"unix://{socket}"
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def _answers(socket: Path) -> None:
    try:
        async with asyncio.timeout(START):
            while True:
                try:
                    _, writer = await asyncio.open_unix_connection(str(socket))
                except OSError:
                    await asyncio.sleep(0.05)
                else:
                    writer.close()
                    return
    except TimeoutError:
        raise StackError("the store for the bench did not start") from None
