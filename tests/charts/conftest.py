"""Every case of ci/ as the fixture `found`: the objects that it renders."""

import pytest

from tests.charts import helm


@pytest.fixture(params=helm.CASES)
def found(request: pytest.FixtureRequest) -> list[helm.Object]:
    """The objects of each case, one after the other."""
    return helm.rendered(request.param)
