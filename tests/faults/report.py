"""What all faults cost: a table and one line for people, JSON for machines.

The trap: sessions lost are one number, but a fault whose strike did not go as described is no success
either; both make the run fail, and both are told in words.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import orjson
from rich.table import Table
from rich.text import Text

from tests.faults.fault import Outcome

ARTIFACTS = Path(__file__).resolve().parents[1] / "artifacts"


def table(outcomes: Sequence[Outcome]) -> Table:
    """Fault by fault."""
    shown = Table(title="What faults cost", caption="gaps: the longest of all sessions, in seconds")
    shown.add_column("fault")
    for name in ("repetitions", "sessions", "lost", "media gap", "signalling gap", "took"):
        shown.add_column(name, justify="right")
    for one in outcomes:
        shown.add_row(
            Text(one.what),
            f"{one.repetitions:,}",
            f"{one.played:,}",
            Text(f"{len(one.lost):,}", style="" if one.good else "red"),
            f"{one.media_gap:.2f}",
            f"{one.signalling_gap:.2f}",
            f"{one.seconds:.0f} s",
        )
    return shown


def complaints(outcomes: Sequence[Outcome]) -> list[str]:
    """What was lost or wrong, in words."""
    return [f"{one.name}: {words}" for one in outcomes for words in (*one.lost, *one.wrong)]


def line(outcomes: Sequence[Outcome]) -> str:
    """All of it in one line."""
    repetitions = sum(one.repetitions for one in outcomes)
    lost = sum(len(one.lost) for one in outcomes)
    wrong = sum(len(one.wrong) for one in outcomes)
    words = f"faults {len(outcomes)}, repetitions {repetitions:,}, sessions lost {lost}"
    return f"{words}, not as described {wrong}" if wrong else words


def write(ground: str, form: str, outcomes: Sequence[Outcome]) -> Path:
    """Write what came of it beside what other grounds have written; return the file."""
    ARTIFACTS.mkdir(exist_ok=True)
    file = ARTIFACTS / "faults.json"
    found: dict[str, Any] = orjson.loads(file.read_bytes()) if file.exists() else {}
    found[ground] = {
        "form": form,
        "faults": len(outcomes),
        "repetitions": sum(one.repetitions for one in outcomes),
        "sessions_lost": sum(len(one.lost) for one in outcomes),
        "rows": [asdict(one) | {"lost": len(one.lost), "why": one.lost} for one in outcomes],
    }
    file.write_bytes(orjson.dumps(found, option=orjson.OPT_INDENT_2))
    return file


def good(outcomes: Sequence[Outcome]) -> bool:
    """Whether nothing was lost and all went as described."""
    return all(one.good for one in outcomes)
