"""An unmodified signalling server in a process of its own, on Epic's protocol library."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from websockets.asyncio.client import connect

import pixelstream
from tests.support.signalling import DEADLINE, Peer

PACKAGES = Path(pixelstream.__file__).resolve().parents[1] / "player" / "node_modules"
SOURCE = Path(__file__).with_name("wilbur.mjs")


class WilburServer:
    """A running one.

    Attributes:
        url: of players' sockets.
        rest: of its REST API.
        has_rest: whether it has one.
    """

    def __init__(
        self, process: asyncio.subprocess.Process, players: int, streamers: int, *, has_rest: bool
    ) -> None:
        self.process, self.has_rest = process, has_rest
        self.url, self.rest = f"ws://127.0.0.1:{players}", f"http://127.0.0.1:{players}"
        self._streamers = f"ws://127.0.0.1:{streamers}"
        self.peers: list[Peer] = []

    async def streamer(self, name: str = "Unreal") -> Peer:
        """Attach a streamer that streams."""
        peer = await self._open(self._streamers)
        await peer.hears("identify")
        await peer.says("endpointId", id=name)
        await peer.hears("endpointIdConfirm")
        return peer

    async def stranger(self, streamer: str = "Unreal") -> Peer:
        """Let a player come who does not go through the matchmaker."""
        peer = await self._open(self.url)
        await peer.says("subscribe", streamerId=streamer)
        return peer

    async def _open(self, url: str) -> Peer:
        peer = Peer(await connect(url, compression=None, ping_interval=None))
        self.peers.append(peer)
        return peer


@asynccontextmanager
async def wilbur_server(
    folder: Path, *, max_players: int = 0, rest: bool = True
) -> AsyncIterator[WilburServer]:
    """Run one within the block."""
    script = _place(folder)
    node = shutil.which("node", path=f"{Path(sys.prefix) / 'bin'}{os.pathsep}{os.environ['PATH']}")
    assert node is not None
    process = await asyncio.create_subprocess_exec(
        node,
        "--preserve-symlinks-main",
        str(script),
        str(max_players),
        str(int(rest)),
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout
    try:
        async with asyncio.timeout(DEADLINE):
            players, streamers = map(int, (await process.stdout.readline()).split())
        server = WilburServer(process, players, streamers, has_rest=rest)
        yield server
        for peer in server.peers:
            peer.connection.transport.abort()
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


def _place(folder: Path) -> Path:
    """Put the script where Node finds its packages: beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    packages = folder / "node_modules"
    if not packages.exists():
        packages.symlink_to(PACKAGES)
    return Path(shutil.copy(SOURCE, folder))
