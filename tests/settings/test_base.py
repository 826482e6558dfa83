"""Settings files: what is accepted, and how every fault is named."""

import os
import subprocess
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

import pytest
from pydantic import Field, ValidationError, model_validator

from pixelstream.errors import SettingsError
from pixelstream.settings.base import Listen, Log, Model, Name, Port, Seconds, WsUrl, load, parse, read_secret


class Colour(StrEnum):
    RED = "red"
    GREEN = "green"


class Static(Model):
    kind: Literal["static"]
    stream_url: WsUrl


class Watched(Model):
    kind: Literal["watched"]
    file: Path


class Here(Listen):
    port: Port = 3000


class Sample(Model):
    listen: Here = Here()
    log: Log = Log()
    colour: Colour = Colour.RED
    max_seats: Annotated[int, Field(ge=1, le=64)] = 1
    idle_time: Seconds = 60.0
    ready: bool = False
    fleet: Name = "default"
    control_key_file: Path | None = None
    sources: tuple[Annotated[Static | Watched, Field(discriminator="kind")], ...] = ()

    @model_validator(mode="after")
    def idle_longer_than_a_second(self) -> "Sample":
        if self.max_seats > 1 and self.idle_time < 1:
            raise ValueError("idleTime must be at least 1s when maxSeats is more than 1")
        return self


def faults(text: str) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        parse(Sample, text, "sample.yaml")
    assert caught.value.file == "sample.yaml"
    assert "sample.yaml" in str(caught.value)
    return caught.value.faults


def test_an_empty_file_means_all_defaults() -> None:
    assert parse(Sample, "") == Sample()
    assert parse(Sample, "# nothing\n") == Sample()


def test_keys_are_camel_case_and_nested_blocks_keep_their_other_defaults() -> None:
    read = parse(
        Sample,
        "listen: {host: '::1'}\nmaxSeats: 3\ncolour: green\nidleTime: 1m30s\ncontrolKeyFile: /run/key\n"
        "sources:\n- {kind: static, streamUrl: 'ws://a:1/'}\n- {kind: watched, file: relays.json}\n",
    )
    assert read.listen == Here(host="::1", port=3000)
    assert read.max_seats == 3
    assert read.colour is Colour.GREEN
    assert read.idle_time == 90.0
    assert read.control_key_file == Path("/run/key")
    assert read.sources == (
        Static(kind="static", stream_url="ws://a:1"),
        Watched(kind="watched", file=Path("relays.json")),
    )


def test_settings_cannot_be_changed_once_read() -> None:
    with pytest.raises(ValidationError):
        Sample().max_seats = 2


def test_snake_case_keys_in_a_file_are_unknown() -> None:
    assert faults("max_seats: 2") == [
        (
            'max_seats: unknown key (did you mean "maxSeats"?); known here: colour, controlKeyFile, fleet, '
            "idleTime, listen, log, maxSeats, ready, sources"
        ),
    ]


def test_every_fault_is_named_at_once_with_path_and_value() -> None:
    text = "listen: {prot: 80, port: 70000}\nmaxSeats: 0\nready: 1\ncolour: gren\nlog: {level: loud}"
    assert faults(text) == [
        "listen.port = 70000: must be at least 0 and at most 65535",
        'listen.prot: unknown key (did you mean "port"?); known here: host, port',
        'log.level = "loud": must be one of debug, info, warning, error',
        'colour = "gren": must be one of red, green; did you mean "green"?',
        "maxSeats = 0: must be at least 1 and at most 64",
        "ready = 1: must be true or false",
    ]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("maxSeats: many", 'maxSeats = "many": must be a whole number, at least 1 and at most 64'),
        ("maxSeats: '2'", 'maxSeats = "2": must be a whole number, at least 1 and at most 64'),
        ("maxSeats: 1.5", "maxSeats = 1.5: must be a whole number, at least 1 and at most 64"),
        ("maxSeats:", "maxSeats = null: must be a whole number, at least 1 and at most 64"),
        ("listen: 80", "listen = 80: must be a block of keys"),
        ("listen: {host: 5}", "listen.host = 5: must be text"),
        ("sources: {}", "sources = {}: must be a list"),
        ("controlKeyFile: 5", "controlKeyFile = 5: must be text"),
        ("[1, 2]", "the whole file = [1,2]: must be a block of keys"),
        ("sources: [{kind: static}]", "sources[0].streamUrl: missing; it must be given"),
        (
            "sources: [{kind: static, streamUrl: 'http://a'}]",
            'sources[0].streamUrl = "http://a": must be a URL ws://host[:port] or wss://host[:port]',
        ),
        (
            "sources: [{kind: static, streamUrl: 'ws://a', stramUrl: b}]",
            'sources[0].stramUrl: unknown key (did you mean "streamUrl"?); known here: file, kind, streamUrl',
        ),
        ("sources: [{kind: stat}]", 'sources[0] = {"kind":"stat"}: must be one of static, watched'),
        ("fleet: 'a b'", 'fleet = "a b": must be letters, digits and ._- between, beginning'),
        ("maxSeats: 2\nidleTime: 0", "the whole file: idleTime must be at least 1s when maxSeats"),
        ("7: 1", "7: unknown key; known here"),
        ("maxSeats: 123456789012345678901234567890", "holds a value that no setting takes"),
    ],
)
def test_a_fault_says_what_would_be_right(text: str, fault: str) -> None:
    [line] = faults(text)
    assert line.startswith(fault)


