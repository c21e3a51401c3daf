"""Which signals end a command, as PID 1 of a container and as any other process: O8."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.runtime.conftest import MiniRelease
from tests.runtime.supervise.waiting import eventually

pytestmark = pytest.mark.process

Make = Callable[..., MiniRelease]
PID_1 = ["unshare", "-pf", "--kill-child", "--mount-proc"]
as_pid_1 = pytest.mark.skipif(
    not shutil.which("unshare") or os.geteuid() != 0, reason="needs unshare, root"
)
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
def wait(path):
    try:
        open(path + ".begun", "w").close()
        time.sleep(20)
    finally:
        open(path, "w").close()
"""


def inside(release: MiniRelease, *words: str, first: bool) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*(PID_1 if first else ()), release.root / "bin" / "shop", *words],
        env={"PATH": os.environ["PATH"]},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def send(process: subprocess.Popen[str], number: int, *, first: bool) -> None:
    """The signal to the command; `unshare` is its parent where it is PID 1."""
    pid = process.pid
    if first:
        pid = int(Path(f"/proc/{pid}/task/{pid}/children").read_text().split()[0])
    os.kill(pid, number)


def ended(process: subprocess.Popen[str]) -> int:
    """As a shell has it."""
    code = process.wait(10)
    return 128 - code if code < 0 else code


@as_pid_1
@pytest.mark.parametrize(
    ("command", "number", "first"),
    [
        ("foreground", signal.SIGTERM, True),
        ("foreground", signal.SIGINT, False),
        ("config check", signal.SIGTERM, True),
        ("eval 1", signal.SIGINT, True),
        ("show", signal.SIGTERM, False),
    ],
)
def test_a_signal_ends_a_command_whose_providers_take_long(
    mini_release: Make, tmp_path: Path, command: str, number: int, first: bool
) -> None:
    """O8: a pod that waits for its secrets, PID 1 of its container, ends at once."""
    path = tmp_path / "slow.toml"
    toml = {"path": str(path), "optional": False}
    os.mkfifo(path)
    release = mini_release(
        {"shop/worker.py": WORKER},
        services={"worker": {}},
        config={"providers": [{"use": "toml", "state": toml, "timeout": 20.0}]},
        commands={"show": {"call": "shop.worker:wait"}},
    )
    process = inside(release, *command.split(), first=first)
    opened = threading.Thread(target=lambda: os.open(path, os.O_WRONLY))
    opened.start()
    opened.join(10)  # the provider reads
    began = time.monotonic()
    send(process, number, first=first)
    assert ended(process) == 128 + number
    assert time.monotonic() - began < 3


@as_pid_1
@pytest.mark.parametrize(("how", "first"), [("run", True), ("command", False), ("program", True)])
def test_a_signal_ends_a_job_and_finally_runs(
    mini_release: Make, tmp_path: Path, how: str, first: bool
) -> None:
    """O8: a Job that migrates; a program as PID 1 has no handler of its own."""
    done = tmp_path / "done"
    program = ["sh", "-c", f": > {done}; : > {done}.begun; exec sleep 20"]
    release = mini_release(
        {"shop/worker.py": WORKER},
        services={"worker": {}},
        commands={
            "call": {"call": "shop.worker:wait"},
            "program": {"exec": program},
        },
    )
    words = {
        "run": ["run", "shop.worker:wait", str(done)],
        "command": ["call", str(done)],
        "program": ["program"],
    }[how]
    process = inside(release, *words, first=first)
    eventually(Path(f"{done}.begun").exists)
    began = time.monotonic()
    send(process, signal.SIGTERM, first=first)
    assert ended(process) == 128 + signal.SIGTERM
    assert time.monotonic() - began < 3
    assert done.exists()


@as_pid_1
def test_as_pid_1_a_command_ends_as_its_program_does(mini_release: Make) -> None:
    """O8: the process that passes signals on is not seen."""
    release = mini_release({"shop/worker.py": WORKER}, services={"worker": {}})
    process = inside(
        release, "eval", "print('hello', flush=True) or __import__('os')._exit(7)", first=True
    )
    assert process.communicate(timeout=10)[0] == "hello\n"
    assert process.returncode == 7
    killed = "__import__('signal').raise_signal(9)"
    process = inside(release, "eval", killed, first=True)
    assert ended(process) == 137
