"""coturn is told every secret of the file that turn-api reads, whatever stands between them."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from pixelstream.auth.keys import SharedKeys
from tests.charts.helm import objects, of_kind, template

READ = re.compile(r"^ *tr .*?(?=^ *echo)", re.MULTILINE | re.DOTALL)
FILE = "/etc/turn/keys/turn-secret"


def lines() -> str:
    """The chart's words that read the secret's file."""
    maps = of_kind(objects(template()), "ConfigMap")
    (script,) = [text for it in maps for text in it["data"].values() if FILE in text]
    found = READ.search(script)
    assert found is not None
    return found[0]


@pytest.mark.parametrize("text", ["one", "one\n", "new\told\n", "new\r\nold\r\n\r\n", "  a \n\n\tb\t c"])
def test_coturn_and_turn_api_read_the_same(tmp_path: Path, text: str) -> None:
    file = tmp_path / "turn-secret"
    file.write_bytes(text.encode())
    told = subprocess.run(
        ["sh", "-euc", lines().replace(FILE, str(file))],
        capture_output=True,
        text=True,
        check=True,
    )
    options = [f"static-auth-secret={secret}" for secret in SharedKeys.parse(text).lines]
    assert told.stdout.splitlines() == options
