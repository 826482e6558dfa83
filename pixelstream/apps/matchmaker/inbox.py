"""Moves of the store in the order of the events that cause them.

Sockets call back and cannot await; what they cause is put here and carried out one after another.
The trap: order is all that this is for, so nothing in a move may wait for a peer.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable

import structlog

MAX_MOVES = 100_000
"""Moves that may be outstanding; beyond it new players are turned away."""

Move = Callable[[], Awaitable[object]]

log = structlog.get_logger(__name__)


class Inbox:
    """A queue of moves; `run` carries them out."""

    def __init__(self, limit: int = MAX_MOVES) -> None:
        self._limit = limit
        self._moves: deque[Move] = deque()
        self._wake = asyncio.Event()

    @property
    def full(self) -> bool:
        """Whether no more work should be taken on; what ends work is always taken."""
        return len(self._moves) >= self._limit

    def put(self, move: Move) -> None:
        """Let `move` be carried out after those that came before."""
        self._moves.append(move)
        self._wake.set()

    async def run(self) -> None:
        """Carry out moves until cancelled; one that fails is told and costs the others nothing."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._moves:
                move = self._moves.popleft()
                try:
                    await move()
                except Exception:
                    log.exception("move failed")
