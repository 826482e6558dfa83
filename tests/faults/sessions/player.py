"""A session of a player without a browser, which behaves as our page does.

The traps: pictures are noted as they come, since a new connection begins its counts anew; and the
signalling is asked all the time, since an open socket may lead nowhere.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable
from typing import Any

from pixelstream.synthetic.player import Player
from pixelstream.synthetic.sink import FrameSink
from tests.faults.gaps import Silence, Unanswered
from tests.faults.sessions.closing import key_of, loss

ASK = 0.25
"""Seconds between two questions to the signalling."""
BEGIN = 40.0
"""Seconds that a player has to get a seat and a picture."""
PICTURES, ANSWERS = 3, 2

Watch = Callable[[str], str | None]
"""Says what became of a session at its stream since it was last marked: in words, None if nothing."""


class PlayerSession:
    """One player; `begin` it, and `end` it by leaving.

    Args:
        name: for people.
        url: of the waiting room.
        relay_only: whether media goes through a relay.
    """

    def __init__(self, name: str, url: str, *, relay_only: bool = False) -> None:
        self.name = name
        self.seen_elsewhere: Callable[[], str | None] = lambda: None
        self._url, self._relay_only = url, relay_only
        now = time.monotonic()
        self._pictures, self._answers = Silence(now), Unanswered()
        self._player: _Noting | None = None
        self._asking: asyncio.Task[None] | None = None
        self._notices = 0

    @property
    def player(self) -> _Noting:
        """The player within."""
        if self._player is None:
            raise RuntimeError(f"{self.name} does not play")
        return self._player

    @property
    def session(self) -> str:
        """The session's id."""
        return str(self._matched().get("session"))

    @property
    def stream(self) -> str:
        """The stream that it was given."""
        return str(self._matched()["detail"]["id"])

    @property
    def relayed_from(self) -> int:
        """The port at its relay from which its media goes on to the streamer."""
        transport = self.player.peer._connection.getTransceivers()[0].receiver.transport.transport
        return int(transport._connection._nominated[1].local_candidate.port)

    async def key_of_lease(self) -> str:
        """The id of the key that signed the lease it would come back with."""
        return key_of(self.player.address)

    async def begin(self) -> None:
        """Wait for a seat and for pictures.

        Raises:
            PlayerError: they did not come.
        """
        self._player = _Noting(self._url, self._relay_only, self._pictures, self._answers)
        await self._player.__aenter__()
        self._asking = asyncio.create_task(self._ask(self._player), name=f"{self.name} asks")
        await self._player.frames(PICTURES, BEGIN)
        self._note()

    async def end(self) -> None:
        """Leave, as somebody does who closes the page."""
        if self._asking is not None:
            self._asking.cancel()
        if self._player is not None:
            await self._player.close()
        self._player = self._asking = None

    def cut(self) -> None:
        """Lose the socket, as when a network changes."""
        self.player.drop_socket()

    async def mark(self) -> None:
        """Begin to measure."""
        now = time.monotonic()
        self._pictures.mark(now)
        self._answers.mark()
        self._note()

    async def steady(self, within: float) -> None:
        """Wait until pictures come and signalling answers, from now on.

        Raises:
            TimeoutError: they don't within so many seconds.
        """
        pictures, answers = self._pictures.signs + PICTURES, self._answers.answers + ANSWERS
        try:
            async with asyncio.timeout(within):
                while self._pictures.signs < pictures or self._answers.answers < answers:
                    if self.lost:
                        return
                    self.player.news.clear()
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(self.player.news.wait(), ASK)
        except TimeoutError:
            missing = "pictures" if self._pictures.signs < pictures else "answers"
            raise TimeoutError(f"no {missing}; {list(self.player.log.closes)[-3:]}") from None

    @property
    def lost(self) -> str | None:
        """Why it counts as lost, if so."""
        log = self.player.log
        if log.refused:
            return f"refused: {log.refused}"
        if len(log.notices) > self._notices:
            return f"back in the waiting room: {log.notices[-1]}"
        return next(filter(None, (loss(*each) for each in log.closes)), None) or self.seen_elsewhere()

    @property
    def media_gap(self) -> float:
        """The longest time without a picture, in seconds."""
        return self._pictures.longest(time.monotonic())

    @property
    def signalling_gap(self) -> float:
        """The longest time without an answer, in seconds."""
        return self._answers.longest(time.monotonic())

    def _note(self) -> None:
        self.player.forget_closes()
        self._notices = len(self.player.log.notices)

    def _matched(self) -> dict[str, Any]:
        return next(one for one in reversed(self.player.log.notices) if one.get("matched"))

    async def _ask(self, player: Player) -> None:
        while True:
            self._answers.ask(time.monotonic())
            await player.send({"type": "ping", "time": int(time.time() * 1000)})
            await asyncio.sleep(ASK)


class _Noting(Player):
    """A player that notes when pictures and answers came."""

    def __init__(self, url: str, relay_only: bool, pictures: Silence, answers: Unanswered) -> None:  # noqa: FBT001 - of its only caller
        super().__init__(url, handoff=True, relay_only=relay_only)
        self._pictures, self._answers = pictures, answers
        self._heard = self._losses = 0

    @property
    def address(self) -> str:
        """Where it would come back to."""
        return self._link.url

    def forget_closes(self) -> None:
        """Begin the list of closed sockets anew."""
        self.log.closes.clear()
        self._losses = 0

    @property
    def news(self) -> asyncio.Event:
        """Set when something has happened."""
        return self._news

    def _make_sink(self) -> FrameSink:
        return _NotingSink(self._happened, self._pictures)

    def _happened(self) -> None:
        now = time.monotonic()
        if self.log.heard != self._heard:
            self._heard = self.log.heard
            self._answers.answer(now)
        if len(self.log.closes) != self._losses:
            self._losses = len(self.log.closes)
            self._answers.ask(now)
        super()._happened()


class _NotingSink(FrameSink):
    def __init__(self, arrived: Callable[[], None], pictures: Silence) -> None:
        super().__init__(arrived)
        self._pictures = pictures

    def take(self, codec: str, frame: object) -> None:
        """Note when it came."""
        self._pictures.sign(time.monotonic())
