"""SIGKILL at random moments of install, upgrade, rollback and uninstall.

What always holds: `current` leads to a whole release, that release runs once
the next command is done, nothing half-made is left, and no version is in the
list that cannot start.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from tests.faults.profiles import SOAK
from tests.runtime.conftest import MiniRelease
from tests.runtime.supervise.waiting import eventually, log, status
from tests.runtime.versions.conftest import Shop

pytestmark = pytest.mark.process

ROUNDS = 200 if SOAK else 5
WORKER = """
import time
from relforge.runtime import ready
def main():
    ready()
    while True:
        time.sleep(1)
"""
PARTS = {
    "files": {"shop/worker.py": WORKER},
    "services": {"worker": {"instances": 2, "drain": 1.0}},
    "upgrade": {"bake": 0.1, "health": None},
}


def test_kills_at_random_moments(mini_release: Callable[..., MiniRelease], tmp_path: Path) -> None:
    shop = Shop(mini_release, tmp_path, **PARTS)
    artifacts = {version: shop.tarball(version, **PARTS) for version in ("2.0.0", "3.0.0")}
    shop.done("upgrade", "1.0.0")
    assert 0 == shop.run("start").returncode
    supervisor = status(shop.one)["pid"]
    seed = random.randrange(1 << 32)
    dice = random.Random(seed)
    for number in range(ROUNDS):
        reported = f"seed {seed}, round {number}"
        version = dice.choice(["2.0.0", "3.0.0"])
        words = dice.choice(
            [
                ("install", str(artifacts[version])),
                ("upgrade", version),
                ("upgrade", dice.choice(["1.0.0", version])),
                ("rollback",),
                ("uninstall", version),
            ]
        )
        command = subprocess.Popen(
            [shop.one.root / "bin/shop", *words],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        time.sleep(dice.uniform(0, 1.5))
        for pid in victims(supervisor, command.pid, dice.random() < 0.3):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        command.wait(60)
        eventually(lambda: not status(shop.one)["operation"], 60)
        set_right(shop, supervisor, f"{reported}: {words}")
    assert 0 == shop.run("stop").returncode
    assert [] == os.listdir(shop.root / "var/run")


def victims(supervisor: int, command: int, scout: bool) -> list[int]:
    """The command; or the child of the supervisor that is no service's process."""
    if not scout:
        return [command]
    text = Path(f"/proc/{supervisor}/task/{supervisor}/children").read_text()
    return [pid for pid in map(int, text.split()) if b"boot.py\0" in cmdline(pid)]


def cmdline(pid: int) -> bytes:
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    return b""


def set_right(shop: Shop, supervisor: int, reported: str) -> None:
    """The next command repairs; then everything fits together."""
    done = shop.run("prune", "--keep", "9")
    assert 0 == done.returncode, f"{reported}: {done.stderr}\n{log(shop.one)[-3000:]}"
    listed = shop.done("releases")
    now = status(shop.one)
    assert listed["unfinished"] is None, reported
    assert supervisor == now["pid"], reported
    assert now["version"] == listed["current"] == shop.pointed(), reported
    assert {now["version"]} == {row["version"] for row in now["services"]}, reported
    assert all(row["ready"] for row in now["services"]), f"{reported}: {json.dumps(now)}"
    assert set() == shop.left(), reported
    for row in listed["releases"]:
        program = shop.root / "releases" / row["version"] / "bin/shop"
        subprocess.run([program, "describe"], check=True, capture_output=True)
