"""Which of the machine's links peers of a test meet over."""

import pytest
from aioice import ice

from tests import conftest
from tests.cluster.node.paths import HOST_ADDRESS


def test_peers_keep_off_the_link_that_goes_with_the_clusters_node(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conftest, "_all_addresses", lambda **_: ["192.0.2.2", HOST_ADDRESS])
    assert ice.get_host_addresses(use_ipv4=True, use_ipv6=True) == ["192.0.2.2"]
