"""Hosts on a network, for all tests that leave them as they found them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fleet.testbed import Testbed


@pytest.fixture(scope="session")
def testbed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Testbed]:
    """A load balancer and three web hosts."""
    with Testbed(tmp_path_factory.mktemp("fleet")) as made:
        yield made
