"""Write every board to charts/telemetry/files/dashboards, one file a board."""

import json
from pathlib import Path

from tests.setup.dashboards import cost, fleets, gpu, overview, quality, turn
from tests.setup.dashboards.board import Board
from tests.setup.progress import ROOT

FOLDER = ROOT / "charts" / "pixelstream" / "charts" / "telemetry" / "files" / "dashboards"
BOARDS: tuple[Board, ...] = (
    overview.BOARD,
    fleets.BOARD,
    quality.BOARD,
    turn.BOARD,
    gpu.BOARD,
    cost.BOARD,
)


def files() -> list[tuple[Path, str]]:
    """Return the path and the text of every board's file."""
    return [
        (FOLDER / f"{it.slug}.json", json.dumps(it.json(), indent=1, ensure_ascii=False) + "\n")
        for it in BOARDS
    ]


def main() -> None:
    """Write them, and remove files of boards that are no more."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    wanted = dict(files())
    for path in set(FOLDER.glob("*.json")) - wanted.keys():
        path.unlink()
    for path, text in wanted.items():
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
