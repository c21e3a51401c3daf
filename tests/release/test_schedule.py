"""Scheduled jobs of a release that runs: real processes at real times."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.release import workshop

pytestmark = pytest.mark.release

SETTINGS = """
[tool.relforge.schedule.tick]
every = "1s"
call = "shop.jobs:tick"
args = ["a", "b c"]

[tool.relforge.schedule.greet]
cron = "0 3 1 1 *"
timezone = "Europe/Berlin"
command = "hello"
args = ["night"]

[tool.relforge.schedule.fails]
cron = "@yearly"
call = "shop.jobs:fails"

[tool.relforge.schedule.slow]
cron = "@yearly"
call = "shop.jobs:slow"

[tool.relforge.schedule.late]
cron = "@yearly"
call = "shop.jobs:slow"
timeout = "500ms"

[tool.relforge.schedule.steady]
cron = "@yearly"
call = "shop.jobs:steady"

[tool.relforge.config]
providers = [{ use = "env", prefix = "SHOP_" }]

[tool.relforge.config.schema]
"shop.name" = { type = "str", default = "none" }
"""
JOBS = """\
import os, sys, time
from relforge.runtime import config

def tick(*words):
    with open(os.environ["RELEASE_STATE_DIR"] + "/ticks", "a") as file:
        file.write(f"{config['shop.name']} {os.environ['RELEASE_JOB']} {'|'.join(words)}\\n")

def fails():
    print("about to fail")
    sys.exit(3)

def slow():
    time.sleep(60)

def steady():
    for _ in range(40):
        time.sleep(0.1)
    print("steady has ended")
