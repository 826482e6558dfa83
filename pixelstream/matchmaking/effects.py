"""What the room wants done: each effect is an order to the shell, in the order of their making.

The trap: an effect is a wish about the moment it was made. By the time it is carried out its player
may be gone, so the shell must tolerate sessions and links that it doesn't know any more.
"""

from __future__ import annotations

from typing import NamedTuple

from pixelstream.matchmaking.model import MatchFailure, ReleaseReason, SessionState, Way


class AskSeat(NamedTuple):
    """Send a claim on the control link `link`."""

    link: int
    session: str
    fence: int


class FreeSeat(NamedTuple):
    """Send a release on the control link `link`."""

    link: int
    session: str
    fence: int
    reason: str


class CloseLink(NamedTuple):
    """Close a control link that another has replaced."""

    link: int


class Matched(NamedTuple):
    """A seat is reserved for the session: sign its lease and tell or join its player."""

    session: str
    fleet: str
    stream: str
    fence: int
    waited: float
    predicted: float | None
    way: Way


class Returned(NamedTuple):
    """The match came to nothing and the session waits again, at its old place in the line."""

    session: str


class Released(NamedTuple):
    """The session is over; `state` is the one that it ended in."""

    session: str
    fleet: str
    state: SessionState
    reason: ReleaseReason
    seconds: float | None


class Displaced(NamedTuple):
    """Another process has the session's player now: let go of its socket here, and leave its place alone."""

    session: str


class Changed(NamedTuple):
    """The session went on to another state."""

    session: str
    state: SessionState


class Failed(NamedTuple):
    """A match failed; for the metrics."""

    fleet: str
    reason: MatchFailure


class LineMoved(NamedTuple):
    """Positions behind some place of the fleet's line have changed."""

    fleet: str


Effect = (
    AskSeat | FreeSeat | CloseLink | Matched | Returned | Released | Displaced | Changed | Failed | LineMoved
)
