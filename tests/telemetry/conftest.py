"""The programs that these tests run, built before the first of them begins if the cache lacks them."""

import pytest

from tests.cluster.node import build

PROGRAMS = ("helm", "promtool", "prometheus")


def pytest_collection_finish(session: pytest.Session) -> None:
    """Have the programs ready if any test of this folder is to run; a cold build takes minutes."""
    mine = any("tests/telemetry/" in item.nodeid for item in session.items)
    if mine and not session.config.option.collectonly:
        for name in PROGRAMS:
            build.program(name)
