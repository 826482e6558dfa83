"""What is being done, for a person at a terminal and for a log.

Trap: a log has no cursor to move, so there a line is written only when a step starts, ends, or
has said nothing for half a minute.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

console = Console(stderr=True, highlight=False, soft_wrap=True)
QUIET_SECONDS = 30.0


class Step:
    """One step under way; `advance` counts, `note` says what it is at."""

    def __init__(self, title: str, total: int | None, bar: Progress | None) -> None:
        self.title, self.total, self.done = title, total, 0
        self._bar = bar
        self._task: TaskID | None = bar.add_task(title, total=total) if bar else None
        self._said = time.monotonic()

    def advance(self, note: str = "") -> None:
        """One unit more is done; `note` is shown beside the bar."""
        self.done += 1
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, advance=1, description=f"{self.title} [dim]{note}")
        elif time.monotonic() - self._said > QUIET_SECONDS:
            self._said = time.monotonic()
            of = f"/{self.total}" if self.total else ""
            console.print(f"  {self.title}: {self.done}{of} {note}")


@contextmanager
def step(title: str, total: int | None = None) -> Iterator[Step]:
    """Show a step until the block ends, then how long it took."""
    start = time.monotonic()
    if console.is_terminal:
        columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
        with Progress(*columns, console=console, transient=True) as bar:
            yield Step(title, total, bar)
    else:
        console.print(f"• {title}")
        yield Step(title, total, None)
    console.print(f"[green]✓[/] {title} [dim]{time.monotonic() - start:.1f} s")
