# ruff: noqa: INP001 - a script of the image, no module
"""Write requirements.txt: every package that pixelstream[media,otel] needs, in exact versions.

Run from the repository with the Python of the image: `make image-lock`. Trap: pip resolves for
the Python that runs it, so another minor version can lock other packages.
"""

import json
import subprocess
import sys
from pathlib import Path

OLDER = {"async-timeout": 'python_full_version < "3.11.3"'}
"""What packages need only on an older patch release than the one that locks, such as Debian's 3.11.2."""
HEAD = "# Written by `make image-lock`: what pyproject.toml resolved to. Do not edit.\n"


def main() -> None:
    """Resolve without installing, and write the closure beside this file."""
    options = ["--dry-run", "--ignore-installed", "--quiet", "--report", "-"]
    words = ["install", *options, ".[media,otel]", *OLDER]
    report = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-m", "pip", *words], check=True, stdout=subprocess.PIPE, text=True
    ).stdout
    found = [package["metadata"] for package in json.loads(report)["install"]]
    lines = sorted(
        _line(one["name"].lower(), one["version"]) for one in found if one["name"] != "pixelstream"
    )
    Path(__file__).with_name("requirements.txt").write_text(HEAD + "\n".join(lines) + "\n")


def _line(name: str, version: str) -> str:
    return f"{name}=={version} ; {OLDER[name]}" if name in OLDER else f"{name}=={version}"


if __name__ == "__main__":
    main()
