"""The running instance, whatever its lock holds."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from relforge.runtime import instance
from relforge.runtime.errors import CONFIG, Refusal
from relforge.runtime.paths import Paths
from relforge.runtime.supervise import leftover, lock


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    state = str(tmp_path)
    return Paths(root="/srv/shop/releases/1.0", state=state, run=f"{state}/run", log=state)


# S5
@pytest.mark.parametrize(
    "content",
    [
        {"pid": "abc"},
        {"pid": -1, "run_dir": 5},
        {"pid": 1 << 80},
        {"pid": True},
        {"started": "x"},
        {"started": float("inf")},
        {"version": {}, "root": []},
        [],
    ],
)
def test_what_does_not_fit_counts_as_not_written(paths: Paths, content: Any) -> None:
    with open(paths.lock, "w") as file:
        json.dump(content, file)
        file.flush()
        fcntl.flock(file, fcntl.LOCK_EX)
        found = instance.running(paths)
    assert found is not None
    assert (0, paths.run, paths.root, "", 0.0) == (
        found.pid,
        found.run,
        found.root,
        found.version,
        found.started,
    )


# S4
@pytest.mark.parametrize("kind", ["fifo", "link", "directory"])
def test_a_lock_that_is_no_regular_file_is_refused_at_once(paths: Paths, kind: str) -> None:
    other = Path(paths.state) / "other"
    other.write_text("precious")
    match kind:
        case "fifo":
            os.mkfifo(paths.lock)
        case "link":
            os.symlink(other, paths.lock)
        case _:
            os.mkdir(paths.lock)
    asks: list[Callable[[Paths], object]] = [
        instance.running,
        lambda paths: lock.acquire(paths, {"pid": 1}),
        lambda paths: lock.read(paths.lock),
    ]
    for ask in asks:
        with pytest.raises(Refusal, match="not a regular file") as error:
            ask(paths)
        assert CONFIG == error.value.code
    assert "precious" == other.read_text()


def test_nobody_runs_without_a_lock_or_with_one_that_nobody_holds(paths: Paths) -> None:
    assert instance.running(paths) is None
    lock.acquire(paths, {"pid": os.getpid()}).release()
    assert instance.running(paths) is None
    assert {"pid": os.getpid()} == lock.read(paths.lock)


@pytest.mark.parametrize("groups", [5, "12", [[1]], ["x", None, 1.5, -1, 0, True], {"1": 2}, None])
def test_groups_that_are_none_count_as_not_written(paths: Paths, groups: object) -> None:
    """S5: the user of the service can write the lock."""
    assert 0 == leftover.sweep(paths, {"groups": groups})