"""


class Shop:
    """A release with its state directory."""

    def __init__(self, tree: Path, state: Path) -> None:
        self.program = tree / "bin" / "shop"
        self.state = state

    def run(self, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
        own = {"RELEASE_STATE_DIR": str(self.state), "SHOP_SHOP__NAME": "ours"}
        return subprocess.run(
            [self.program, *words],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=90,
            env={**os.environ, **own, **env},
            check=False,
        )

    def rows(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.run("schedule", "--json").stdout)
        return found

    def ticks(self) -> list[str]:
        file = self.state / "ticks"
        return file.read_text().splitlines() if file.exists() else []

    def log(self) -> str:
        return (self.state / "log" / "shop.log").read_text()


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory, warm: Path) -> Path:
    """A deploy root with two versions."""
    made = workshop.make(tmp_path_factory.mktemp("versions") / "shop", warm)
    made.add(SETTINGS)
    made.put("shop/jobs.py", JOBS)
    root = tmp_path_factory.mktemp("root")
    for version in ("1.0", "2.0"):
        text = made.pyproject.read_text()
        made.pyproject.write_text(text.replace('version = "1.0"', f'version = "{version}"', 1))
        made.report("build")
        tree = made.root / "_build" / "prod" / f"shop-{version}"
        shutil.copytree(tree, root / "releases" / version, symlinks=True)
    (root / "current").symlink_to("releases/1.0")
    return root


def test_an_upgrade_neither_ends_a_run_nor_begins_it_twice(deployed: Path) -> None:
    old = Shop(deployed / "releases" / "1.0", deployed / "var")
    new = Shop(deployed / "releases" / "2.0", deployed / "var")
    try:
        assert 0 == old.run("start").returncode
        until(lambda: len(old.ticks()) >= 2)
        assert 0 == old.run("schedule", "run", "steady", "--no-wait").returncode
        done = old.run("upgrade", "2.0")
        assert 0 == done.returncode, done.stderr
        assert "2.0" == json.loads(new.run("status", "--json").stdout)["version"]
        until(lambda: not new.rows()["steady"]["running"])
        assert "" == new.rows()["steady"]["last"]["problem"]
        assert 1 == new.log().count("steady begins")
        assert 1 == new.log().count("steady has ended")
        began = len(new.ticks())
        until(lambda: len(new.ticks()) > began)
    finally:
        new.run("stop")


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory, warm: Path) -> Path:
    made = workshop.make(tmp_path_factory.mktemp("schedule") / "shop", warm)
    made.add(SETTINGS)
    made.put("shop/jobs.py", JOBS)
    made.report("build")
    return made.tree


@pytest.fixture
def shop(tree: Path, tmp_path: Path) -> Iterator[Shop]:
    running = Shop(tree, tmp_path / "state")
    done = running.run("start")
    assert 0 == done.returncode, done.stderr
    yield running
    running.run("stop")


def until(what: Callable[[], bool]) -> None:
    for _ in range(600):
        if what():
            return
        time.sleep(0.05)
    pytest.fail("it did not come")


def test_it_runs_with_the_configuration_of_start(shop: Shop) -> None:
    until(lambda: len(shop.ticks()) >= 2)
    assert {"ours tick a|b c"} == set(shop.ticks())
    row = shop.rows()["tick"]
    assert "" == row["last"]["problem"]
    assert 0 == row["failures"]
    listed = shop.run("schedule").stdout
    assert "every 1s" in listed
    assert "0 3 1 1 *" in listed
    assert "CET" in listed


def test_a_command_runs_now(shop: Shop) -> None:
    done = shop.run("schedule", "run", "greet")
    assert 0 == done.returncode, done.stderr
    assert "greet ended after" in done.stdout
    assert "hello night" in shop.log()


def test_a_failure_is_reported(shop: Shop) -> None:
    done = shop.run("schedule", "run", "fails")
    assert 1 == done.returncode
    assert "the job fails exited with status 3\n" == done.stdout
    assert "about to fail" in shop.log()
    assert 1 == shop.rows()["fails"]["failures"]
    late = shop.run("schedule", "run", "late")
    assert 1 == late.returncode
    assert "the job late did not end within 0.5s and was stopped\n" == late.stdout


def test_what_is_refused(shop: Shop) -> None:
    unknown = shop.run("schedule", "run", "tock")
    assert 2 == unknown.returncode
    assert "the release has no job 'tock'" in unknown.stderr
    assert "its jobs: fails, greet, late, slow, steady, tick" in unknown.stderr
    assert 2 == shop.run("schedule", "start", "tick").returncode
    assert 0 == shop.run("schedule", "run", "slow", "--no-wait").returncode
    assert 75 == shop.run("schedule", "run", "slow").returncode


def test_a_pause_outlives_a_restart(shop: Shop) -> None:
    assert 0 == shop.run("schedule", "pause", "tick").returncode
    assert 0 == shop.run("restart").returncode
    before = shop.ticks()
    time.sleep(2.5)
    assert before == shop.ticks()
    assert shop.rows()["tick"]["paused"]
    assert 0 == shop.run("schedule", "resume", "tick").returncode
    until(lambda: len(shop.ticks()) > len(before))


def test_a_stop_ends_a_run(shop: Shop) -> None:
    assert 0 == shop.run("schedule", "run", "slow", "--no-wait").returncode
    until(lambda: shop.rows()["slow"]["running"])
    began = time.monotonic()
    assert 0 == shop.run("stop").returncode
    assert time.monotonic() - began < 30
    row = shop.rows()["slow"]  # from the file: nothing runs
    assert "the job slow was stopped" == row["last"]["problem"]
    assert not row["running"]


def test_what_was_missed_is_said(shop: Shop) -> None:
    shop.run("stop")
    file = shop.state / "schedule.json"
    rows = json.loads(file.read_text())
    rows["greet"]["next"] -= 3 * 365 * 86400
    file.write_text(json.dumps(rows))
    assert 0 == shop.run("start").returncode
    until(lambda: "greet was missed" in shop.log())
    file.write_text("{ damaged")
    assert 0 == shop.run("restart").returncode
    assert "tick" in shop.rows()
