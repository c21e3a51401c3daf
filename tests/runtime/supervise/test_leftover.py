"""What a supervisor that was killed has left behind: O15."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.runtime.conftest import MiniRelease
from tests.runtime.supervise.waiting import alive, eventually

pytestmark = pytest.mark.process

Make = Callable[..., MiniRelease]
WORKER = """
import os, subprocess, sys, time
from relforge.runtime import ready
def main():
    sleep = ["sleep", "1000"]
    pids = [subprocess.Popen(sleep).pid, subprocess.Popen(sleep, start_new_session=True).pid]
    pids.append(int(subprocess.check_output(["setsid", sys.executable, "-c",
        "import subprocess as s; print(s.Popen(['sleep', '1000'], stdout=s.DEVNULL).pid)"])))
    path = os.path.join(os.environ["RELEASE_STATE_DIR"], "pids")
    with open(path + ".new", "w") as file:
        file.write(" ".join(map(str, pids)))
    os.replace(path + ".new", path)
    ready()
    while True:
        time.sleep(1)
"""


def left(release: MiniRelease) -> list[int]:
    return [int(word) for word in (release.state / "pids").read_text().split()]


def test_start_sweeps_what_has_called_setsid(mini_release: Make) -> None:
    """O15: it would hold its port and its files through `start` and `stop`."""
    release = mini_release({"shop/worker.py": WORKER}, services={"worker": {}})
    other = mini_release({"shop/worker.py": WORKER}, services={"worker": {}})
    assert (0, 0) == (release.run("start").returncode, other.run("start").returncode)
    before, theirs = left(release), left(other)
    os.kill(int(release.run("pid").stdout), signal.SIGKILL)
    eventually(lambda: not release.runs)
    assert any(map(alive, before))
    assert release.run("start").returncode == 0
    assert not any(map(alive, before))
    assert all(map(alive, [*left(release), *theirs]))
    assert (0, 0) == (release.run("stop").returncode, other.run("stop").returncode)


def test_what_starts_the_release_is_not_swept(mini_release: Make) -> None:
    """O15: a neighbor: a deployer that is itself a child of the service, and its pipeline."""
    release = mini_release({"shop/worker.py": WORKER}, services={"worker": {}})
    assert release.run("start").returncode == 0
    environ = Path(f"/proc/{left(release)[0]}/environ").read_bytes().decode().split("\0")
    inherited = dict(row.split("=", 1) for row in environ if row)
    assert "RELEASE_PROCESS" in inherited
    os.kill(int(release.run("pid").stdout), signal.SIGKILL)
    eventually(lambda: not release.runs)
    script = f"sleep 3 & {release.root}/bin/shop start 2>&1 | cat; wait"
    code = f"import subprocess; subprocess.run(['sh', '-c', {script!r}], check=True)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=inherited,
        start_new_session=True,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "is running" in done.stdout
    assert release.run("stop").returncode == 0


def test_the_same_path_in_a_container_is_another_state_directory(
    mini_release: Make, tmp_path: Path
) -> None:
    """O15: a neighbor: two mount namespaces may have two directories of one name."""
    if os.geteuid():
        pytest.skip("needs root: unshare")
    release = mini_release({"shop/worker.py": WORKER}, services={"worker": {}})
    release.state.mkdir()
    foreign = subprocess.Popen(
        ["unshare", "-m", "sh", "-c", f"mount -t tmpfs tmpfs {release.state}; exec sleep 1000"],
        env={
            "PATH": os.environ["PATH"],
            "RELEASE_STATE_DIR": str(release.state),
            "RELEASE_PROCESS": "worker.1:1.1",
        },
        start_new_session=True,
    )
    eventually(lambda: Path(f"/proc/{foreign.pid}/comm").read_text() == "sleep\n")
    assert release.run("start").returncode == 0
    assert release.run("stop").returncode == 0
    assert foreign.poll() is None
    foreign.kill()
    foreign.wait()
