"""Which requests to the streamer's REST API a player may make: relative paths of an allow-list.

Patterns are `[METHOD] segment/segment/...`; `*` stands for one segment, `**` at the end for one or
more; without a method both GET and POST are meant. Example: `GET api/level/*`.

The trap: the original let players name whole URLs, and so reach anything in its network. Here a path
is made of unreserved characters alone. There is no percent sign, so nothing can be decoded into
something else later; no colon, backslash or double slash, so no scheme or host; no `.` or `..` segment.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from pixelstream.errors import PixelstreamError
from pixelstream.protocol.codec import Message, encode
from pixelstream.relay.ports import ControlRequest

MAX_ACTION = 512
"""Characters of an action."""

_SEGMENT = r"(?!\.{1,2}(?:[/?]|\Z))[A-Za-z0-9._~-]+"
_ACTION = re.compile(rf"/?(?P<path>{_SEGMENT}(?:/{_SEGMENT})*)(?P<query>\?[A-Za-z0-9._~=&+-]*)?")
_PATTERN = re.compile(
    rf"(?:(?P<method>GET|POST) )?/?(?P<path>(?:\*|{_SEGMENT})(?:/(?:\*|{_SEGMENT}))*(?:/\*\*)?|\*\*)"
)


class BridgeError(PixelstreamError):
    """A request that the bridge refuses; its text may be shown to the player."""


class AllowList:
    """The requests that players may make.

    Raises:
        ValueError: a pattern is none; the text names it.
    """

    def __init__(self, patterns: Iterable[str]) -> None:
        self._rules = [_parse(pattern) for pattern in patterns]

    def request(self, message: Message) -> ControlRequest:
        """Read a `control` message: with a payload it is a POST, without one a GET.

        Raises:
            BridgeError: it is malformed, or no pattern allows it.
        """
        payload = message.get("payload")
        if payload is None:
            return self.allow(message.get("action"), "GET", None)
        return self.allow(message.get("action"), "POST", encode(payload))

    def allow(self, action: object, method: str, payload: bytes | None) -> ControlRequest:
        """Return the request for `action`, a relative path with an optional query.

        Raises:
            BridgeError: it is no such path, or no pattern allows it.
        """
        match = _ACTION.fullmatch(action) if isinstance(action, str) and len(action) <= MAX_ACTION else None
        if match is None:
            raise BridgeError("an action is a relative path of plain characters")
        if not any(_allows(rule, method, match["path"].split("/")) for rule in self._rules):
            raise BridgeError("this action is not allowed here")
        return ControlRequest(match.string, method, match["path"] + (match["query"] or ""), payload)


class Bridge:
    """What players ask of the REST API at the moment: only what is allowed, and not too much at once.

    Args:
        patterns: of the allow-list.
        most: unanswered requests that a player may have.

    Raises:
        ValueError: a pattern is none; the text names it.
    """

    def __init__(self, patterns: Iterable[str], most: int) -> None:
        self.allowed = AllowList(patterns)
        self._most = most
        self._open: dict[str, int] = {}

    def __len__(self) -> int:
        """Players with unanswered requests."""
        return len(self._open)

    def check(self, player_id: str, *, subscribed: bool) -> None:
        """See that a player may ask now.

        Raises:
            BridgeError: it has no streamer to ask, or waits for too many answers.
        """
        if not subscribed:
            raise BridgeError("subscribe first")
        if self._open.get(player_id, 0) >= self._most:
            raise BridgeError("too many requests at once")

    def begin(self, player_id: str) -> None:
        """Count a request."""
        self._open[player_id] = self._open.get(player_id, 0) + 1

    def end(self, player_id: str) -> None:
        """Count the answer to a request."""
        left = self._open.pop(player_id, 0) - 1
        if left > 0:
            self._open[player_id] = left

    def forget(self, player_id: str) -> None:
        """Count nothing more for a player that has left."""
        self._open.pop(player_id, None)


def _parse(pattern: str) -> tuple[str | None, list[str]]:
    match = _PATTERN.fullmatch(pattern)
    if match is None:
        raise ValueError(f"{pattern!r} is no pattern: write it as 'api/level/*' or 'GET api/**'")
    return match["method"], match["path"].split("/")


def _allows(rule: tuple[str | None, list[str]], method: str, path: Sequence[str]) -> bool:
    wanted, segments = rule
    if wanted not in {None, method}:
        return False
    if segments[-1] == "**":
        segments = segments[:-1]
        if len(path) <= len(segments):
            return False
        path = path[: len(segments)]
    return len(path) == len(segments) and all(
        want in {"*", have} for want, have in zip(segments, path, strict=True)
    )