@pytest.mark.parametrize("text", ["-1", "'5'", "5 min", "true", "[1]", "'1h 5m'", ".inf", "''"])
def test_a_bad_duration_is_refused_with_examples(text: str) -> None:
    [line] = faults(f"idleTime: {text}")
    assert line.startswith("idleTime = ")
    assert '"30s", "5m", "2h"' in line


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("0", 0), ("2", 2), ("0.5", 0.5), ("250ms", 0.25), ("30s", 30), ("5m", 300), ("1d12h", 129600)],
)
def test_durations_are_numbers_or_text_with_units(text: str, seconds: float) -> None:
    assert parse(Sample, f"idleTime: {text}").idle_time == seconds


def test_a_secret_in_the_file_is_refused_in_words_and_not_shown() -> None:
    [line] = faults("controlKey: hunter2")
    assert line == (
        "controlKey: secrets aren't read from settings; "
        "name a file in controlKeyFile or set PIXELSTREAM_CONTROL_KEY"
    )
    [line] = faults("turnPassword: hunter2")
    assert "secrets aren't read from settings" in line
    assert "hunter2" not in line


def test_credentials_in_a_url_are_refused() -> None:
    [line] = faults("sources: [{kind: static, streamUrl: 'ws://user:pw@a'}]")
    assert "no user name and password" in line


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("listen: {port: 1\nmaxSeats: 2", "line 2, column 9: not valid YAML"),
        ("maxSeats: 2\nmaxSeats: 3", 'line 2, column 1: not valid YAML: key "maxSeats" is given twice'),
        ("a: 1\n---\nb: 2", "line 2, column 1: not valid YAML"),
        ("a: !!python/object:os.system {}", "line 1, column 4: not valid YAML"),
        ("a: \x00", "not valid YAML"),
    ],
)
def test_broken_yaml_is_refused_with_its_line(text: str, where: str) -> None:
    [line] = faults(text)
    assert line.startswith(where)


def test_an_anchor_may_be_merged_and_overridden() -> None:
    text = "log: &log {level: debug}\nlisten: {port: 1}\n"
    assert parse(Sample, text).log.level == "debug"


def test_a_file_that_is_missing_or_far_too_large_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="No such file"):
        load(Sample, tmp_path / "absent.yaml")
    big = tmp_path / "big.yaml"
    big.write_bytes(b"#" * (1 << 20) + b"##")
    with pytest.raises(SettingsError, match="larger than"):
        load(Sample, big)
    good = tmp_path / "good.yaml"
    good.write_text("maxSeats: 4")
    assert load(Sample, good).max_seats == 4


def test_a_secret_comes_from_its_file_or_else_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "key"
    file.write_text(" from-file\n")
    monkeypatch.setenv("PIXELSTREAM_TEST", "from-env\n")
    assert read_secret(file, "PIXELSTREAM_TEST") == "from-file"
    assert read_secret(None, "PIXELSTREAM_TEST") == "from-env"
    monkeypatch.setenv("PIXELSTREAM_TEST", " ")
    assert read_secret(None, "PIXELSTREAM_TEST") is None


def test_a_secret_file_that_is_missing_empty_or_binary_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "key"
    with pytest.raises(SettingsError, match="No such file"):
        read_secret(file, "PIXELSTREAM_TEST")
    file.write_text("\n")
    with pytest.raises(SettingsError, match="empty"):
        read_secret(file, "PIXELSTREAM_TEST")
    file.write_bytes(b"\xff\xfe\xfd")
    with pytest.raises(SettingsError, match="UTF-8"):
        read_secret(file, "PIXELSTREAM_TEST")


def test_reading_settings_loads_no_more_than_it_needs() -> None:
    code = "import pixelstream.settings.base, sys; print(*sorted(sys.modules))"
    loaded = subprocess.run(
        [sys.executable, "-c", code],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ},
    ).stdout.split()
    assert not {"pydantic_settings", "fastapi", "asyncio", "httpx"} & set(loaded)
