"""The sample's artifact, deployed on this host; each test has a state directory of its own."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.delivery.deployment import Deployment, eventually
from tests.sample import Sample


@pytest.fixture
def state() -> Iterator[Path]:
    with own_state() as directory:
        yield directory


@contextlib.contextmanager
def own_state() -> Iterator[Path]:
    """A short path: sockets lie below it.  Whatever still runs on it at the end is killed."""
    with tempfile.TemporaryDirectory(prefix="shop.") as directory:
        yield Path(directory)
        for pid in _pids(directory):
            os.kill(pid, signal.SIGKILL)
        eventually(lambda: not _pids(directory))


QUICK = {"PORT": "0", "TICKETD_WORKER__POLL": "100ms"}


@pytest.fixture
def fresh(sample: Sample, state: Path) -> Deployment:
    """Unpacked, and nothing done yet; it would listen on a port that is free."""
    return Deployment(program=sample.program, state=state / "var", env=QUICK)


@pytest.fixture(scope="session")
def database(sample: Sample, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `migrate` and `seed` make."""
    directory = tmp_path_factory.mktemp("database")
    made = Deployment(program=sample.program, state=directory, env=QUICK)
    made.ok("migrate")
    made.ok("seed")
    path = directory / "ticketd.db"
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("pragma wal_checkpoint(truncate)")  # one file to copy
    return path


@pytest.fixture
def shop(fresh: Deployment, database: Path) -> Deployment:
    """With a database that has events on sale; stopped."""
    fresh.state.mkdir()
    shutil.copy(database, fresh.state)
    return fresh


@pytest.fixture(scope="module")
def open_shop(sample: Sample, database: Path) -> Iterator[Deployment]:
    """A shop that runs, for tests that leave it running as it was."""
    with own_state() as directory:
        made = Deployment(program=sample.program, state=directory, env=QUICK)
        shutil.copy(database, directory)
        with made.running():
            yield made


def _pids(directory: str) -> list[int]:
    found = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            if f"RELEASE_STATE_DIR={directory}".encode() in path.read_bytes():
                found.append(int(path.parent.name))
        except OSError:
            continue
    return found
