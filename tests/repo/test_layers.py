"""The contracts of imports, as pyproject.toml states them.

Checked in a process of its own: the checker switches off the loggers of whoever calls it.
"""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CHECK = """
import sys
from importlinter.cli import lint_imports
sys.exit(lint_imports(sys.argv[1], no_cache=True))
"""

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


def check(config: Path) -> "subprocess.CompletedProcess[str]":
    argv = [sys.executable, "-c", CHECK, str(config)]
    return subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False)


def test_imports_run_one_way() -> None:
    done = check(ROOT / "pyproject.toml")
    assert done.returncode == 0, done.stdout + done.stderr


def test_an_import_the_wrong_way_would_be_told(tmp_path: Path) -> None:
    config = tmp_path / "contracts.ini"
    config.write_text(BROKEN)
    done = check(config)
    assert done.returncode == 1
    assert "pixelstream.cli." in done.stdout
