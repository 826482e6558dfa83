"""What all faults cost: a table and one line for people, JSON for machines.

The trap: sessions lost are one number, but a fault whose strike did not go as described is no success
either; both make the run fail, and both are told in words.
"""

from __future__ import annotations

import fcntl
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
    """Write what came of it; return the file. What it has of other grounds, forms and faults is kept."""
    ARTIFACTS.mkdir(exist_ok=True)
    file = ARTIFACTS / "faults.json"
    with (ARTIFACTS / "faults.lock").open("w") as lock:
        fcntl.flock(lock.fileno(), fcntl.LOCK_EX)  # runs of other faults may go on beside this one
        found: dict[str, Any] = orjson.loads(file.read_bytes()) if file.exists() else {}
        rows: dict[str, Any] = found.get(f"{ground}, {form}", {}).get("rows", {})
        rows |= {one.name: asdict(one) for one in outcomes}
        found[f"{ground}, {form}"] = {
            "faults": len(rows),
            "repetitions": sum(row["repetitions"] for row in rows.values()),
            "sessions_lost": sum(len(row["lost"]) for row in rows.values()),
            "rows": rows,
        }
        fresh = file.with_suffix(".new")
        fresh.write_bytes(orjson.dumps(found, option=orjson.OPT_INDENT_2))
        fresh.replace(file)
    return file


def read(ground: str, form: str) -> list[Outcome]:
    """What has been written of a ground and form, by all runs together."""
    file = ARTIFACTS / "faults.json"
    found: dict[str, Any] = orjson.loads(file.read_bytes()) if file.exists() else {}
    return [Outcome(**row) for row in found.get(f"{ground}, {form}", {}).get("rows", {}).values()]


def good(outcomes: Sequence[Outcome]) -> bool:
    """Whether nothing was lost and all went as described."""
    return all(one.good for one in outcomes)
