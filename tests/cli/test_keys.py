"""`pixelstream keys` on files, on standard input, and on a whole Secret between two kubectls."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import orjson
import pytest
from typer.testing import CliRunner, Result

from pixelstream.auth.keys import LeaseKeys, SharedKeys
from pixelstream.cli.main import app
from tests.support.edge import key_text

KEYS = key_text("1")


def run(*words: str, text: str = "") -> Result:
    return CliRunner().invoke(app, ["keys", *words], input=text)


def of(result: Result) -> Any:
    assert result.exit_code == 0, result.output
    return orjson.loads(result.stdout)


def secret(**entries: str) -> str:
    data = {name: base64.b64encode(text.encode()).decode() for name, text in entries.items()}
    return orjson.dumps({"kind": "Secret", "metadata": {"name": "px-keys"}, "data": data}).decode()


def test_show_tells_ids_and_no_secret() -> None:
    result = run("show", text=KEYS)
    assert of(result)["keys"] == [{"id": "1", "use": "signs and verifies"}]
    assert orjson.loads(KEYS)["keys"][0]["k"] not in result.stdout


def test_a_file_goes_through_the_three_steps(tmp_path: Path) -> None:
    file = tmp_path / "lease-keys"
    file.write_text(KEYS)
    for words, ids in (
        (["add", str(file), "--id", "b"], ["1", "b"]),
        (["promote", "b", str(file)], ["b", "1"]),
        (["retire", "1", str(file)], ["b"]),
    ):
        result = run(*words)
        assert list(LeaseKeys.parse(result.stdout).by_kid) == ids
        file.write_text(result.stdout)


def test_a_secret_comes_out_whole_with_one_entry_changed() -> None:
    given = secret(**{"lease-keys": KEYS, "control-key": "abc"})
    made = of(run("add", text=given))
    assert made["metadata"] == {"name": "px-keys"}
    assert made["data"]["control-key"] == orjson.loads(given)["data"]["control-key"]
    assert list(LeaseKeys.parse(base64.b64decode(made["data"]["lease-keys"]).decode()).by_kid) == ["1", "2"]


def test_another_entry_of_a_secret_is_named() -> None:
    made = of(run("add", "--entry", "control-key", text=secret(**{"control-key": "abc"})))
    lines = SharedKeys.parse(base64.b64decode(made["data"]["control-key"]).decode()).lines
    assert lines[0] == "abc"
    assert len(lines) == 2
    shown = of(run("show", "--entry", "control-key", text=orjson.dumps(made).decode()))
    promoted = of(
        run("promote", shown["keys"][1]["id"], "--entry", "control-key", text=orjson.dumps(made).decode())
    )
    assert base64.b64decode(promoted["data"]["control-key"]).decode().split("\t")[1] == "abc"


@pytest.mark.parametrize(
    ("words", "text", "told"),
    [
        (["retire", "1"], KEYS, "is in use"),
        (["promote", "9"], KEYS, 'no key "9"'),
        (["add"], "", "secret is empty"),
        (["add"], "{}", "keys: Field required"),
        (["add"], secret(other="x"), 'no entry "lease-keys", but other'),
        (["add"], '{"kind":"Secret","data":{"lease-keys":"%%%"}}', "is not base64"),
        (["show", "/nowhere/keys"], "", "No such file"),
    ],
)
def test_what_can_not_be_done_is_said_and_nothing_comes_out(words: list[str], text: str, told: str) -> None:
    result = run(*words, text=text)
    assert result.exit_code == 1
    assert told in result.stderr
    assert result.stdout == ""
