"""What all tests share: no deadline for an example, and players that keep off the link to the cluster's node.

The trap: that link is one of this machine's, so peers of any test would meet over it as well as over
another, and when the node goes, so does the link: pictures stop, while the connection says
`connected` for another half a minute.
"""

from __future__ import annotations

import hypothesis
import pytest
from aioice import ice

from tests.cluster.node.paths import HOST_ADDRESS

# A busy machine takes its time for any example; how fast things are is measured elsewhere.
hypothesis.settings.register_profile("patient", deadline=None)
hypothesis.settings.load_profile("patient")

_all_addresses = ice.get_host_addresses


def _lasting_addresses(*families: bool, **named: bool) -> list[str]:
    return [address for address in _all_addresses(*families, **named) if address != HOST_ADDRESS]


@pytest.fixture(autouse=True)
def _off_the_nodes_link(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.node.get_closest_marker("cluster") is None:
        monkeypatch.setattr(ice, "get_host_addresses", _lasting_addresses)
