"""`foreground`, as systemd and container runtimes use it."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.runtime.conftest import MiniRelease
from tests.runtime.supervise.waiting import alive, eventually, service, status

pytestmark = pytest.mark.process

Make = Callable[..., MiniRelease]

WORKER = """
import atexit, sys, time
from relforge.runtime import ready
def main():
    atexit.register(print, "swept up")
    ready()
    print("at work")
    while True:
        time.sleep(1)
"""


def foreground(release: MiniRelease, **env: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [release.root / "bin" / "shop", "foreground"],
        env={"PATH": os.environ["PATH"], **env},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_a_service_manager_is_notified_and_the_pid_is_the_launchers(
    mini_release: Make, tmp_path: Path
) -> None:
    release = mini_release({"shop/worker.py": WORKER}, services={"worker": {}})
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(20)
        process = foreground(release, NOTIFY_SOCKET=str(tmp_path / "notify"))
        reported = heard(manager, "READY=1")
        assert f"MAINPID={process.pid}" in reported
        assert int(release.run("pid").stdout) == process.pid
        assert release.run("restart").returncode == 1  # the manager's affair
        assert release.run("start").returncode == 1

        process.send_signal(signal.SIGTERM)

        heard(manager, "STOPPING=1")
        out, err = process.communicate(timeout=20)
    assert (0, "at work\nswept up\n") == (process.returncode, out)
    assert "shop 1.0.0 is running" in err
    assert release.run("status").returncode == 3


def heard(manager: socket.socket, line: str) -> list[str]:
    """The lines of the first message from now on that has this one."""
    while line not in (reported := manager.recv(4096).decode().splitlines()):
        pass
    return reported


def test_a_second_signal_is_immediate(mini_release: Make) -> None:
    stubborn = "import signal, time\nfrom relforge.runtime import ready\n"
    stubborn += "def main():\n  signal.signal(15, signal.SIG_IGN); ready()\n  time.sleep(100)\n"
    release = mini_release({"shop/worker.py": stubborn}, services={"worker": {"drain": 60.0}})
    process = foreground(release)
    eventually(lambda: status(release)["state"] == "running")
    pid = service(release, "worker")["pid"]
    process.send_signal(signal.SIGINT)
    eventually(lambda: status(release)["state"] == "stopping")
    assert alive(pid)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=20)
    assert 4 == process.returncode
    assert not alive(pid)


def test_the_run_directory_of_systemd_is_found_by_commands_without_it(
    mini_release: Make, tmp_path: Path
) -> None:
    release = mini_release({"shop/worker.py": WORKER}, services={"worker": {}})
    run = tmp_path / "run-shop"
    process = foreground(release, RUNTIME_DIRECTORY=str(run))
    eventually(lambda: status(release)["state"] == "running")
    assert (run / "supervisor.sock").is_socket()
    assert release.run("stop").returncode == 0
    process.communicate(timeout=20)
    assert 0 == process.returncode


@pytest.mark.skipif(not shutil.which("unshare") or os.geteuid() != 0, reason="needs unshare, root")
def test_as_pid_1_it_stops_on_sigterm_and_reaps_orphans(mini_release: Make) -> None:
    orphans = """
import os, time
from relforge.runtime import ready
def main():
    for _ in range(10):
        if os.fork() == 0:
            if os.fork():
                os._exit(0)
            os.setsid()
            time.sleep(0.2)
            os._exit(0)
        os.wait()
    ready()
    time.sleep(0.6)
    rows = [open(f"/proc/{pid}/stat").read() for pid in os.listdir("/proc") if pid.isdigit()]
    print("processes", len(rows), "zombies", sum(") Z " in row for row in rows))
    while True:
        time.sleep(1)
"""
    release = mini_release({"shop/worker.py": orphans}, services={"worker": {}})
    inside = subprocess.Popen(
        ["unshare", "-pf", "--mount-proc", release.root / "bin" / "shop", "foreground"],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert inside.stdout is not None
    assert "processes 2 zombies 0\n" == inside.stdout.readline()
    children = Path(f"/proc/{inside.pid}/task/{inside.pid}/children").read_text().split()
    assert "1" == release.run("pid").stdout.strip()
    os.kill(int(children[0]), signal.SIGTERM)
    assert 0 == inside.wait(20)


@pytest.mark.network
def test_sockets_of_systemd_are_taken_by_name_and_by_address(
    mini_release: Make, tmp_path: Path
) -> None:
    shows = WORKER.replace('print("at work")', 'import os; print(os.environ["LISTEN_FDS"])')
    services = {
        "named": {"listen": ["127.0.0.1:1"]},
        "placed": {"listen": [f"unix:{tmp_path}/placed"]},
    }
    release = mini_release({"shop/worker.py": shows}, services=services)
    named, placed = socket.socket(), socket.socket(socket.AF_UNIX)
    named.bind(("127.0.0.1", 0))
    placed.bind(f"{tmp_path}/placed")
    for sock in (named, placed):
        sock.listen()
    script = (
        "import os, sys\n"
        "a, b = map(int, sys.argv[1:3])\n"
        "a, b = os.dup2(a, 60), os.dup2(b, 61); os.dup2(a, 3); os.dup2(b, 4)\n"
        "os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS='2', LISTEN_FDNAMES='named:')\n"
        "os.execv(sys.argv[3], [sys.argv[3], 'foreground'])\n"
    )
    words = [named.fileno(), placed.fileno(), release.root / "bin" / "shop"]
    process = subprocess.Popen(
        [sys.executable, "-c", script, *map(str, words)],
        pass_fds=[named.fileno(), placed.fileno()],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    eventually(lambda: status(release)["state"] == "running")
    port = named.getsockname()[1]
    assert [f"127.0.0.1:{port}"] == service(release, "named")["listen"]
    assert [f"unix:{tmp_path}/placed"] == service(release, "placed")["listen"]
    process.terminate()
    out, _ = process.communicate(timeout=20)
    assert 0 == process.returncode
    assert ["1", "1"] == [line for line in out.splitlines() if line.isdigit()]
    assert (tmp_path / "placed").is_socket()  # systemd's, not ours to remove
