"""Who is at each streamer, by what the streamers themselves have written down.

A player sees only its own end; the streamer knows whether it still has the same player. The trap: a
connection that is made anew on the same seat shows as gone and come again, which is no loss; so only
who is missing in the end counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import orjson

COME, GONE = "player", "player gone"


@dataclass
class _Page:
    file: Path
    offset: int = 0
    last_come: str = ""


class Roll:
    """Reads the streamers' logs as they grow.

    Args:
        logs: the log file of each stream's streamer.
    """

    def __init__(self, logs: Mapping[str, Path]) -> None:
        self._pages = {stream: _Page(file) for stream, file in logs.items()}
        self._here: set[tuple[str, str]] = set()

    def newest(self, stream: str) -> str:
        """The id of the player who came last to a stream."""
        self._read(stream)
        return self._pages[stream].last_come

    def missing(self, stream: str, player: str) -> str | None:
        """Say so if a player is not at its streamer any more."""
        self._read(stream)
        if (stream, player) in self._here:
            return None
        return f"player {player} is not at the streamer of {stream} any more"

    def _read(self, stream: str) -> None:
        page = self._pages[stream]
        with page.file.open("rb") as log:
            log.seek(page.offset)
            for line in log:
                if not line.endswith(b"\n"):
                    break
                page.offset += len(line)
                self._take(stream, page, line)

    def _take(self, stream: str, page: _Page, line: bytes) -> None:
        if b'"player' not in line:
            return
        try:
            said = orjson.loads(line)
        except orjson.JSONDecodeError:
            return
        event, player = said.get("event"), str(said.get("player"))
        if event == COME:
            page.last_come = player
            self._here.add((stream, player))
        elif event == GONE:
            self._here.discard((stream, player))
