"""What a player costs who is subscribed and does nothing: memory of the server's process.

The trap: what the first players bring in (code paths, arenas, tables) is not what one more costs, so some
come first and stay; and a process that has served others before has free memory in it that would hide
what it takes, so it must be a fresh one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from pixelstream.synthetic.bench.stage import Address, staged

FIRST = 100
"""Players who are there before anything is measured."""
REST = 1.0
"""Seconds after which what was only needed to come in has been given back."""


async def measure(address: Address, players: int, rss: Callable[[], int]) -> float:
    """Bytes of resident memory that each of so many idle players costs.

    Args:
        address: of the server; nobody else may use it meanwhile.
        players: how many.
        rss: the resident memory, in bytes, of the server's process.

    Raises:
        BenchError: they didn't all come.
    """
    async with staged(address) as stage:
        await stage.admit(FIRST)
        await asyncio.sleep(REST)
        before = rss()
        await stage.admit(players)
        await asyncio.sleep(REST)
        return (rss() - before) / players
