"""The same commands against a release that really runs."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable

import pytest

from ..conftest import MiniRelease

pytestmark = pytest.mark.process

FILES = {
    "shop/__init__.py": "",
    "shop/web.py": """
import asyncio
from relforge.runtime import ready

STATE = {"ticks": 0}

async def main():
    ready()
    while True:
        STATE["ticks"] += 1
        await asyncio.sleep(0.01)
""",
    "shop/worker.py": """
import time
from relforge.runtime import ready

def main():
    ready()
    while True:
        time.sleep(0.05)
""",
    "shop/stuck.py": "import time\ntime.sleep(600)\n",
}
CONFIG = {"schema": {"mail.password": {"type": "str", "default": "hunter2", "secret": True}}}


@pytest.fixture
def running(mini_release: Callable[..., MiniRelease]) -> MiniRelease:
    release = mini_release(
        files=FILES,
        services={"web": {"target": "shop.web:main"}, "worker": {"target": "shop.worker:main"}},
        config=CONFIG,
    )
    done = release.run("start", "--wait", "20s")
    assert done.returncode == 0, done.stderr
    return release


def test_ping_rpc_and_console_in_the_services(running: MiniRelease) -> None:
    assert running.run("ping").stdout == "pong\n"
    source = (
        "from shop.web import STATE\nawait __import__('asyncio').sleep(0.05)\nSTATE['ticks'] > 2"
    )
    assert running.run("rpc", source).stdout == "True\n"
    assert running.run("rpc", "app.__module__", "--service", "worker").stdout == "'shop.worker'\n"
    assert running.run("remote_console", "worker", stdin="x = 6\nx * 7").stdout == "42\n"
    assert "in main" in running.run("stacks", "worker").stdout
    assert "task" in running.run("tasks").stdout
    done = running.run("tasks", "worker")
    assert (done.stdout, done.stderr, done.returncode) == ("", "worker.1 has no event loop\n", 0)


def test_what_leaves_a_console_at_a_terminal_leaves_it_in_a_pipe(running: MiniRelease) -> None:
    for word in ("exit()", "quit()", "exit"):
        done = running.run("remote_console", "worker", stdin=f"1 + 1\n{word}\n2 + 2\n")
        assert (0, "2\n", "") == (done.returncode, done.stdout, done.stderr)
    assert 0 == running.run("ping").returncode


def test_secrets_are_masked_in_values_and_in_the_log(running: MiniRelease) -> None:
    done = running.run("rpc", "config.mail")
    assert "password" in done.stdout
    assert "hunter2" not in done.stdout
    assert running.run("rpc", "'hunter2' == config.mail.password").stdout == "True\n"
    logs = running.run("logs", "-n", "100").stdout
    assert "relforge.audit" in logs
    assert "hunter2" not in logs


def test_an_interrupted_evaluation_leaves_the_service_running(running: MiniRelease) -> None:
    pid = running.run("rpc", "__import__('os').getpid()").stdout
    done = running.run("rpc", "while True: pass", "--timeout", "500ms")
    assert done.returncode == 5
    assert running.run("rpc", "raise SystemExit").returncode == 1
    assert running.run("rpc", "__import__('os').getpid()").stdout == pid


def test_a_supervisor_that_hangs_is_not_one_that_is_down(running: MiniRelease) -> None:
    pid = int(running.run("pid").stdout)
    os.kill(pid, signal.SIGSTOP)
    try:
        assert running.run("ping", "--timeout", "500ms").returncode == 5
        assert running.run("rpc", "1").stdout == "1\n"
    finally:
        os.kill(pid, signal.SIGCONT)
    assert running.run("stop").returncode == 0
    assert running.run("ping").returncode == 3


def test_a_service_that_hangs_at_its_import_can_be_looked_into(
    mini_release: Callable[..., MiniRelease],
) -> None:
    release = mini_release(files=FILES, services={"web": {"target": "shop.stuck:main"}})
    starting = subprocess.Popen([release.root / "bin" / "shop", "start"])
    try:
        deadline = time.monotonic() + 20
        while (done := release.run("stacks")).returncode != 0:
            assert time.monotonic() < deadline, done.stderr
            time.sleep(0.1)
        assert "shop/stuck.py" in done.stdout
    finally:
        release.run("stop", "--timeout", "1s")
        starting.wait(30)
