"""Programs run for the cluster, with their last words kept for the error.

Trap: only programs of this module's callers are run, never a shell, so no argument is ever
split or expanded.
"""

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

LAST_WORDS = 3000


class CommandError(RuntimeError):
    """A program that failed; its text ends with what the program said last."""

    def __init__(self, argv: Sequence[str], code: int, output: str) -> None:
        super().__init__(list(argv), code, output)
        self.argv, self.code, self.output = list(argv), code, output

    def __str__(self) -> str:
        return f"{' '.join(self.argv)}\nexit code {self.code}\n{self.output[-LAST_WORDS:]}"


def run(
    argv: Sequence[str | Path],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    stdin: str | None = None,
    timeout: float = 120.0,
) -> str:
    """Run a program to its end and return its standard output.

    Raises:
        CommandError: it failed or took longer than `timeout` seconds.
    """
    words = [str(word) for word in argv]
    try:
        done = subprocess.run(
            words, cwd=cwd, env=env, input=stdin, timeout=timeout, capture_output=True, text=True, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise CommandError(words, -1, f"no end after {timeout:g} s") from error
    if done.returncode:
        raise CommandError(words, done.returncode, done.stdout + done.stderr)
    return done.stdout
