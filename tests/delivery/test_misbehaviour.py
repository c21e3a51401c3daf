"""Services that misbehave, and a supervisor that is killed, in a release made for it."""

from __future__ import annotations

import fcntl
import os
import re
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests import pythons
from tests.delivery.deployment import Deployment, eventually
from tests.sample import SOURCE_DATE

pytestmark = pytest.mark.release

PROJECT = Path(__file__).parent / "unruly"


@pytest.fixture(scope="session")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """``bin/unruly`` of a release, unpacked; one build for all workers of a run."""
    shared = tmp_path_factory.getbasetemp()
    if os.environ.get("PYTEST_XDIST_WORKER"):
        shared = shared.parent
    directory = shared / "unruly"
    directory.mkdir(exist_ok=True)
    with (directory / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (directory / "unruly-0.1").exists():
            build(directory)
    return directory / "unruly-0.1" / "bin" / "unruly"


def build(directory: Path) -> None:
    subprocess.run(["cp", "-r", PROJECT, directory / "project"], check=True)
    settings = directory / "project" / "pyproject.toml"
    settings.write_text(settings.read_text().replace('"3.11"', f'"{pythons.OWN}"'))
    built = subprocess.run(
        [
            sys.executable,
            "-m",
            "relforge",
            "release",
            "--project",
            directory / "project",
            "--quiet",
        ],
        env={**os.environ, "SOURCE_DATE_EPOCH": SOURCE_DATE},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert 0 == built.returncode, built.stderr
    (artifact,) = (directory / "project" / "dist").glob("*.tar.gz")
    subprocess.run(["tar", "-xzf", artifact, "-C", directory], check=True)


@pytest.fixture
def unruly(program: Path, state: Path) -> Deployment:
    return Deployment(program=program, state=state, env={"UNRULY_ODD": "well"})


def test_a_crash_at_start_is_reported_with_its_last_lines_and_leaves_nothing(
    unruly: Deployment,
) -> None:
    done = unruly.given(UNRULY_ODD="crash").run("start")
    assert (1, "") == (done.returncode, done.stdout)
    first, *tail, hint = done.stderr.splitlines()
    assert "unruly: odd.1 exited with status 1 before it was ready, its last lines:" == first
    assert "  | the last words of crash" == tail[0]
    assert "  | RuntimeError: no such table: customers" == tail[-1]
    assert any("services.py" in line and "in crash" in line for line in tail)
    assert not any("relforge/runtime" in line for line in tail)
    assert hint == f"  the log: {unruly.state}/log/unruly.log"
    assert [] == unruly.processes()
    assert 3 == unruly.run("status").returncode


@pytest.mark.parametrize(
    ("words", "limit"), [(["--wait", "2s"], "2s"), ([], "3s")], ids=["start's", "service's"]
)
def test_a_service_that_is_never_ready(unruly: Deployment, words: list[str], limit: str) -> None:
    done = unruly.given(UNRULY_ODD="never").run("start", *words)
    assert 1 == done.returncode
    assert f"unruly: odd.1 was not ready within {limit}, its last lines:\n" in done.stderr
    assert "  | the last words of never\n" in done.stderr
    assert [] == unruly.processes()


def test_a_service_that_ignores_sigterm_is_killed(unruly: Deployment) -> None:
    unruly.given(UNRULY_ODD="deaf").ok("start")
    done = unruly.run("stop", "--timeout", "1s")
    assert 4 == done.returncode
    assert "killed, because it did not stop: odd.1\n" == done.stderr
    log = unruly.log()
    stacks = log[log.index("odd.1 does not stop; its stacks:") :]
    assert "in waiting_for_godot" in stacks
    assert re.search(r"odd\.1 did not stop: killed \(pid \d+\)", stacks)
    assert "steady.1 did not" not in log
    assert [] == unruly.processes()


def test_a_service_that_crashes_is_started_again(unruly: Deployment) -> None:
    with unruly.given(UNRULY_ODD="late").running():
        first = unruly.service("odd")["pid"]
        steady = unruly.service("steady")["pid"]
        eventually(lambda: unruly.service("odd")["restarts"] == 1)
        eventually(lambda: unruly.service("odd")["ready"])
        assert first != unruly.service("odd")["pid"]
        assert steady == unruly.service("steady")["pid"]
        log = unruly.log()
        assert "odd.1 killed by SIGABRT" in log
        assert "in late" in log, "where it crashed"
        assert 1 == sum("sleep 1000" in line for line in unruly.processes())


def test_kill_9_of_the_supervisor(unruly: Deployment) -> None:
    unruly.ok("start")
    assert 4 == len(unruly.processes()), "supervisor, steady, odd and its child"
    os.kill(int(unruly.ok("pid")), signal.SIGKILL)
    # What a service has started itself is nobody's child then, and lives on.
    eventually(lambda: not [row for row in unruly.processes() if "python" in row])
    assert 3 == unruly.run("status").returncode
    assert 3 == unruly.run("stop").returncode
    unruly.ok("start")
    assert 0 == unruly.run("stop").returncode


def test_of_starts_at_once_one_wins(unruly: Deployment) -> None:
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda _: unruly.run("start"), range(4)))
    codes = sorted(result.returncode for result in results)
    assert 0 == codes[0]
    assert set(codes[1:]) <= {1, 75}, [result.stderr for result in results]
    assert 1 == sum("boot.py start" in row for row in unruly.processes())
    unruly.ok("stop")
    assert [] == unruly.processes()


def test_a_stop_that_is_interrupted_still_stops(unruly: Deployment) -> None:
    unruly.given(UNRULY_ODD="deaf").ok("start")
    stop = unruly.popen("stop", "--timeout", "2s")
    time.sleep(0.5)
    stop.send_signal(signal.SIGINT)
    stop.communicate(timeout=10)
    assert 130 == stop.returncode
    eventually(lambda: unruly.run("status").returncode == 3)
    assert [] == unruly.processes()
