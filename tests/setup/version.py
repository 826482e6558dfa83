"""Writes the release number everywhere: `python3 -m tests.setup.version 1.4.0`.

Its one source is `__version__`; every Chart.yaml repeats it, since Helm reads nothing else. The trap: numbers
of others, such as an upstream chart's range or Traefik's tag, must stay, so only known places are written.
"""

import re
import sys
from pathlib import Path

from tests.setup.progress import ROOT, StepError

SOURCE = "pixelstream/__init__.py"
FORM = re.compile(r"[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.-]+)?")
"""A number that Helm, container registries and Python all read."""

_IN_SOURCE = re.compile(r'(?<=^__version__ = ")[^"]+', re.MULTILINE)
_IN_CHART = (
    re.compile(r"(?<=^version: ).+$", re.MULTILINE),
    re.compile(r"(?<=^appVersion: ).+$", re.MULTILINE),
    re.compile(r"(?<=image: ghcr\.io/pixelstream/)(?P<name>[a-z]+):.+$", re.MULTILINE),
    re.compile(r"(?<=^    version: )[0-9].+(?=\n    repository: file://)", re.MULTILINE),
    re.compile(r"(?<=, version: )[^,}]+(?=[,}])"),
)


def files(root: Path) -> list[Path]:
    """Return every file below `root` that holds the release number."""
    return [root / SOURCE, *sorted((root / "charts").rglob("Chart.yaml"))]


def written(path: Path, number: str) -> str:
    """Return the text of `path` with `number` in each place of a release number."""
    text = path.read_text(encoding="utf-8")
    if path.name != "Chart.yaml":
        return _IN_SOURCE.sub(number, text)
    for place in _IN_CHART:
        text = place.sub(lambda match: f"{name}:{number}" if (name := _name(match)) else number, text)
    return text


def _name(match: re.Match[str]) -> str | None:
    return match.groupdict().get("name")


def write(root: Path, number: str) -> None:
    """Write `number` into every file below `root` that holds the release number.

    Raises:
        StepError: it is no number of a release.
    """
    if not FORM.fullmatch(number):
        raise StepError(f"V={number}: a release is named like 1.4.0 or 1.4.0-rc.1")
    for path in files(root):
        path.write_text(written(path, number), encoding="utf-8")


if __name__ == "__main__":
    try:
        write(ROOT, sys.argv[1])
    except StepError as error:
        sys.exit(str(error))
