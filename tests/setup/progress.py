"""Runs one long program, shows that it lives, and shows its output only if it fails.

The trap: a terminal gets one line that is written over, a log gets a line at the start and one each
half minute, so that neither looks stuck and neither is flooded.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LOGS = ROOT / "build" / "setup"
LAST_LINES = 40
TICK = 0.2
QUIET = 30.0
"""Seconds between two lines of a step in a log."""
WIDTH = 100


class StepError(RuntimeError):
    """A step that did not work; the text is all that a person needs to see."""


def say(text: str) -> None:
    """Write a line for people."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def run(
    title: str,
    argv: Sequence[str | Path],
    *,
    cwd: Path = ROOT,
    env: Mapping[str, str] | None = None,
    timeout: float = 1800.0,
) -> None:
    """Run a program to its end, its output in a log file.

    Args:
        title: what is being done, for people; the log is named after it.
        argv: the program and its arguments.
        cwd: the folder to run it in.
        env: variables to set besides those of this process.
        timeout: seconds after which it is stopped.

    Raises:
        StepError: it can't be run, failed, or took too long; with the end of its output.
    """
    LOGS.mkdir(parents=True, exist_ok=True)
    log = LOGS / f"{title.lower().replace(' ', '-')}.log"
    start = time.monotonic()
    with log.open("wb") as out:
        try:
            process = subprocess.Popen(
                [str(word) for word in argv],
                cwd=cwd,
                env={**os.environ, **(env or {})},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
            )
        except OSError as error:
            raise StepError(f"✗ {title}: cannot run {argv[0]}: {error.strerror}") from error
        code = _follow(title, process, log, start + timeout)
    if code:
        said = log.read_text(errors="replace").splitlines()[-LAST_LINES:]
        raise StepError("\n".join([*said, f"✗ {title}: exit code {code}; the whole output: {log}"]))
    say(f"✓ {title} ({time.monotonic() - start:.0f} s)")


def _follow(title: str, process: subprocess.Popen[bytes], log: Path, end: float) -> int | str:
    """Show a running program until it ends; its exit code, or words when its time is over."""
    terminal = sys.stderr.isatty()
    start = said = time.monotonic()
    if not terminal:
        say(f"• {title}")
    try:
        while True:
            try:
                return process.wait(TICK)
            except subprocess.TimeoutExpired:
                now = time.monotonic()
            if now > end:
                return "none, its time is over"
            if terminal:
                sys.stderr.write(f"\r\033[K• {title} {now - start:.0f} s  {_last_line(log)}"[: WIDTH + 5])
                sys.stderr.flush()
            elif now - said > QUIET:
                said = now
                say(f"  {title}: {now - start:.0f} s")
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        if terminal:
            sys.stderr.write("\r\033[K")


def _last_line(log: Path) -> str:
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - 400))
        lines = file.read().decode(errors="replace").replace("\r", "\n").split("\n")
    return next((line.strip() for line in reversed(lines) if line.strip()), "")
