"""`python -m pixelstream.apps.turnapi --config FILE`: without the command line's libraries."""

import sys

from pixelstream.apps import lean

lean.forget_consoles()

from pixelstream.apps.turnapi.app import run  # noqa: E402
from pixelstream.settings.turnapi import TurnApiSettings  # noqa: E402

if __name__ == "__main__":
    sys.exit(lean.main("turn-api", TurnApiSettings, run))
