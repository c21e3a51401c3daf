"""Crashes, kills and races; after each of them the next start works."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.runtime.conftest import MiniRelease
from tests.runtime.supervise.waiting import alive, eventually, log, service, status

pytestmark = pytest.mark.process

Make = Callable[..., MiniRelease]

WORKER = """
import time
from relforge.runtime import ready
def main():
    ready()
    while True:
        time.sleep(1)
"""
# Lives for a moment, then dies; its child would outlive it.
SHORT = """
import os, subprocess, time
from relforge.runtime import ready
def main():
    child = subprocess.Popen(["sleep", "1000"])
    print("child", child.pid)
    ready()
    time.sleep(0.2)
    os._exit(7)
"""


def test_a_service_that_crashes_is_restarted(mini_release: Make) -> None:
    release = mini_release({"shop/worker.py": WORKER}, services={"worker": {}})
    assert release.run("start").returncode == 0
    pid = service(release, "worker")["pid"]

    os.kill(pid, signal.SIGKILL)

    eventually(lambda: service(release, "worker")["ready"] and service(release, "worker")["pid"])
    eventually(lambda: service(release, "worker")["restarts"] == 1)
    assert service(release, "worker")["pid"] != pid
    assert "worker.1 killed by SIGKILL" in log(release)
    assert release.run("stop").returncode == 0


def test_a_service_that_gives_up_is_loud_and_stops_nobody_else(
    mini_release: Make, tmp_path: Path
) -> None:
    """P47."""
    crashes = tmp_path / "crashes"
    release = mini_release(
        {"shop/short.py": SHORT, "shop/worker.py": WORKER},
        services={
            "short": {
                "target": "shop.short:main",
                "intensity": [1, 30.0],
                "backoff": [0.01, 0.1],
                "required": None,
            },
            "worker": {"required": None},
        },
        hooks={"on_crash": {"exec": ["sh", "-c", f'echo "$RELEASE_HOOK_REASON" >> {crashes}']}},
    )
    started = release.run("start")
    assert started.returncode == 0, started.stderr
    eventually(lambda: service(release, "short")["state"] == "failed")
    assert "running" == service(release, "worker")["state"]
    reason = "short.1 exited with status 7; more than 1 restarts within 30s, giving up"
    assert reason == service(release, "short")["reason"]
    said = release.run("status")
    assert 1 == said.returncode
    assert said.stdout.endswith(f"\n\nfailed: {reason}\n")
    assert f"{reason}: it has failed, the others serve on" in log(release)
    eventually(lambda: crashes.exists() and "exited with status 7" in crashes.read_text())
    reloaded = release.run("reload")
    assert (1, "") == (reloaded.returncode, reloaded.stdout), "it is tried again, and fails again"
    assert "short.1 exited with status 7" in reloaded.stderr
    assert 0 == release.run("stop").returncode


def test_kill_9_of_the_supervisor_takes_the_children_and_the_next_start_works(
    mini_release: Make,
) -> None:
    release = mini_release(
        {"shop/worker.py": WORKER},
        services={
            "worker": {"instances": 2, "listen": ["unix:worker.sock"]},
            "program": {"kind": "exec", "target": ["sleep", "1000"], "ready": "started"},
        },
    )
    assert release.run("start").returncode == 0
    supervisor = int(release.run("pid").stdout)
    children = [row["pid"] for row in status(release)["services"]]

    os.kill(supervisor, signal.SIGKILL)

    eventually(lambda: not any(alive(pid) for pid in children))
    assert release.run("status").returncode == 3
    assert release.run("stop").returncode == 3
    started = release.run("start")
    assert started.returncode == 0, started.stderr
    assert release.run("stop").returncode == 0


@pytest.mark.network
def test_what_a_killed_supervisor_has_left_does_not_keep_the_port(mini_release: Make) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    release = mini_release(
        services={
            "program": {
                "kind": "exec",
                "target": ["sh", "-c", "sleep 1000 & echo child $!; wait"],
                "ready": "started",
                "listen": [f"127.0.0.1:{port}"],
            }
        }
    )
    assert release.run("start").returncode == 0
    eventually(lambda: "child " in log(release))
    child = int(log(release).partition("child ")[2].split()[0])
    os.kill(int(release.run("pid").stdout), signal.SIGKILL)
    eventually(lambda: release.run("status").returncode == 3)
    assert alive(child), "and it has the socket"
    started = release.run("start")
    assert started.returncode == 0, started.stderr
    assert not alive(child)
    assert "the last supervisor was killed: 1 of its processes were left" in log(release)


def test_of_eight_starts_at_once_one_wins(mini_release: Make) -> None:
    release = mini_release({"shop/worker.py": WORKER}, services={"worker": {}})
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda _: release.run("start"), range(8)))
    codes = sorted(result.returncode for result in results)
    assert codes[0] == 0
    assert set(codes[1:]) <= {1, 75}, [result.stderr for result in results]
    assert codes.count(0) == 1
    assert "running" == status(release)["state"]


def test_a_stale_lock_with_the_pid_of_a_living_stranger_fools_nobody(mini_release: Make) -> None:
    release = mini_release({"shop/worker.py": WORKER}, services={"worker": {}})
    release.state.mkdir()
    stranger = subprocess.Popen(["sleep", "1000"])
    content = {"pid": stranger.pid, "groups": [stranger.pid], "operation": "start"}
    (release.state / "lock").write_text(json.dumps({**content, "x": "y" * 500}))
    try:
        assert release.run("stop").returncode == 3
        assert release.run("start").returncode == 0
        assert release.run("stop").returncode == 0
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_while_a_start_is_under_way_others_get_75(mini_release: Make) -> None:
    slow = "import time\nclass Slow:\n  def init(self, options): return {}\n"
    slow += "  def load(self, state, context): time.sleep(30)\n"
    release = mini_release(
        {"shop/slow.py": slow, "shop/worker.py": WORKER},
        services={"worker": {}},
        config={"providers": [{"use": "shop.slow:Slow", "options": {}, "state": {}}]},
    )
    first = subprocess.Popen([release.root / "bin" / "shop", "start"], stderr=subprocess.PIPE)
    eventually(lambda: (release.state / "lock").exists() and status(release)["pid"])
    for word in ("start", "stop"):
        other = release.run(word)
        assert other.returncode == 75, other.stderr
    assert ("starting", first.pid) == tuple(status(release)[key] for key in ("state", "pid"))
    first.send_signal(signal.SIGINT)
    first.communicate()
    assert first.returncode == 130
    assert release.run("status").returncode == 3


def test_who_holds_the_lock_and_listens_no_longer_is_not_stopped(mini_release: Make) -> None:
    """O4: between its sockets and its lock a supervisor needs milliseconds, which pass."""
    release = mini_release({"shop/worker.py": WORKER}, services={"worker": {}})
    assert release.run("start").returncode == 0
    assert release.run("stop").returncode == 0
    fd = os.open(release.state / "lock", os.O_RDONLY)
    fcntl.flock(fd, fcntl.LOCK_EX)
    shown = release.run("status")
    assert (5, True) == (shown.returncode, "and its control socket is gone" in shown.stderr)
    os.close(fd)
    assert "stopped" == status(release)["state"]


def test_those_who_only_look_do_not_make_a_start_fail(mini_release: Make) -> None:
    release = mini_release({"shop/worker.py": WORKER}, services={"worker": {}})
    release.state.mkdir()
    fd = os.open(release.state / "lock", os.O_RDONLY | os.O_CREAT, 0o600)
    fcntl.flock(fd, fcntl.LOCK_SH)
    start = subprocess.Popen([release.root / "bin" / "shop", "start"])
    time.sleep(0.15)
    os.close(fd)
    assert 0 == start.wait(30)


def test_a_log_that_cannot_grow_stops_nothing(mini_release: Make) -> None:
    chatty = WORKER.replace("ready()", "print('x' * 100_000, 'y' * 100_000)\n    ready()")
    release = mini_release({"shop/worker.py": chatty}, services={"worker": {}})
    # 32 kB for a file, as on a disk that is full.
    words = ["sh", "-c", 'ulimit -f 64; exec "$0" start', str(release.root / "bin/shop")]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert (release.state / "log" / "shop.log").stat().st_size <= 64 * 1024
    assert "running" == status(release)["state"]
    assert release.run("stop").returncode == 0
