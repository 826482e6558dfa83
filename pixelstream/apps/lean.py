"""Services as programs of their own, for containers: the command line's libraries cost 15 MB each.

The trap: structlog imports `rich` and `greenlet` wherever they are installed, 5 MB that no sidecar uses;
so they must be made to look absent before anything else is imported.
"""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from pixelstream.errors import PixelstreamError
from pixelstream.settings.base import Model, load

_M = TypeVar("_M", bound=Model)


def forget_consoles() -> None:
    """Make what structlog would import look absent; call this before anything imports it."""
    for absent in ("rich", "greenlet"):
        sys.modules[absent] = None  # type: ignore[assignment] # the documented way to make an import fail


def main(name: str, kind: type[_M], run: Callable[[_M], None]) -> int:
    """Read the settings that `--config` names, serve, and return the process's exit code."""
    parser = argparse.ArgumentParser(name)
    parser.add_argument("--config", type=Path, required=True, help="YAML file with the settings")
    try:
        run(load(kind, parser.parse_args().config))
    except (PixelstreamError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0
