"""The contracts of imports, as pyproject.toml states them."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from importlinter.cli import EXIT_STATUS_ERROR, EXIT_STATUS_SUCCESS, lint_imports

ROOT = Path(__file__).resolve().parents[2]

BROKEN = """
[importlinter]
root_package = pixelstream

[importlinter:contract:upside-down]
name = The command line stands below its services
type = layers
layers =
    pixelstream.apps
    pixelstream.cli
"""


@pytest.fixture(autouse=True)
def _loggers_stay() -> Iterator[None]:
    """The linter sets up logging of its own, which disables every logger that there is."""
    yield
    for logger in logging.root.manager.loggerDict.values():
        if isinstance(logger, logging.Logger):
            logger.disabled = False


def test_imports_run_one_way(capsys: pytest.CaptureFixture[str]) -> None:
    status = lint_imports(str(ROOT / "pyproject.toml"), no_cache=True)
    assert status == EXIT_STATUS_SUCCESS, capsys.readouterr().out


def test_an_import_the_wrong_way_would_be_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = tmp_path / "contracts.ini"
    config.write_text(BROKEN)
    assert lint_imports(str(config), no_cache=True) == EXIT_STATUS_ERROR
    assert "pixelstream.cli." in capsys.readouterr().out
