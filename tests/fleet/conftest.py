"""Hosts on a network, artifacts, and playbooks that bring one to the others."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fleet import balancer, releases
from tests.fleet.playbooks import SECRET, Playbooks
from tests.fleet.testbed import Testbed

VARIABLES = {
    "ansible_user": "root",
    "relforge_name": "shop",
    "relforge_environment": {"SHOP_GREETING": 'he said "$hi"'},
    "relforge_credentials": {"db.url": SECRET},
    "relforge_migrate": ["migrate"],
    "relforge_drain": {"haproxy": "lb"},
}


@pytest.fixture(scope="session")
def testbed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Testbed]:
    """A load balancer and three web hosts."""
    with Testbed(tmp_path_factory.mktemp("fleet")) as made:
        balancer.serve(made)
        yield made


@pytest.fixture(scope="session")
def artifacts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """By version; 1.2.0 crashes when it starts."""
    directory = tmp_path_factory.mktemp("artifacts")
    faults = {"1.0.0": "", "1.1.0": "", "1.2.0": "crash"}
    return {version: releases.build(directory, version, fault) for version, fault in faults.items()}


@pytest.fixture(scope="session")
def playbooks(
    testbed: Testbed, artifacts: dict[str, Path], tmp_path_factory: pytest.TempPathFactory
) -> Playbooks:
    """1.0.0 runs on each web host, brought by the first deploy."""
    directory = tmp_path_factory.mktemp("controller")
    made = Playbooks(testbed=testbed, directory=directory, variables=VARIABLES)
    made.ok("deploy", relforge_artifact=str(artifacts["1.0.0"]))
    return made
