"""`python -m pixelstream.apps.gate --config FILE`: without the command line's libraries."""

import sys

from pixelstream.apps import lean

lean.forget_consoles()

from pixelstream.apps.gate.app import run  # noqa: E402
from pixelstream.settings.gate import GateSettings  # noqa: E402

if __name__ == "__main__":
    sys.exit(lean.main("gate", GateSettings, run))
