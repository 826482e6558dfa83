"""Those who follow a session over REST: streams of server-sent events, and short waits for a match.

The trap: a follower is only woken, and reads the store itself, so that however fast things change
each slow reader costs one pending wake and no queue.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from pixelstream.apps.matchmaker.pushes import Pushes
from pixelstream.matchmaking.views import Place

MAX_PER_SESSION = 8


class Follower:
    """One open event stream, or one request that waits for its session to move on."""

    def __init__(self, session: str, fleet: str) -> None:
        self.session = session
        self.fleet = fleet
        self.told: int | None = None
        self.told_at = 0.0
        self._event = asyncio.Event()

    def tell(self, place: Place) -> None:
        """Wake up; the reader looks for itself."""
        self._event.set()

    def clear(self) -> None:
        """Sleep until something new happens."""
        self._event.clear()

    def wake(self) -> None:
        """Wake up: the session's state has changed."""
        self._event.set()

    async def changed(self, longest: float) -> bool:
        """Wait for a change, at most `longest` seconds; false if none came."""
        try:
            async with asyncio.timeout(longest):
                await self._event.wait()
        except TimeoutError:
            return False
        self._event.clear()
        return True


class Followers:
    """All followers, by session."""

    def __init__(self, pushes: Pushes, limit: int) -> None:
        self._pushes = pushes
        self._limit = limit
        self._count = 0
        self._sessions: dict[str, set[Follower]] = {}
        self.closed = False

    def full(self, session: str) -> bool:
        """Whether there are too many, in all or of this session."""
        return self._count >= self._limit or len(self._sessions.get(session, ())) >= MAX_PER_SESSION

    @contextmanager
    def follow(self, place: Place) -> Iterator[Follower]:
        """Follow a session within the block."""
        follower = Follower(place.session, place.fleet)
        followers = self._sessions.setdefault(place.session, set())
        followers.add(follower)
        self._count += 1
        self._pushes.add(follower, place)
        follower.clear()  # this place is what it has
        try:
            yield follower
        finally:
            self._pushes.drop(follower)
            self._count -= 1
            followers.discard(follower)
            if not followers:
                self._sessions.pop(place.session, None)

    def changed(self, session: str) -> None:
        """Wake those who follow a session."""
        for follower in self._sessions.get(session, ()):
            follower.wake()

    def close(self) -> None:
        """Let all streams end."""
        self.closed = True
        for followers in self._sessions.values():
            for follower in followers:
                follower.wake()
