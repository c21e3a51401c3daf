"""releases, upgrade and rollback of what is stopped, uninstall, prune, and repair."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
from pathlib import Path

import pytest

from tests.runtime.supervise.waiting import eventually
from tests.runtime.versions.conftest import Shop

pytestmark = pytest.mark.process


def states(shop: Shop) -> list[tuple[str, str, str]]:
    lines = (shop.root / "releases/.relforge/journal").read_text().splitlines()
    rows = [json.loads(line) for line in lines if line.endswith("}")]
    return [(row["op"], row["version"], row["state"]) for row in rows]


def beside(shop: Shop, *versions: str) -> None:
    """Versions that somebody has unpacked manually."""
    for version in versions:
        shop._make(at=f"releases/{version}", version=version)


def test_a_stopped_release_is_only_pointed_elsewhere(shop: Shop) -> None:
    beside(shop, "2.0.0", "3.0.0")
    assert "no version to go back to" in shop.refused(1, "rollback")
    for version in ("1.0.0", "2.0.0", "3.0.0"):
        assert f"{version} is current; it is not running\n" == shop.run("upgrade", version).stdout
        assert f"releases/{version}" == os.readlink(shop.root / "current")
    assert not shop.done("upgrade", "3.0.0")["changed"]
    assert "2.0.0" == shop.done("releases")["rollback"]
    assert "2.0.0 can become the current version\n" == shop.run("rollback", "--dry-run").stdout
    assert "2.0.0" == shop.done("rollback")["version"]
    assert "1.0.0" == shop.done("rollback")["version"]
    assert "no version" in shop.refused(1, "rollback")
    assert "1.0.0" == shop.done("releases")["current"]
    assert "9.9 is not installed\n  installed: 1.0.0, 2.0.0, 3.0.0" in shop.refused(
        1, "upgrade", "9.9"
    )
    assert "not a version" in shop.refused(2, "uninstall", "../..")
    assert "usage: shop upgrade VERSION" in shop.refused(2, "upgrade")


def test_a_version_that_cannot_be_configured_here_does_not_become_current(shop: Shop) -> None:
    schema = {"db": {"type": "url", "required": True}}
    shop._make(at="releases/2.0.0", version="2.0.0", config={"providers": [], "schema": schema})
    shop.done("upgrade", "1.0.0")
    reported = shop.refused(78, "upgrade", "2.0.0")
    assert "db" in reported
    assert "2.0.0 cannot start here" in reported
    assert "releases/1.0.0" == os.readlink(shop.root / "current")


def test_a_version_that_failed_since_it_served_is_not_gone_back_to(shop: Shop) -> None:
    """O18: `releases` says one thing of a version."""
    beside(shop, "2.0.0", "3.0.0")
    for version in ("1.0.0", "2.0.0", "3.0.0"):
        shop.done("upgrade", version)
    line = {"at": 2e9, "op": "upgrade", "version": "2.0.0", "old": "3.0.0", "why": "web.1 exited"}
    with open(shop.root / "releases/.relforge/journal", "a") as journal:
        journal.write(json.dumps({**line, "state": "failed"}) + "\n")
    found = shop.done("releases")
    assert "1.0.0" == found["rollback"]
    assert ["2.0.0"] == [row["version"] for row in found["releases"] if row["failed"]]
    assert "1.0.0" == shop.done("rollback")["version"]


@pytest.mark.parametrize("words", [("upgrade", "2.0.0", "--dry-run"), ("upgrade", "2.0.0")])
def test_a_version_whose_address_is_none_does_not_become_current(
    shop: Shop, words: tuple[str, ...]
) -> None:
    """O13: it is known once the configuration is put in; a dry run says it, too."""
    schema = {"listen": {"type": "str", "default": "127.0.0.1:99999"}}
    shop._make(
        {"shop/worker.py": "def main(): pass\n"},
        at="releases/2.0.0",
        version="2.0.0",
        config={"providers": [], "schema": schema},
        services={"web": {"listen": ["${listen}"]}},
    )
    shop.done("upgrade", "1.0.0")
    said = shop.refused(78, *words)
    assert "services.web.listen[0]: " in said
    assert "a port is a number from 0 to 65535" in said
    assert "releases/1.0.0" == os.readlink(shop.root / "current")


def test_what_is_in_the_way_of_current_is_reported(shop: Shop) -> None:
    (shop.root / "current").mkdir()
    assert "is not a link" in shop.refused(1, "upgrade", "1.0.0")
    assert (shop.root / "current").is_dir()


def test_prune_keeps_what_is_needed_and_the_newest(shop: Shop) -> None:
    beside(shop, "2.0.0", "3.0.0", "4.0.0", "5.0.0")
    for version in ("1.0.0", "2.0.0"):
        shop.done("upgrade", version)
    assert "--keep needs a number" in shop.refused(2, "prune")
    assert ["3.0.0"] == shop.done("prune", "--keep", "2", "--dry-run")["removed"]
    assert 5 == len(shop.installed())
    done = shop.done("prune", "--keep", "0")
    assert (["5.0.0", "4.0.0", "3.0.0"], True) == (done["removed"], done["changed"])
    assert ["1.0.0", "2.0.0"] == shop.installed()
    assert not shop.done("prune", "--keep", "0")["changed"]

    assert "2.0.0 is current" in shop.refused(1, "uninstall", "2.0.0")
    assert "removed: nothing\n" == shop.run("prune", "--keep", "0").stdout
    assert not shop.done("uninstall", "3.0.0")["changed"]


def test_uninstall_says_what_becomes_of_the_way_back(shop: Shop) -> None:  # P62
    beside(shop, "2.0.0", "3.0.0", "4.0.0")
    for version in ("1.0.0", "2.0.0", "3.0.0"):
        shop.done("upgrade", version)
    assert shop.done("uninstall", "9.0") == {"version": "9.0", "changed": False}
    assert "4.0.0 was removed\n" == shop.run("uninstall", "4.0.0").stdout
    went = "was removed; `rollback`"
    assert f"2.0.0 {went} now goes to 1.0.0\n" == shop.run("uninstall", "2.0.0").stdout
    assert "1.0.0" == shop.done("releases")["rollback"]
    assert shop.done("upgrade", "3.0.0")["changed"] is False
    assert f"1.0.0 {went} has no version to go back to now\n" == uninstalled(shop, "1.0.0")


def uninstalled(shop: Shop, version: str) -> str:
    """By the command of the current version: the other one is what is removed."""
    current = shop.root / "current" / "bin" / "shop"
    return subprocess.run(
        [current, "uninstall", version], capture_output=True, text=True, check=True
    ).stdout


@pytest.mark.parametrize("command", ["upgrade", "rollback"])
def test_a_dry_run_says_that_nothing_is_done_and_does_nothing(  # P62
    shop: Shop, command: str
) -> None:
    beside(shop, "2.0.0")
    for version in ("2.0.0", "1.0.0"):
        shop.done("upgrade", version)
    before = states(shop)
    words = [command, *(["2.0.0"] if command == "upgrade" else []), "--dry-run"]
    assert "2.0.0 can become the current version\n" == shop.run(*words).stdout
    assert (before, "1.0.0") == (states(shop), shop.pointed())


def test_what_runs_is_never_removed_wherever_its_state_is(shop: Shop, tmp_path: Path) -> None:
    beside(shop, "2.0.0")
    shop.done("upgrade", "2.0.0")
    elsewhere = {"PATH": os.environ["PATH"], "RELEASE_STATE_DIR": str(tmp_path / "s")}
    process = subprocess.Popen([shop.one.root / "bin/shop", "foreground"], env=elsewhere)
    try:
        eventually((tmp_path / "s/lock").exists)
        rows = {row["version"]: row["running"] for row in shop.done("releases")["releases"]}
        assert {"1.0.0": True, "2.0.0": False} == rows
        assert [] == shop.done("prune", "--keep", "0")["removed"]
        beside(shop, "3.0.0")
        noted = shop.run("upgrade", "3.0.0").stderr
        assert "processes of 1.0.0 run with another state directory and are not upgraded" in noted
        shop.done("upgrade", "2.0.0")
        two = shop.root / "releases/2.0.0/bin/shop"
        reported = subprocess.run(
            [two, "uninstall", "1.0.0"], capture_output=True, text=True, check=False
        )
        assert 1 == reported.returncode
        assert "1.0.0 is in use" in reported.stderr
    finally:
        process.send_signal(signal.SIGTERM)
        assert 0 == process.wait(20)
    subprocess.run([two, "uninstall", "1.0.0"], check=True, capture_output=True)
    assert ["2.0.0", "3.0.0"] == shop.installed()


def test_a_switch_on_restart_leaves_what_runs_and_the_configuration_alone(shop: Shop) -> None:
    schema = {"db": {"type": "url", "required": True}}
    shop._make(at="releases/2.0.0", version="2.0.0", config={"providers": [], "schema": schema})
    shop.done("upgrade", "1.0.0")
    process = subprocess.Popen([shop.one.root / "bin/shop", "foreground"])
    try:
        eventually(lambda: " is running " in shop.run("status").stdout)
        dry = shop.done("upgrade", "2.0.0", "--on-restart", "--dry-run")
        assert (False, "1.0.0") == (dry["changed"], shop.pointed())
        said = shop.run("upgrade", "2.0.0", "--on-restart").stdout
        assert "2.0.0 is current, and runs from the next restart on; 1.0.0 is running\n" == said
        assert not shop.done("upgrade", "2.0.0", "--on-restart")["changed"]
        rows = {row["version"]: row for row in shop.done("releases")["releases"]}
        assert (True, False) == (rows["2.0.0"]["current"], rows["2.0.0"]["running"])
        assert (False, True) == (rows["1.0.0"]["current"], rows["1.0.0"]["running"])
        assert "1.0.0" == shop.done("rollback", "--on-restart")["version"]
        assert "1.0.0" == shop.pointed()
    finally:
        process.send_signal(signal.SIGTERM)
        assert 0 == process.wait(20)
    assert [
        ("upgrade", "2.0.0", "begun"),
        ("upgrade", "2.0.0", "done"),
        ("rollback", "1.0.0", "begun"),
        ("rollback", "1.0.0", "done"),
    ] == states(shop)[-4:]


def test_one_operation_at_a_time(shop: Shop) -> None:
    beside(shop, "2.0.0")
    own = shop.root / "releases/.relforge"
    own.mkdir()
    with (own / "lock").open("w") as lock:
        lock.write("install of x (pid 7)\n")
        lock.flush()
        fcntl.flock(lock, fcntl.LOCK_EX)
        for words in (("upgrade", "2.0.0"), ("prune", "--keep", "1"), ("install", "x.tar.gz")):
            reported = shop.refused(75, *words)
            assert (
                "another operation on the releases is in progress: install of x (pid 7)" in reported
            )
        assert 0 == shop.run("releases").returncode
    assert shop.done("upgrade", "2.0.0")["changed"]


def test_what_was_cut_off_is_set_right_by_the_next_command(shop: Shop) -> None:
    beside(shop, "2.0.0")
    shop.done("upgrade", "1.0.0")
    own = shop.root / "releases/.relforge"
    cases = (
        ("install", "3.0.0", "the install of 3.0.0 was interrupted: its files were removed"),
        ("install", "2.0.0", "the install of 2.0.0 was interrupted: it is installed"),
        ("uninstall", "2.0.0", "the uninstall of 2.0.0 was interrupted: nothing was removed"),
        ("uninstall", "9.0", "the uninstall of 9.0 was interrupted: it is removed"),
        (
            "upgrade",
            "2.0.0",
            "of 2.0.0 was interrupted: current is still 1.0.0, and nothing is running",
        ),
        ("upgrade", "1.0.0", "of 1.0.0 was interrupted: it is current, and not running"),
    )
    for op, version, reason in cases:
        (own / "incoming/draft/app").mkdir(parents=True)
        (own / "trash/9.0").mkdir(parents=True)
        (own / "trash/9.0").chmod(0o500)
        row = {"at": 1.0, "op": op, "version": version, "state": "begun", "old": "", "why": ""}
        with (own / "journal").open("a") as file:
            file.write(json.dumps(row) + '\n{"at": 2.0, "op": "up')
        looked = shop.done("releases")
        assert op == looked["unfinished"]["op"]
        done = shop.run("upgrade", "1.0.0")
        assert (0, "1.0.0 is current already\n") == (done.returncode, done.stdout)
        assert reason in done.stderr
        assert set() == shop.left()
        assert shop.done("releases")["unfinished"] is None
        assert "" == shop.run("upgrade", "1.0.0").stderr
    assert ("upgrade", "2.0.0", "failed") in states(shop)
