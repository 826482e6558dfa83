"""Draw every board over a played day into docs/images/dashboards: `python -m tests.telemetry.render`."""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.setup.dashboards.__main__ import BOARDS
from tests.setup.progress import ROOT
from tests.telemetry.history import DAY, served
from tests.telemetry.render import page

TARGET = ROOT / "docs" / "images" / "dashboards"


def main(slugs: list[str]) -> None:
    """Draw the boards that are named, or all."""
    TARGET.mkdir(parents=True, exist_ok=True)
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    with (
        tempfile.TemporaryDirectory() as folder,
        served(Path(folder)) as running,
        sync_playwright() as driver,
    ):
        browser = driver.chromium.launch(executable_path=program, args=["--no-sandbox"])
        for board in BOARDS:
            if slugs and board.slug not in slugs:
                continue
            whole = board.json()
            tab = browser.new_page(viewport={"width": page.WIDTH, "height": page.height(whole)})
            tab.set_content(page.html(whole, running, DAY))
            tab.screenshot(path=TARGET / f"{board.slug}.png")
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1:])
