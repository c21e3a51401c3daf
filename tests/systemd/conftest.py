"""Hosts with systemd, and a release that is deployed on them as the how-to says."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import pythons
from tests.sample import SOURCE_DATE
from tests.systemd.deployed import Deployed
from tests.systemd.host import Host

PROJECT = Path(__file__).parent / "project"


@pytest.fixture(scope="session")
def artifact(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tarball of the project here."""
    return once(tmp_path_factory, "0.1")


@pytest.fixture(scope="session")
def newer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tarball of its next version."""
    return once(tmp_path_factory, "0.2")


def once(factory: pytest.TempPathFactory, version: str) -> Path:
    """One build for all workers of a run."""
    shared = factory.getbasetemp()
    if os.environ.get("PYTEST_XDIST_WORKER"):
        shared = shared.parent
    project = shared / f"depot-{version}"
    with (shared / f"depot-{version}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not project.exists():
            build(project, version)
    (made,) = (project / "dist").glob("*.tar.gz")
    return made


def build(project: Path, version: str = "0.1") -> None:
    shutil.copytree(PROJECT, project)
    settings = project / "pyproject.toml"
    text = settings.read_text()
    text = text.replace('version = "0.1"', f'version = "{version}"')
    settings.write_text(text.replace('"3.11"', f'"{pythons.OWN}"'))
    built = subprocess.run(
        [sys.executable, "-m", "relforge", "release", "--project", project, "--quiet"],
        env={**os.environ, "SOURCE_DATE_EPOCH": SOURCE_DATE},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert 0 == built.returncode, built.stderr


@pytest.fixture(scope="session")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    """One host for all tests that leave it as they found it."""
    with Host(tmp_path_factory.mktemp("host")) as made:
        yield made


@pytest.fixture(scope="session")
def installed(host: Host, artifact: Path) -> Deployed:
    """The release in its place, with a user of its own and a unit; not running."""
    return Deployed.install(host, artifact, "depot", "0.1")


@pytest.fixture
def depot(installed: Deployed) -> Iterator[Deployed]:
    """Stopped, without settings of an earlier test."""
    installed.reset()
    yield installed
    installed.reset()
