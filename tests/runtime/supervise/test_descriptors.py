"""What the starter has open, and how much may be open: O11, O12."""

from __future__ import annotations

import fcntl
import os
import resource
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.runtime.conftest import MiniRelease
from tests.runtime.supervise.waiting import eventually, service, status

pytestmark = pytest.mark.process

Make = Callable[..., MiniRelease]
WORKER = """
import time
from relforge.runtime import ready
def main():
    ready()
    while True:
        time.sleep(1)
"""


def opened(pid: int) -> set[str]:
    """What the process has open."""
    directory = Path(f"/proc/{pid}/fd")
    return {os.readlink(row) for row in directory.iterdir()}


@pytest.mark.parametrize("number", [3, 200])
def test_start_keeps_nothing_open_of_its_starter(
    mini_release: Make, tmp_path: Path, number: int
) -> None:
    """O11: `flock LOCK bin/shop start` lets the lock go, also where services run on."""
    program = {"kind": "exec", "target": ["sleep", "1000"], "ready": "started"}
    release = mini_release({"shop/worker.py": WORKER}, services={"worker": {}, "other": program})
    held = tmp_path / "lock"
    line = f"exec {number}>{held}" if number < 10 else f"exec 9>{held}"
    # dash knows no numbers beyond 9.
    above = "" if number < 10 else f"import os; os.dup2(9, {number})"
    script = f"{line}; flock -n 9" if number >= 10 else f"{line}; flock -n {number}"
    start = f"{release.root}/bin/shop start"
    if above:
        start = f"python3 -c \"{above}; os.execv('{release.root}/bin/shop', ['shop', 'start'])\""
    done = subprocess.run(["sh", "-c", f"{script}; {start}"], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    with held.open() as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    pids = [int(release.run("pid").stdout), *(row["pid"] for row in status(release)["services"])]
    for pid in pids:
        assert str(held) not in opened(pid)
    assert release.run("reload").returncode == 0
    assert release.run("stop").returncode == 0


def test_a_reader_of_another_descriptor_is_not_waited_for(mini_release: Make) -> None:
    """O11: `start 3>&1 | cat` as bats and make's job server have it."""
    release = mini_release({"shop/worker.py": WORKER}, services={"worker": {}})
    script = f"{release.root}/bin/shop start 3>&1 >/dev/null | cat"
    subprocess.run(["sh", "-c", script], timeout=20, check=True)
    assert release.run("stop").returncode == 0


def test_foreground_keeps_for_itself_what_it_was_given(mini_release: Make, tmp_path: Path) -> None:
    """O11: `exec 9>lock; flock 9; exec bin/shop foreground` holds the lock; its services do not."""
    release = mini_release({"shop/worker.py": WORKER}, services={"worker": {}})
    held = tmp_path / "lock"
    script = f"exec 9>{held}; exec {release.root}/bin/shop foreground"
    process = subprocess.Popen(["sh", "-c", script], stderr=subprocess.DEVNULL)
    eventually(lambda: release.runs and status(release)["state"] == "running")
    assert str(held) in opened(process.pid)
    assert str(held) not in opened(service(release, "worker")["pid"])
    process.terminate()
    assert process.wait(10) == 0


def test_too_few_open_files_are_one_line(mini_release: Make) -> None:
    """O12: no traceback, nothing is left running; of many processes before anything runs."""
    release = mini_release({"shop/worker.py": WORKER}, services={"worker": {"instances": 12}})
    for command in ("start", "foreground"):
        done = limited(release, command, 64)
        first, hint = done.stderr.splitlines()
        assert first == "shop: the supervisor needs 100 open files, and `ulimit -n` is 64"
        assert "ulimit -n 1024" in hint
        assert done.returncode == 1
    assert not release.runs
    assert "needs 108 open files" in limited(release, "start", 100).stderr
    assert limited(release, "start", 108).returncode == 0
    assert limited(release, "reload", 108).returncode == 0
    assert release.run("stop").returncode == 0


def limited(release: MiniRelease, command: str, most: int) -> subprocess.CompletedProcess[str]:
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))

    return subprocess.run(
        [release.root / "bin" / "shop", command],
        preexec_fn=limit,
        capture_output=True,
        text=True,
        check=False,
    )
