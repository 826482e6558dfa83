# ruff: noqa: INP001 - a script of the image, no module
"""Write requirements.txt: every package that pixelstream[media] needs, in exact versions.

Run from the repository with the Python of the image: `make image-lock`. Trap: pip resolves for
the Python that runs it, so another minor version can lock other packages.
"""

import json
import subprocess
import sys
from pathlib import Path

HEAD = "# Written by `make image-lock`: what pyproject.toml resolved to. Do not edit.\n"


def main() -> None:
    """Resolve without installing, and write the closure beside this file."""
    words = ["install", "--dry-run", "--ignore-installed", "--quiet", "--report", "-", ".[media]"]
    report = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-m", "pip", *words], check=True, stdout=subprocess.PIPE, text=True
    ).stdout
    found = [package["metadata"] for package in json.loads(report)["install"]]
    lines = sorted(
        f"{one['name'].lower()}=={one['version']}" for one in found if one["name"] != "pixelstream"
    )
    Path(__file__).with_name("requirements.txt").write_text(HEAD + "\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
