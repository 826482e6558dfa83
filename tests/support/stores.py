"""Stores to try, and sinks that remember what they were told."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

from pixelstream.matchmaking.books import Rules
from pixelstream.matchmaking.effects import Effect
from pixelstream.protocol.control import SeatedSession, SeatState, State
from pixelstream.store.clients import Address
from pixelstream.store.valkey import ValkeyStore
from tests.support.sockets import DEADLINE

_E = TypeVar("_E", bound=Effect)


class Sink:
    """Remembers effects."""

    def __init__(self) -> None:
        self.effects: list[Effect] = []
        self._more = asyncio.Event()

    def __call__(self, effect: Effect) -> None:
        self.effects.append(effect)
        self._more.set()

    def all(self, kind: type[_E]) -> list[_E]:
        return [effect for effect in self.effects if isinstance(effect, kind)]

    async def until(self, condition: Callable[[Sink], bool]) -> None:
        async with asyncio.timeout(DEADLINE):
            while not condition(self):
                self._more.clear()
                await self._more.wait()

    async def of(self, kind: type[_E], nth: int = 0) -> _E:
        await self.until(lambda sink: len(sink.all(kind)) > nth)
        return self.all(kind)[nth]


def state(
    seq: int, *seated: tuple[str, SeatState, int], seats: int = 1, stream: str = "s", epoch: str = "e"
) -> State:
    sessions = tuple(SeatedSession(session=n, state=s, fence=f) for n, s, f in seated)
    return State(
        seq=seq, epoch=epoch, stream=stream, fleet="default", seats=seats, taken=len(seated), ready=True,
        draining=False, sessions=sessions,
    )  # fmt: skip


@asynccontextmanager
async def replicas(
    url: str, count: int, *, presence: float = 5.0, prefix: str = "", **rules: object
) -> AsyncIterator[list[tuple[ValkeyStore, Sink]]]:
    """Run stores that share a room."""
    address = Address(url=url, prefix=prefix or secrets.token_hex(4))
    found = []
    for _ in range(count):
        store = ValkeyStore(Rules(**rules), address, presence=presence)  # type: ignore[arg-type]
        sink = Sink()
        store.listen(sink)
        found.append((store, sink))
    try:
        async with asyncio.timeout(DEADLINE):
            for store, _ in found:
                await store.ready()
        yield found
    finally:
        for store, _ in found:
            await store.close()
