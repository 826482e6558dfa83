"""Ids of players and streamers: how they are made, and how they are read from a peer.

Player ids are numeric strings, because Unreal up to 5.3 reads them as numbers (4.26 as uint32) and
answers with numbers. The trap in streamer ids: a streamer that says its id again must keep it, and a
name that merely looks like another's with a number behind is no clash.
"""

import itertools
from collections.abc import Callable, Container

MAX_STREAMER_ID = 128
"""Characters; a longer id, or one that is no string, counts as none."""
UNNAMED = "UnknownStreamer"
SILENT = "__LEGACY_STREAMER__"
"""What a streamer is called that leaves `identify` unanswered, with a number behind."""


class PlayerIds:
    """Player ids in order, "1", "2", ... or from another on. Players and SFUs share one counter."""

    __slots__ = ("_next",)

    def __init__(self, first: int = 1) -> None:
        self._next = itertools.count(first).__next__

    def take(self) -> str:
        """Return an id that no one has had."""
        return str(self._next())


def read_player_id(value: object) -> str | None:
    """A player id as a peer wrote it, string or integer; None for everything else."""
    if type(value) is str:
        return value
    return str(value) if type(value) is int else None


def streamer_id(wanted: object, taken: Container[str]) -> str:
    """The id that a streamer gets which asks for `wanted`.

    Args:
        wanted: the `id` of its `endpointId`, whatever that is.
        taken: ids of all *other* streamers.
    """
    usable = isinstance(wanted, str) and 0 < len(wanted) <= MAX_STREAMER_ID
    name = str(wanted) if usable else UNNAMED
    if name not in taken:
        return name
    joint = "-" if name[-1].isdigit() else ""
    return _first_free(lambda n: f"{name}{joint}{n}", taken)


def silent_streamer_id(taken: Container[str]) -> str:
    """The id of a streamer that never told one, as Epic's older server made it."""
    return _first_free(lambda n: f"{SILENT}{n}", taken)


def _first_free(name: Callable[[int], str], taken: Container[str]) -> str:
    return next(candidate for n in itertools.count(1) if (candidate := name(n)) not in taken)
