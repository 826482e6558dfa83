"""Key files are followed as the kubelet changes them; a bad one is told in words and costs nothing."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from pixelstream.apps import secrets
from pixelstream.apps.secrets import Secrets, said
from pixelstream.errors import SettingsError
from tests.support.edge import key_text

ENV = "PIXELSTREAM_LEASE_KEYS"


class Volume:
    """A Secret's volume: each file is a link through `..data`, which the kubelet swaps at once."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._version = 0
        self.file = directory / "lease-keys"

    def write(self, text: str) -> None:
        self._version += 1
        version = self._directory / f"..{self._version}"
        version.mkdir()
        (version / "lease-keys").write_text(text)
        fresh = self._directory / "..data_tmp"
        fresh.symlink_to(version.name)
        fresh.rename(self._directory / "..data")
        if not self.file.is_symlink():
            self.file.symlink_to("..data/lease-keys")


@pytest.fixture
def volume(tmp_path: Path) -> Volume:
    return Volume(tmp_path)


def test_a_swapped_link_brings_the_new_keys(volume: Volume) -> None:
    volume.write(key_text("a"))
    keys = Secrets().lease_keys(volume.file)
    assert keys is not None
    assert list(keys.value.by_kid) == ["a"]
    assert not keys.look()
    volume.write(key_text("b"))
    with capture_logs() as told:
        assert keys.look()
    assert list(keys.value.by_kid) == ["b"]
    assert [entry["event"] for entry in told] == ["key file taken over"]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "secret is empty"),
        ("{", "JSON"),
        ('{"keys": []}', "at least 1"),
        (key_text("z")[:-10], "JSON"),
        ('{"keys": [{"kid": "a", "k": "short"}]}', "at least 32 bytes"),
    ],
)
def test_a_broken_file_is_told_once_and_the_old_keys_stay(volume: Volume, text: str, fault: str) -> None:
    volume.write(key_text("a"))
    keys = Secrets().lease_keys(volume.file)
    assert keys is not None
    volume.write(text)
    with capture_logs() as told:
        for _ in range(3):
            assert not keys.look()
    (entry,) = told
    assert entry["log_level"] == "error"
    assert entry["file"] == str(volume.file)
    assert fault in "; ".join(entry["faults"])
    assert list(keys.value.by_kid) == ["a"]
    volume.write(key_text("b"))
    assert keys.look()
    assert list(keys.value.by_kid) == ["b"]


def test_a_file_that_vanishes_is_told_and_the_old_keys_stay(volume: Volume) -> None:
    volume.write(key_text("a"))
    keys = Secrets().lease_keys(volume.file)
    assert keys is not None
    volume.file.unlink()
    with capture_logs() as told:
        assert not keys.look()
    assert "cannot be read" in told[0]["faults"][0]
    assert list(keys.value.by_kid) == ["a"]


def test_a_file_that_is_broken_at_the_start_ends_the_service_in_words(volume: Volume) -> None:
    volume.write("nonsense")
    with pytest.raises(SettingsError, match="lease-keys: 1 fault"):
        Secrets().lease_keys(volume.file)


def test_no_secret_stands_in_what_is_told(volume: Volume) -> None:
    volume.write("first")
    held = Secrets().shared(volume.file, ENV)
    assert held is not None
    with capture_logs() as told:
        volume.write("second")
        held.look()
        volume.write("th\x07ird")
        held.look()
    assert len(told) == 2
    assert not any(word in str(told) for word in ("first", "second", "ird'"))
    assert said(held)() == "second"


def test_a_secret_from_the_environment_is_taken_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ENV, "one")
    held = Secrets().shared(None, ENV)
    assert held is not None
    monkeypatch.setenv(ENV, "two")
    assert not held.look()
    assert held.value.said == "one"


def test_what_is_not_set_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(ENV, raising=False)
    assert Secrets().lease_keys(None) is None
    assert said(None)() is None


async def test_following_looks_by_itself(volume: Volume, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secrets, "POLL", 0.01)
    volume.write("one")
    all_of_them = Secrets()
    held = all_of_them.shared(volume.file, ENV)
    assert held is not None
    following = asyncio.create_task(all_of_them.follow())
    volume.write("two")
    async with asyncio.timeout(10):
        while held.value.said != "two":  # noqa: ASYNC110 - a value has no event
            await asyncio.sleep(0.005)
    following.cancel()
