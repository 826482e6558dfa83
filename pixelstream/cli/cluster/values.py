"""Values files, read and laid over each other as Helm does: maps merge, everything else is replaced.

The trap: pyhelm3 joins the lists of several files, which Helm does not, so it is handed one map.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from pixelstream.cli.cluster.place import ClusterError

Values = dict[str, Any]


def load(files: Sequence[Path]) -> Values:
    """The files' values, later ones on top.

    Raises:
        ClusterError: a file can't be read, or isn't a map.
    """
    merged: Values = {}
    for file in files:
        merged = overlay(merged, _read(file))
    return merged


def overlay(base: Values, top: Values) -> Values:
    """`base` with `top` on it; neither is changed. A null of `top` stays, as it means something to Helm."""
    merged = dict(base)
    for key, value in top.items():
        below = merged.get(key)
        if isinstance(below, dict) and isinstance(value, dict):
            merged[key] = overlay(below, value)
        else:
            merged[key] = value
    return merged


def pick(values: Values, *path: str) -> Any:
    """What stands at a path; None if anything on the way is missing."""
    found: Any = values
    for key in path:
        found = found.get(key) if isinstance(found, dict) else None
    return found


def _read(file: Path) -> Values:
    try:
        found: Any = yaml.safe_load(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ClusterError(f"{file}: {error.strerror}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ClusterError(f"{file}: no YAML: {error}") from error
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise ClusterError(f"{file}: holds a {type(found).__name__}, where values are a map")
    return found
