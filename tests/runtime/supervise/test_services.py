"""Settings of services: order, watchdog, limits, signals, who they are, what they leave behind."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.runtime.conftest import MiniRelease
from tests.runtime.supervise.waiting import alive, eventually, log, service

pytestmark = pytest.mark.process

Make = Callable[..., MiniRelease]

SLOW = """
import os, sys, time
from relforge.runtime import ready
def main():
    name = os.environ["NAME"]
    print(f"{name} begins")
    time.sleep(0.3)
    print(f"{name} is there")
    ready()
    try:
        time.sleep(1000)
    finally:
        time.sleep(0.2)
        print(f"{name} ends")
"""
LOOP = """
import asyncio
from relforge.runtime import ready
async def main():
    ready()
    await asyncio.sleep(1.5)
    import time; time.sleep(1000)
"""
BY_HAND = """
import time
from relforge.runtime import alive, ready
def main():
    alive()
    ready()
    for _ in range(8):
        time.sleep(0.25)
        alive()
    time.sleep(1000)
"""
DEAF = """
import os, socket, sys, time
from relforge.runtime import ready
def main():
    sock = socket.socket(fileno=3)
    ready()
    if not os.path.exists(os.environ["MARK"]):
        open(os.environ["MARK"], "w").close()
        sock.close()
        time.sleep(0.5)
        sys.exit(1)
    client, _ = sock.accept()
    client.sendall(b"heard")
    time.sleep(1000)
"""
SHOWS = """
import os, resource, time
from relforge.runtime import ready
def main():
    print("nice", os.getpriority(os.PRIO_PROCESS, 0))
    print("files", resource.getrlimit(resource.RLIMIT_NOFILE), "core",
          resource.getrlimit(resource.RLIMIT_CORE))
    ready()
    time.sleep(1000)
"""


def named(name: str, **settings: Any) -> dict[str, Any]:
    return {"target": "shop.slow:main", "env": {"NAME": name}, **settings}


def order(text: str, *words: str) -> None:
    places = [text.index(word) for word in words]
    assert sorted(places) == places, text


def test_a_loop_that_hangs_is_found_and_its_stacks_are_reported(mini_release: Make) -> None:
    release = mini_release(
        {"shop/loop.py": LOOP},
        services={"a": {"target": "shop.loop:main", "watchdog": 1.0}},
    )
    assert 0 == release.run("start").returncode
    eventually(lambda: "no sign of life within 1s and was killed" in log(release))
    text = log(release)
    order(text, "a.1 gave no sign of life within 1s; its stacks:", "loop.py", "and was killed")


def test_signs_by_hand_take_the_place_of_the_threads(mini_release: Make) -> None:
    release = mini_release(
        {"shop/hand.py": BY_HAND},
        services={"a": {"target": "shop.hand:main", "watchdog": 1.0}},
    )
    assert 0 == release.run("start").returncode
    eventually(lambda: "no sign of life within 1s and was killed" in log(release))


def test_a_program_is_asked_for_signs_of_life_too(mini_release: Make) -> None:
    reports = (
        "import os, socket, time; s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM);"
        "s.connect(os.environ['NOTIFY_SOCKET']); s.send(b'READY=1');"
        "print('asked for', os.environ['WATCHDOG_USEC']);"
        "[(s.send(b'WATCHDOG=1'), time.sleep(0.2)) for _ in range(10)]; time.sleep(1000)"
    )
    release = mini_release(
        services={
            "a": {
                "kind": "exec",
                "target": ["python3", "-uc", reports],
                "ready": "notify",
                "watchdog": 1.0,
            }
        }
    )
    assert 0 == release.run("start").returncode
    eventually(lambda: "asked for 1000000" in log(release))
    eventually(lambda: "a.1 gave no sign of life within 1s and was killed" in log(release))


def test_priority_and_limits(mini_release: Make) -> None:
    release = mini_release(
        {"shop/a.py": SHOWS},
        services={
            "a": {"target": "shop.a:main", "nice": 5, "rlimits": {"nofile": 100, "core": 0}},
            "b": {
                "kind": "exec",
                "target": ["sh", "-c", "nice; ulimit -n; sleep 1000"],
                "ready": "started",
                "nice": 6,
                "rlimits": {"nofile": 90},
            },
        },
    )
    started = release.run("start")
    assert 0 == started.returncode, started.stderr
    assert "a.1 | nice 5" in log(release)
    assert "a.1 | files (100, 100) core (0, 0)" in log(release)
    eventually(lambda: "b.1 | 90" in log(release))
    assert "b.1 | 6" in log(release)


def test_grandchildren_in_sessions_of_their_own_end_with_their_service(
    mini_release: Make, tmp_path: Path
) -> None:
    code = f"setsid sh -c 'echo $$ > {tmp_path}/pid; exec sleep 1000' & sleep 1000"
    release = mini_release(
        {"shop/slow.py": SLOW},
        services={
            "a": {"kind": "exec", "target": ["sh", "-c", code], "ready": "started"},
            "b": named("b"),
        },
    )
    assert 0 == release.run("start").returncode
    file = tmp_path / "pid"
    eventually(lambda: file.exists() and file.read_text().strip())
    first = int(file.read_text())
    file.unlink()
    os.kill(service(release, "a")["pid"], signal.SIGKILL)
    eventually(lambda: not alive(first))
    eventually(lambda: "a.1 left a process behind: killed" in log(release))
    eventually(lambda: file.exists() and file.read_text().strip())
    second = int(file.read_text())
    assert 0 == release.run("stop").returncode
    assert not alive(second)


@pytest.mark.network
def test_a_service_that_closes_its_listening_socket_finds_it_again(
    mini_release: Make, tmp_path: Path
) -> None:
    release = mini_release(
        {"shop/deaf.py": DEAF},
        services={
            "a": {
                "target": "shop.deaf:main",
                "listen": ["127.0.0.1:0"],
                "env": {"MARK": str(tmp_path / "mark")},
            }
        },
    )
    assert 0 == release.run("start").returncode
    where = int(service(release, "a")["listen"][0].rpartition(":")[2])
    # It waits in the supervisor's copy of the socket until somebody accepts.
    with socket.create_connection(("127.0.0.1", where), timeout=20) as client:
        assert b"heard" == client.recv(16)
    assert "a.1 exited with status 1" in log(release)
    assert 0 == release.run("stop").returncode
