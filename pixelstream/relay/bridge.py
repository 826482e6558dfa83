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
        action = message.get("action")
        match = _ACTION.fullmatch(action) if isinstance(action, str) and len(action) <= MAX_ACTION else None
        if match is None:
            raise BridgeError("an action is a relative path of plain characters")
        payload = message.get("payload")
        method = "GET" if payload is None else "POST"
        if not any(_allows(rule, method, match["path"].split("/")) for rule in self._rules):
            raise BridgeError("this action is not allowed here")
        body = None if payload is None else encode(payload)
        return ControlRequest(match.string, method, match["path"] + (match["query"] or ""), body)


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
