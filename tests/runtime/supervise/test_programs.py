"""`exec` services: programs that relforge did not write."""

from __future__ import annotations

import os
import signal
import socket
import sys
import time
from collections.abc import Callable

import pytest

from tests.runtime.conftest import MiniRelease
from tests.runtime.supervise.waiting import alive, eventually, log, service

pytestmark = pytest.mark.process

Make = Callable[..., MiniRelease]


def program(*words: str, **settings: object) -> dict[str, object]:
    return {"kind": "exec", "target": list(words), "ready": "started", **settings}


def test_a_command_that_is_not_there_fails_the_start(mini_release: Make) -> None:
    release = mini_release(services={"web": program("nosuchprogram", "-x")})
    started = release.run("start")
    assert started.returncode == 1
    assert "nosuchprogram: No such file or directory" in started.stderr


def test_a_program_gets_configuration_sockets_and_directory(mini_release: Make) -> None:
    shows = 'echo "$LISTEN_FDS $LISTEN_PID $$ $TOKEN $(pwd) $1 $RELFORGE_SERVICE"; exec sleep 1000'
    release = mini_release(
        services={
            "sh": program("sh", "-c", shows, "sh", "${greeting}", listen=["127.0.0.1:0"], cwd="app")
        },
        files={"x": ""},
        config={
            "schema": {
                "greeting": {"type": "str", "default": "hello"},
                "token": {"type": "str", "default": "t0p"},
            },
            "export": {"TOKEN": "token"},
        },
    )
    started = release.run("start")
    assert started.returncode == 0, started.stderr
    pid = service(release, "sh")["pid"]
    eventually(lambda: f"| 1 {pid} {pid} t0p {release.root}/app hello \n" in log(release))
    assert release.run("stop").returncode == 0


@pytest.mark.network
def test_ready_by_probe_of_its_own_socket(mini_release: Make) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    late = f"sleep 0.3; exec {sys.executable} -m http.server --bind 127.0.0.1 {port}"
    touch = "sleep 0.3; touch here; exec sleep 1000"
    release = mini_release(
        services={
            "http": program("sh", "-c", late, ready={"http": f"http://127.0.0.1:{port}/"}),
            "tcp": program("sleep", "1000", ready={"tcp": f"127.0.0.1:{port}"}),
            "file": program("sh", "-c", touch, ready={"exec": ["test", "-e", "here"]}),
        }
    )
    started = release.run("start")
    assert started.returncode == 0, started.stderr
    assert (release.state / "here").exists()
    assert release.run("stop").returncode == 0


def test_what_a_program_leaves_behind_is_killed(mini_release: Make) -> None:
    leaves = "sleep 1000 & echo child $!; sleep 0.2"
    release = mini_release(services={"sh": program("sh", "-c", leaves, restart="never")})
    assert release.run("start").returncode == 0
    eventually(lambda: "| child " in log(release))
    child = int(log(release).partition("| child ")[2].split()[0])
    eventually(lambda: not alive(child))
    eventually(lambda: release.run("status").returncode == 3)  # nothing is left to supervise


def test_a_program_that_closes_its_output_or_floods_it(mini_release: Make) -> None:
    flood = "yes 0123456789 | head -c 3000000; printf 'no end of line'; exec sleep 1000"
    release = mini_release(
        services={
            "quiet": program("sh", "-c", "exec >/dev/null 2>&1; exec sleep 1000"),
            "flood": program("sh", "-c", flood),
        }
    )
    assert release.run("start").returncode == 0
    assert release.run("ping").returncode == 0
    eventually(lambda: b"0123456789" in (release.state / "log" / "shop.log").read_bytes())
    supervisor = int(release.run("pid").stdout)
    eventually(lambda: _is_idle(supervisor), 20)
    os.kill(service(release, "flood")["pid"], signal.SIGKILL)
    eventually(lambda: "no end of line\n" in log(release))
    assert release.run("stop").returncode == 0


def _is_idle(pid: int) -> bool:
    def ticks() -> int:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
            fields = file.read().rpartition(")")[2].split()
        return int(fields[11]) + int(fields[12])

    before = ticks()
    time.sleep(0.5)
    return ticks() == before
