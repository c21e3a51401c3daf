"""SIGKILL at random moments for whatever a running release is made of; clocks that jump.

What always holds: at most one supervisor, nobody lives on without it, the next
start works.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from relforge.runtime.procfs import parent
from tests.faults.profiles import SOAK
from tests.runtime.conftest import MiniRelease
from tests.runtime.supervise.waiting import eventually, log, service, status

pytestmark = pytest.mark.process

Make = Callable[..., MiniRelease]

ROUNDS = 200 if SOAK else 6
WORKER = """
import time
from relforge.runtime import ready
def main():
    ready()
    while True:
        time.sleep(1)
"""
SLOW = """
import time
class Slow:
    def init(self, options): return {}
    def load(self, state, context):
        time.sleep(0.15)
        return {}
"""
SERVICES = {
    "web": {"listen": ["unix:web.sock", "127.0.0.1:0"], "intensity": [1000, 1.0]},
    "worker": {"instances": 2, "intensity": [1000, 1.0]},
    "program": {
        "kind": "exec",
        "target": ["sh", "-c", "sleep 1000 & wait"],
        "ready": "started",
        "intensity": [1000, 1.0],
    },
}
# How the processes are known by what they were started with.
VICTIMS = {
    "supervisor": "boot.py start",
    "loader": "boot_app.py loader",
    "service": "boot_app.py service",
    "program": "sleep 1000 & wait",
    "command": "boot.py reload",
}
CLOCK = Path(__file__).with_name("clock.c")
DAY = 86400


def test_kills_at_random_moments(mini_release: Make) -> None:
    release = mini_release(
        {"shop/worker.py": WORKER, "shop/slow.py": SLOW},
        services=SERVICES,
        config={"providers": [{"use": "shop.slow:Slow", "options": {}, "state": {}}]},
    )
    seed = random.randrange(1 << 32)
    dice = random.Random(seed)
    for number in range(ROUNDS):
        reported = f"seed {seed}, round {number}"
        command = subprocess.Popen(
            [release.root / "bin" / "shop", dice.choice(["start", "reload", "restart"])],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        time.sleep(dice.uniform(0, 1.5))
        victims = found(release, VICTIMS[dice.choice(sorted(VICTIMS))])
        for pid in victims[: dice.choice([1, 1, len(victims)])]:
            kill(pid)
        command.wait(60)
        eventually(lambda: settled(release), 30)
        started = release.run("start", "--if-stopped")
        assert 0 == started.returncode, f"{reported}: {started.stderr}\n{log(release)[-3000:]}"
        # One that has given the lock away may need a moment to be gone.
        eventually(lambda: [status(release)["pid"]] == supervisors(release), 30)
        eventually(lambda: 1 == len(found(release, "sleep 1000 & wait")))
        eventually(lambda: 1 == list(processes(release).values()).count("sleep 1000"))
        eventually(lambda: all(row["ready"] for row in status(release)["services"]), 30)
        if dice.random() < 0.3:
            # A reload goes on where the command that asked for it was killed.
            eventually(lambda: status(release)["operation"] is None, 30)
            assert 0 == release.run("stop").returncode, reported
            assert {} == processes(release), reported


def wait_for_another(release: MiniRelease, pid: int) -> None:
    """Until another worker is ready."""
    eventually(lambda: service(release, "worker")["pid"] not in (None, pid))
    eventually(lambda: service(release, "worker")["ready"])


def settled(release: MiniRelease) -> bool:
    """Either all of it is gone, or one supervisor looks after it."""
    alive = supervisors(release)
    if len(alive) > 1:
        return False  # one of them has been asked about its release, and ends soon
    # A program's own children are whom a killed supervisor may leave, until the next start.
    rest = [text for text in processes(release).values() if text != "sleep 1000"]
    return len(alive) == 1 if rest else not alive


def supervisors(release: MiniRelease) -> list[int]:
    """A child of one that is about to become another program looks like it, and is none."""
    alive = found(release, "boot.py start") + found(release, "boot.py restart")
    return [pid for pid in alive if parent(pid) not in alive]


def found(release: MiniRelease, words: str) -> list[int]:
    return [pid for pid, text in processes(release).items() if words in text]


def processes(release: MiniRelease) -> dict[int, str]:
    """What runs of that release, by pid; zombies are gone."""
    mark = f"RELEASE_ROOT={release.root}".encode()
    rows = {}
    for directory in Path("/proc").glob("[0-9]*"):
        try:
            if mark in (directory / "environ").read_bytes().split(b"\0"):
                rows[int(directory.name)] = (
                    (directory / "cmdline").read_text().replace("\0", " ").strip()
                )
        except OSError:
            continue
    return rows


def kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def test_a_clock_that_jumps_disturbs_nobody(mini_release: Make, tmp_path: Path) -> None:
    clock, library = tmp_path / "clock", tmp_path / "clock.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-o", library, CLOCK], check=True)
    clock.write_text("0")
    env = {"LD_PRELOAD": str(library), "TEST_CLOCK": str(clock)}
    release = mini_release(
        {"shop/worker.py": WORKER},
        services={"worker": {"drain": 5.0}},
        log={"size": 0, "age": float(DAY), "keep": 9},
    )
    assert 0 == release.run("start", env=env).returncode
    supervisor = status(release)["pid"]
    for days in (400, -400, 0):
        clock.write_text(str(days * DAY))
        before = service(release, "worker")["pid"]
        os.kill(before, signal.SIGKILL)
        wait_for_another(release, before)
        now = status(release)
        assert supervisor == now["pid"]
        assert 0 <= now["uptime"] < 100
        assert 0 == release.run("ping").returncode
    files = (release.state / "log").iterdir()
    years = {line[:4] for file in files for line in file.read_text().splitlines()}
    assert 3 == len(years), "each line has the time of its moment"
    assert len(list((release.state / "log").iterdir())) <= 4, "rotated once for a jump"
    began = time.monotonic()
    assert 0 == release.run("stop", env=env).returncode
    assert time.monotonic() - began < 5
