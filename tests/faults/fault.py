"""What a fault is, what the ground must offer that it strikes, and what comes of it.

A ground (many processes on one machine, a cluster) keeps sessions playing. A fault's `strike` breaks
something, sees to it that service comes back, and returns; the sessions are judged by the runner. The
trap: a strike that fails to break anything looks like a success, so strikes check their own effect and
raise `Unexpected` when something is not as it should be.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar


class Unexpected(Exception):  # noqa: N818 - it says what was seen, which may be the suite's own fault
    """Something did not go as the fault's description says; the text tells what."""


@dataclass(frozen=True)
class Form:
    """How much is done.

    Attributes:
        long: as long as the words of the fault say, and often; else as short as shows the same.
        repeat: how often each fault strikes; None for its own number.
    """

    long: bool = False
    repeat: int | None = None

    @property
    def name(self) -> str:
        """What it is called."""
        return "long" if self.long else "short"

    def pick(self, short: float, long: float) -> float:
        """A duration in seconds, by form."""
        return long if self.long else short


class Session(Protocol):
    """One session that plays while faults happen.

    Attributes:
        name: for people.
    """

    name: str

    async def mark(self) -> None:
        """Begin to measure."""

    async def steady(self, within: float) -> None:
        """Wait until pictures come and signalling answers, from now on.

        Raises:
            TimeoutError: they don't within so many seconds.
        """

    @property
    def lost(self) -> str | None:
        """Why this session counts as lost since `mark`: in words, None while it is whole."""

    @property
    def media_gap(self) -> float:
        """The longest time without a picture since `mark`, in seconds."""

    @property
    def signalling_gap(self) -> float:
        """The longest time that signalling did not answer since `mark`, in seconds."""


class Ground(Protocol):
    """Where faults happen, and how much of them."""

    name: str
    form: Form

    @property
    def sessions(self) -> Sequence[Session]:
        """Those who play."""

    async def whole(self) -> list[str]:
        """See that every process runs and every session plays; those that were lost are begun anew.

        Returns the processes that had ended, which is no wonder after a strike that broke off.

        Raises:
            Unexpected: it can't be had.
        """

    async def visit(self) -> None:
        """Let somebody new come, get a seat and leave: the service works.

        Raises:
            Unexpected: no seat was given in time.
        """


G_contra = TypeVar("G_contra", bound=Ground, contravariant=True)
G = TypeVar("G", bound=Ground)


Strike = Callable[[G_contra], Awaitable[None]]


@dataclass(frozen=True)
class Fault(Generic[G_contra]):
    """One kind of fault.

    Attributes:
        name: on the command line and in JSON.
        what: for people.
        strike: does it, and returns once what it broke is mended.
        short: how often it is done in the short form.
        settle: seconds that sessions have afterwards to be as before.
    """

    name: str
    what: str
    strike: Strike[G_contra]
    short: int = 2
    settle: float = 20.0


LONG = 100
"""How often each fault is done in the long form."""


@dataclass
class Outcome:
    """What came of one fault.

    Attributes:
        played: how many sessions it struck, over all repetitions.
        lost: which were lost, and why.
        wrong: what else was not as it should be.
        media_gap, signalling_gap: the longest of all sessions, in seconds.
        seconds: how long it all took.
    """

    name: str
    what: str
    repetitions: int = 0
    played: int = 0
    lost: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    media_gap: float = 0.0
    signalling_gap: float = 0.0
    seconds: float = 0.0

    @property
    def good(self) -> bool:
        """Whether it cost nothing."""
        return not self.lost and not self.wrong
