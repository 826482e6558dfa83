"""Keys for every matchmaker of these tests."""

import pytest

from tests.support.matchmaking import KEYS


@pytest.fixture(autouse=True)
def _keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
