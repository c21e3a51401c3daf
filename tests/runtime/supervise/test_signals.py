"""What each signal means to a supervisor: O9, O10."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from relforge.runtime.supervise import signals
from tests.runtime.conftest import MiniRelease
from tests.runtime.supervise.waiting import eventually, status

Make = Callable[..., MiniRelease]
WORKER = """
import time
from relforge.runtime import ready
def main():
    ready()
    try:
        while True:
            time.sleep(1)
    finally:
        time.sleep(0.3)
        print("drained", flush=True)
"""


@pytest.mark.parametrize(
    ("number", "name"),
    [
        (signal.SIGQUIT, "SIGQUIT"),
        (signal.SIGPWR, "SIGPWR"),
        (signal.SIGRTMIN + 3, "SIGRTMIN+3"),
        (signal.SIGHUP, "SIGHUP"),
    ],
)
def test_each_signal_has_its_name(number: int, name: str) -> None:
    """O9: STOPSIGNAL of a base image, or a key of the terminal."""
    assert name == signals.meaning(number)
    assert (number in signals.STOPS) == (name != "SIGHUP")


@pytest.mark.process
def test_what_else_asks_a_container_to_stop_drains(mini_release: Make) -> None:
    release = mini_release({"shop/worker.py": WORKER}, services={"worker": {}})
    process = subprocess.Popen(
        [release.root / "bin" / "shop", "foreground"],
        env={"PATH": os.environ["PATH"]},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    eventually(lambda: status(release)["state"] == "running")
    process.send_signal(signal.SIGRTMIN + 3)
    out, _ = process.communicate(timeout=10)
    assert "drained" in out
    assert "SIGRTMIN+3 received" in out
    assert process.returncode == 0


@pytest.mark.process
def test_what_means_nothing_to_a_supervisor_does_not_end_it(mini_release: Make) -> None:
    """O9: also the signal of `stacks --signal`, sent to the wrong process."""
    release = mini_release({"shop/worker.py": WORKER}, services={"worker": {}})
    assert release.run("start").returncode == 0
    pid = int(release.run("pid").stdout)
    for number in (14, 26, 27, 29, 10, signal.SIGRTMIN + 5, signal.SIGRTMIN + 6):
        os.kill(pid, number)
    assert status(release)["state"] == "running"
    assert release.run("stop").returncode == 0


@contextmanager
def terminal(*words: str) -> Iterator[tuple[int, int]]:
    """A program in a terminal of its own: the terminal's other end, and the process."""
    pid, fd = pty.fork()
    if pid == 0:
        # Who runs the tests under nohup ignores it, and no shell could trap it.
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
        os.execvp(words[0], words)
    try:
        yield fd, pid
    except BaseException:
        os.kill(pid, signal.SIGKILL)  # else nobody would hear what is wrong
        raise
    finally:
        os.waitpid(pid, 0)


@pytest.mark.process
def test_foreground_stops_when_its_terminal_closes(mini_release: Make) -> None:
    """O10: to stay, there are `start`, `nohup` and `setsid`."""
    release = mini_release({"shop/worker.py": WORKER}, services={"worker": {}})
    # A shell passes the signal on that the kernel sends to both: that is one request.
    script = f"trap 'kill -HUP $child' HUP; {release.root}/bin/shop foreground & child=$!"
    script += "; wait; wait; wait"
    for words in ([f"{release.root}/bin/shop", "foreground"], ["sh", "-c", script]):
        with terminal(*words) as (fd, _):
            eventually(lambda: status(release)["state"] == "running")
            os.close(fd)
            eventually(lambda: not release.runs)


@pytest.mark.process
def test_nohup_keeps_it_when_its_terminal_closes(mini_release: Make, tmp_path: Path) -> None:
    """O10: a neighbor."""
    release = mini_release({"shop/worker.py": WORKER}, services={"worker": {}})
    script = f"cd {tmp_path} && nohup {release.root}/bin/shop foreground & sleep 60"
    with terminal("sh", "-c", script) as (fd, _):
        eventually(lambda: status(release)["state"] == "running")
        os.close(fd)
    time.sleep(0.5)
    assert status(release)["state"] == "running"
    assert release.run("stop").returncode == 0
