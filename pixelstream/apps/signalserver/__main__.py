"""`python -m pixelstream.apps.signalserver --config FILE`: the sidecar without the command line's libraries.

The trap: structlog imports `rich` and `greenlet` wherever they are installed, 5 MB that no sidecar uses;
so they are made to look absent before anything else is imported.
"""

import argparse
import sys
from pathlib import Path

for absent in ("rich", "greenlet"):
    sys.modules[absent] = None  # type: ignore[assignment] # the documented way to make an import fail

from pixelstream.apps.signalserver.app import run  # noqa: E402
from pixelstream.errors import PixelstreamError  # noqa: E402
from pixelstream.settings.base import load  # noqa: E402
from pixelstream.settings.signalserver import SignalserverSettings  # noqa: E402


def main() -> int:
    """Read the settings, serve, and return the process's exit code."""
    parser = argparse.ArgumentParser("signalserver", description="Epic's signalling protocol for one stream.")
    parser.add_argument("--config", type=Path, required=True, help="YAML file with the settings")
    try:
        run(load(SignalserverSettings, parser.parse_args().config))
    except (PixelstreamError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
