"""A real Valkey or Redis of a test's own, on a socket in a folder; it can be killed and started again."""

from __future__ import annotations

import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PROGRAM = shutil.which("valkey-server") or shutil.which("redis-server") or "valkey-server"


class ValkeyServer:
    """One server; `options` are those of its configuration file, `args` are given as they are."""

    def __init__(self, folder: Path, *args: str, **options: str) -> None:
        self.folder = folder
        self.socket = folder / "valkey.sock"
        self.url = f"unix://{self.socket}"
        options = {"port": "0", "unixsocket": str(self.socket), "save": "", "dir": str(folder), **options}
        self._args = [*args, *(word for key, value in options.items() for word in (f"--{key}", value))]
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Start it and wait until it serves."""
        self._process = subprocess.Popen(
            [PROGRAM, *self._args], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        assert self._process.stdout
        said = []
        for line in self._process.stdout:
            said.append(line)
            if "eady to accept connections" in line or "entinel ID is" in line:
                return
        raise AssertionError("".join(said))

    def freeze(self) -> None:
        """Let it do nothing, as a server does that hangs; its connections stay open."""
        assert self._process
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        assert self._process
        self._process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        """End it at once."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None


@contextmanager
def valkey_server(folder: Path, *args: str, **options: str) -> Iterator[ValkeyServer]:
    """Run a server while the block runs."""
    server = ValkeyServer(folder, *args, **options)
    server.start()
    try:
        yield server
    finally:
        server.kill()
