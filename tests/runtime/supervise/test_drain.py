"""drain and undrain: what the application learns, and what lasts."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from relforge.runtime import draining
from tests.runtime.conftest import MiniRelease
from tests.runtime.supervise.waiting import status

Make = Callable[..., MiniRelease]
WORKER = """
import time
from relforge.runtime import draining, ready
def main():
    ready()
    while True:
        time.sleep(1)
"""


def test_outside_of_a_release_nothing_drains(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RELEASE_STATE_DIR", raising=False)
    assert not draining()


@pytest.mark.process
def test_every_process_learns_it_and_a_restart_changes_nothing(mini_release: Make) -> None:
    release = mini_release({"shop/worker.py": WORKER}, services={"worker": {"instances": 2}})
    assert 0 == release.run("start").returncode
    ask = ("rpc", "--all", "--json", "__import__('shop.worker').worker.draining()")

    def answers() -> list[bool]:
        return [row["result"] for row in json.loads(release.run(*ask).stdout)]

    assert [False, False] == answers()
    assert "draining\n" == release.run("drain").stdout
    assert "draining already\n" == release.run("drain").stdout
    assert [True, True] == answers()
    assert status(release)["draining"]
    assert "; draining\n" in release.run("status").stdout
    assert 0 == release.run("restart").returncode
    assert [True, True] == answers()
    done = json.loads(release.run("undrain", "--json").stdout)
    assert {"draining": False, "changed": True} == done
    assert [False, False] == answers()
    assert "not draining already\n" == release.run("undrain").stdout
    assert not status(release)["draining"]
    assert 0 == release.run("stop").returncode


@pytest.mark.process
def test_without_a_state_directory_it_says_what_to_do(mini_release: Make) -> None:
    release = mini_release({"shop/worker.py": WORKER}, services={"worker": {}})
    done = release.run("drain")
    assert (1, "") == (done.returncode, done.stdout)
    assert "var/draining: No such file or directory\n  start the release once" in done.stderr
