"""The log of `start`: rotated by size and age, read across the rotated files."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from relforge.runtime.commands.logs import _since
from relforge.runtime.errors import Refusal
from relforge.runtime.supervise.journal import LogLimits, ReleaseLog, stamp
from tests.runtime.conftest import MiniRelease
from tests.runtime.supervise.waiting import eventually

LINE = len("2026-11-23T15:40:55.123Z web.1 | 0\n")
FLOOD = """
import time
from relforge.runtime import ready
def main():
    for number in range(300):
        print(f"line {number:03}")
        time.sleep(0.001)
    ready()
    time.sleep(60)
"""


def journal(path: Path, *, size: int = 0, age: float = 0.0, keep: int = 3) -> ReleaseLog:
    return ReleaseLog("shop", str(path), LogLimits(size, age, keep))


def texts(path: Path) -> list[str]:
    return [line.rpartition(" ")[2] for line in path.read_text().splitlines()]


@pytest.fixture(autouse=True)
def own_output() -> object:
    """A journal that rotates takes this process's output over."""
    kept = [os.dup(fd) for fd in (1, 2)]
    yield
    for fd, copy in enumerate(kept, 1):
        os.dup2(copy, fd)
        os.close(copy)


def test_a_file_that_is_full_is_rotated_and_as_many_stay_as_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "shop.log"
    log = journal(path, size=2 * LINE, keep=2)
    for number in range(7):
        log.lines("web.1", [b"%d" % number])
    assert ["6"] == texts(path)
    assert ["4", "5"] == texts(tmp_path / "shop.log.1")
    assert ["2", "3"] == texts(tmp_path / "shop.log.2")
    assert {"shop.log", "shop.log.1", "shop.log.2"} == set(os.listdir(tmp_path))


def test_what_a_file_holds_already_counts(tmp_path: Path) -> None:
    path = tmp_path / "shop.log"
    journal(path, size=2 * LINE).lines("web.1", [b"0", b"1"])
    journal(path, size=2 * LINE).lines("web.1", [b"2"])
    assert (["2"], ["0", "1"]) == (texts(path), texts(tmp_path / "shop.log.1"))


def test_a_file_that_is_old_is_rotated(tmp_path: Path) -> None:
    path = tmp_path / "shop.log"
    path.write_text(f"{stamp(time.time() - 7200)}.000Z web.1 | old\n")
    log = journal(path, age=3600.0)
    log.lines("web.1", [b"new"])
    log.lines("web.1", [b"newer"])
    assert (["new", "newer"], ["old"]) == (texts(path), texts(tmp_path / "shop.log.1"))


def test_nothing_is_kept_where_nothing_shall_be(tmp_path: Path) -> None:
    path = tmp_path / "shop.log"
    log = journal(path, size=LINE, keep=0)
    for number in range(3):
        log.lines("web.1", [b"%d" % number])
    assert (["shop.log"], ["2"]) == (os.listdir(tmp_path), texts(path))


def test_a_line_larger_than_the_limit_is_written_whole(tmp_path: Path) -> None:
    path = tmp_path / "shop.log"
    journal(path, size=10).lines("web.1", [b"x" * 1000])
    assert ["x" * 1000] == texts(path)


def test_where_it_cannot_be_rotated_the_file_grows_on(tmp_path: Path) -> None:
    path = tmp_path / "shop.log"
    (tmp_path / "shop.log.1").mkdir()
    (tmp_path / "shop.log.1" / "in the way").touch()
    log = journal(path, size=LINE, keep=1)
    for number in range(4):
        log.lines("web.1", [b"%d" % number])
    assert ["0", "1", "2", "3"] == texts(path)


@pytest.mark.process
def test_logs_reads_what_was_rotated(mini_release: Callable[..., MiniRelease]) -> None:
    limits = {"size": 2000, "age": 0.0, "keep": 50}
    release = mini_release({"shop/worker.py": FLOOD}, services={"worker": {}}, log=limits)
    assert release.run("start").returncode == 0
    directory = release.state / "log"
    eventually(lambda: any("line 299" in path.read_text() for path in directory.iterdir()))
    assert len(list(directory.iterdir())) > 2

    lines = release.run("logs", "-n", "250", "worker").stdout.splitlines()
    assert [f"line {number:03}" for number in range(50, 300)] == [row[-8:] for row in lines]
    since = release.run("logs", "--since", "5m", "worker").stdout.splitlines()
    assert (300, lines[-1]) == (len(since), since[-1])
    moment = lines[100].split(".")[0]
    assert lines[-1] == release.run("logs", "--since", moment, "worker").stdout.splitlines()[-1]
    assert "" == release.run("logs", "--since", "2999-01-01").stdout
    wrong = release.run("logs", "--since", "yesterday")
    assert (2, "neither a duration nor a time") == (
        wrong.returncode,
        wrong.stderr.split(": ", 2)[2].splitlines()[0],
    )
    assert release.run("stop").returncode == 0
    assert json.loads((release.root / "release" / "manifest.json").read_text())["log"] == limits


def test_a_moment_is_read_as_the_lines_have_it() -> None:
    assert b"2026-11-23T15:40" == _since("2026-11-23 15:40")
    assert b"2026-11-23T15:40:55" == _since("2026-11-23T15:40:55Z")
    for wrong in ("12-11-2026", "2026-11-23T15:40:55+01:00"):
        with pytest.raises(Refusal, match="since"):
            _since(wrong)
