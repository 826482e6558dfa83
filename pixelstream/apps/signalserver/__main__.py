"""`python -m pixelstream.apps.signalserver --config FILE`: without the command line's libraries."""

import sys

from pixelstream.apps import lean

lean.forget_consoles()

from pixelstream.apps.signalserver.app import run  # noqa: E402
from pixelstream.settings.signalserver import SignalserverSettings  # noqa: E402

if __name__ == "__main__":
    sys.exit(lean.main("signalserver", SignalserverSettings, run))
