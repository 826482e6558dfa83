"""One real server for all tests of the shared store; each has rooms of its own in it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.valkeyserver import ValkeyServer, valkey_server


@pytest.fixture(scope="session")
def valkey() -> Iterator[ValkeyServer]:
    with tempfile.TemporaryDirectory() as folder, valkey_server(Path(folder)) as server:
        yield server
