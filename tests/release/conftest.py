"""One cache for a whole run, so that the interpreter is relocated once; projects of each test."""

from __future__ import annotations

import fcntl
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.release import workshop
from tests.release.workshop import Workshop


@pytest.fixture(scope="session")
def warm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache that holds the interpreter; shared by the workers of a run."""
    shared = tmp_path_factory.getbasetemp()
    if os.environ.get("PYTEST_XDIST_WORKER"):
        shared = shared.parent
    directory = shared / "warm"
    directory.mkdir(exist_ok=True)
    with (directory / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (directory / "done").exists():
            first = workshop.make(shared / "first", directory / "cache")
            first.report("build")
            (directory / "done").touch()
    return directory / "cache"


@pytest.fixture
def shop(tmp_path: Path, warm: Path) -> Workshop:
    """A project of the test's own, with a warm cache."""
    return workshop.make(tmp_path / "shop", warm)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, warm: Path) -> Workshop:
    """A project whose release is built.  Nothing below it may be changed."""
    made = workshop.make(tmp_path_factory.mktemp("built") / "shop", warm)
    made.report("release")
    return made


@pytest.fixture
def disk() -> Iterator[Callable[[Path, str], None]]:
    """Put a file system of that size at a directory, or give the one that is there that size."""
    if os.geteuid() != 0:
        pytest.skip("it needs root: mount")
    mounted: list[Path] = []

    def mount(directory: Path, size: str) -> None:
        options = f"size={size},mode=700" if directory not in mounted else f"remount,size={size}"
        directory.mkdir(parents=True, exist_ok=True)
        subprocess.run(
            ["mount", "-t", "tmpfs", "-o", options, "none", directory], check=True, timeout=30
        )
        if directory not in mounted:
            mounted.append(directory)

    yield mount
    for directory in mounted:
        subprocess.run(["umount", "-l", directory], check=True, timeout=30)
