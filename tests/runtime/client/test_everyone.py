"""Several processes at once, and one that cannot run Python."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ..conftest import MiniRelease

pytestmark = pytest.mark.process

FILES = {
    "shop/__init__.py": "",
    "shop/web.py": """
import asyncio
from relforge.runtime import ready

async def main():
    ready()
    await asyncio.Event().wait()
""",
    "shop/worker.py": """
import ctypes, threading, time
from relforge.runtime import ready

# A call in C that does not let go of the interpreter.
hold = ctypes.PyDLL(None).usleep

def main():
    ready()
    while True:
        time.sleep(0.05)
""",
}


@pytest.fixture
def running(mini_release: Callable[..., MiniRelease]) -> Iterator[MiniRelease]:
    release = mini_release(
        files=FILES,
        services={
            "web": {"target": "shop.web:main"},
            "worker": {"target": "shop.worker:main", "instances": 2},
        },
    )
    done = release.run("start", "--wait", "30s")
    assert 0 == done.returncode, done.stderr
    yield release


def rows(done: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def test_rpc_in_every_process(running: MiniRelease) -> None:
    done = running.run("rpc", "--all", "6 * 7")
    assert "PROCESS   RESULT\nweb.1     42\nworker.1  42\nworker.2  42\n" == done.stdout
    found = rows(running.run("rpc", "--all", "--json", "--service", "worker", "[1, 'a']"))
    assert ["worker.1", "worker.2"] == [row["process"] for row in found]
    assert [[1, "a"], [1, "a"]] == [row["result"] for row in found]
    assert len({row["pid"] for row in found}) == 2


def test_rpc_in_every_process_names_who_failed(running: MiniRelease) -> None:
    source = "import os; 1 / (os.environ.get('X') or 'worker' not in app.__module__)"
    done = running.run("rpc", "--all", source)
    assert 1 == done.returncode
    assert "web.1     1.0" in done.stdout
    assert "worker.1  error: ZeroDivisionError: division by zero" in done.stdout
    assert 2 == running.run("rpc", "--all", "--service", "nothing", "1").returncode


def test_output_of_every_process_is_distinguished(running: MiniRelease) -> None:
    done = running.run("rpc", "--all", "print('said')")
    assert ["web.1 | said", "worker.1 | said", "worker.2 | said"] == sorted(
        done.stderr.splitlines()
    )


def test_stacks_and_tasks_of_every_process(running: MiniRelease) -> None:
    text = running.run("stacks", "--all").stdout
    for process in ("web.1", "worker.1", "worker.2"):
        assert f"== {process}\n" in text
    assert 3 == text.count("thread MainThread (main")
    done = running.run("tasks", "--all")
    assert "== web.1\ntask " in done.stdout
    assert "worker.1 has no event loop" in done.stderr


def test_a_process_whose_interpreter_is_held_answers_to_a_signal(running: MiniRelease) -> None:
    holding = subprocess.Popen(
        [
            running.root / "bin" / "shop",
            "rpc",
            "--service",
            "worker.1",
            "shop.worker.hold(8_000_000)",
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + 10
        while (done := running.run("stacks", "worker.1", "--timeout", "1s")).returncode != 5:
            assert time.monotonic() < deadline, done.stdout
        assert "worker.1 is running, but does not answer within 1s" in done.stderr
        assert "`shop stacks worker.1 --signal` still shows its stacks" in done.stderr
        done = running.run("stacks", "worker.1", "--signal")
        assert 0 == done.returncode, done.stderr
        assert re.search(r'File ".*shop/worker\.py", line \d+ in main', done.stdout)
    finally:
        holding.send_signal(signal.SIGKILL)
        holding.wait()


def test_top_shows_every_process(running: MiniRelease) -> None:
    lines = running.run("top", "--once").stdout.splitlines()
    assert lines[0].split() == (
        ["PROCESS", "STATE", "PID", "CPU", "MEMORY", "THREADS", "TASKS", "LAG", "REQUESTS", "UP"]
    )
    assert ["web.1", "worker.1", "worker.2"] == [line.split()[0] for line in lines[1:]]
    web, worker, _ = rows(running.run("top", "--json"))
    assert web["loop"] == "asyncio"
    assert web["tasks"] >= 1
    assert web["lag"] is not None
    assert worker["loop"] is None
    assert worker["rss"] > 1 << 20


def test_a_task_is_cancelled(running: MiniRelease) -> None:
    source = (
        "import asyncio\n"
        "async def begin(): shop.web.it = asyncio.create_task(asyncio.sleep(60), name='mine')\n"
        "await begin()"
    )
    assert 0 == running.run("rpc", source).returncode
    done = running.run("tasks", "web", "--cancel", "mine")
    assert (0, "mine is being canceled\n") == (done.returncode, done.stdout)
    assert "no task 'other'" in running.run("tasks", "--cancel", "other").stderr
    assert "True\n" == running.run("rpc", "shop.web.it.cancelled()").stdout


def test_without_the_console_it_looks_and_evaluates_nothing(
    mini_release: Callable[..., MiniRelease],
) -> None:
    release = mini_release(
        files=FILES, services={"web": {"target": "shop.web:main"}}, console={"enabled": False}
    )
    assert 0 == release.run("start").returncode
    for words in (["rpc", "1"], ["remote_console"]):
        done = release.run(*words)
        assert 1 == done.returncode
        assert "the release was built with `console = false`" in done.stderr
    for words in (["stacks"], ["tasks"], ["top", "--once"], ["status"], ["ping"]):
        assert 0 == release.run(*words).returncode
