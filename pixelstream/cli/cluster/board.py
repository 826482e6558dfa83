"""Progress of a deployment, component by component.

The trap: in a log there is no cursor to go back with, so there only what has changed is printed.
"""

from __future__ import annotations

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from pixelstream.cli.cluster.parts import Part

WIDTH = 20


class Board:
    """Shows parts as they become ready; a context manager, since a live table must be put away."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._live = Live(console=console, auto_refresh=False) if console.is_terminal else None
        self._said: dict[str, str] = {}
        self._words = ""

    def __enter__(self) -> Self:
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.stop()

    def show(self, parts: list[Part], words: str) -> None:
        """Show how far the parts are, and what is being waited for beyond them."""
        if self._live is not None:
            self._live.update(table(parts, words), refresh=True)
            return
        for part in parts:
            line = f"{part.name}: {part.ready} of {part.wanted}"
            if self._said.get(part.name) != line:
                self._said[part.name] = line
                self._console.print(line)
        if words and words != self._words:
            self._console.print(words)
        self._words = words


def table(parts: list[Part], words: str = "") -> Table:
    """The parts as a table with bars."""
    shown = Table(box=None, show_header=False, pad_edge=False)
    for part in parts:
        full = WIDTH if part.done else WIDTH * part.ready // max(part.wanted, 1)
        bar = Text("━" * full, style="green") + Text("━" * (WIDTH - full), style="dim")
        shown.add_row(Text(part.name), bar, f"{part.ready}/{part.wanted}")
    if words:
        shown.add_row(Text("streams"), Text(words), "")
    return shown
