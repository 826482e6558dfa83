"""Matchmakers in processes of their own that share a store, and what their players are told."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from tests.support.processes import Process, process
from tests.support.signalling import Peer
from tests.support.streams import FakeStream, fake_streams
from tests.support.valkeyserver import ValkeyServer, valkey_server

PRESENCE = 2


@asynccontextmanager
async def two(
    folder: Path,
    *streams: FakeStream,
    drain: str = "60s",
    ahead: Sequence[float] = (0.0, 0.0),
    more: str = "",
) -> AsyncIterator[tuple[Process, Process, ValkeyServer]]:
    """Run two matchmakers that share a store and know the same streams.

    Args:
        folder: for settings and the server.
        streams: that they know.
        drain: how long a drain may take.
        ahead: seconds by which their machines' clocks are wrong.
        more: settings.
    """
    async with AsyncExitStack() as stack:
        server = stack.enter_context(valkey_server(folder))
        await stack.enter_async_context(fake_streams(*streams))
        store = f"store: {{kind: valkey, url: '{server.url}', prefix: t-{secrets.token_hex(4)}, "
        settings = store + f"presence: {PRESENCE}}}\n"
        one, other = [
            await stack.enter_async_context(
                process(folder, list(streams), drain, settings=settings + more, ahead=seconds)
            )
            for seconds in ahead
        ]
        yield one, other, server


async def position(player: Peer, place: int) -> None:
    """Wait until the player is told that it stands at `place`."""
    while (await player.hears("matchmaker")).get("position") != place:
        pass


async def told_that_seats_are_held(player: Peer, place: int | None) -> None:
    """Wait until it is told so, and that it keeps its place."""
    while (notice := await player.hears("matchmaker"))["seating"]:
        pass
    assert "you keep your place" in notice["detail"]
    assert (notice["position"], notice["estimate"]) == (place, None)


async def seated(player: Peer) -> None:
    await player.hears("config")
