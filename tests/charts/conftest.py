"""Every case of ci/ as the fixture `found`: the objects that it renders.

The trap: programs are built where the cache lacks them, which takes longer than a test may, so that is done
before the first test begins.
"""

import pytest

from tests.charts import api, helm
from tests.cluster.node import build

PROGRAMS = ("helm", "helm3", "ct", "kubeconform")


def pytest_collection_finish(session: pytest.Session) -> None:
    """Have the programs and schemas ready if any test of this folder is to run."""
    if (
        any("tests/charts/" in item.nodeid for item in session.items)
        and not session.config.option.collectonly
    ):
        for name in PROGRAMS:
            build.program(name)
        api.folder()


@pytest.fixture(params=helm.CASES)
def found(request: pytest.FixtureRequest) -> list[helm.Object]:
    """The objects of each case, one after the other."""
    return helm.rendered(request.param)
