"""The control socket under people who do not behave, and notices from strangers."""

from __future__ import annotations

import os
import socket
import stat
import struct
import subprocess
from collections.abc import Callable

from relforge.runtime import frames
from tests.runtime.conftest import MiniRelease
from tests.runtime.supervise.waiting import eventually, service, status

Make = Callable[..., MiniRelease]
WAITS = """
import os, subprocess, sys, time
from relforge.runtime import ready
def main():
    while not os.path.exists("go"):
        time.sleep(0.05)
    # A descendant may speak for it.
    subprocess.run([sys.executable, "-c", "from relforge.runtime import ready; ready()"])
    time.sleep(100)
"""


def connect(release: MiniRelease) -> socket.socket:
    sock = socket.socket(socket.AF_UNIX)
    sock.settimeout(5)
    sock.connect(str(release.state / "run" / "supervisor.sock"))
    return sock


def test_nobody_can_make_the_supervisor_wait(mini_release: Make) -> None:
    release = mini_release()
    assert release.run("start").returncode == 0  # without services it runs until it is stopped
    silent = [connect(release) for _ in range(100)]
    half = connect(release)
    half.sendall(struct.pack(">I", 1000) + b"{")

    for garbage in (b"GET / HTTP/1.1\r\n\r\n", struct.pack(">I", 4) + b"nope"):
        with connect(release) as sock:
            sock.sendall(garbage)
            answer = frames.receive(sock)
            assert answer is not None
            assert "error" in answer
            assert sock.recv(1) == b""
    with connect(release) as sock:
        for op in ("ping", "nonsense", "ping"):
            frames.send(sock, {"op": op})
        answers = [frames.receive(sock) or {} for _ in range(3)]
    assert ["pong", "error", "pong"] == [next(iter(answer)) for answer in answers]
    assert release.run("ping").returncode == 0
    for sock in (*silent, half):
        sock.close()
    mode = os.stat(release.state / "run" / "supervisor.sock").st_mode
    assert 0o600 == stat.S_IMODE(mode)
    assert release.run("stop").returncode == 0


def test_only_the_process_itself_can_say_that_it_is_ready(mini_release: Make) -> None:
    release = mini_release({"shop/worker.py": WAITS}, services={"worker": {}})
    start = subprocess.Popen([release.root / "bin" / "shop", "start"], stdout=subprocess.DEVNULL)
    eventually(lambda: status(release)["services"])
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as stranger:
        for _ in range(3):
            stranger.sendto(b"READY=1", str(release.state / "run" / "notify.sock"))
    assert release.run("ping").returncode == 0
    assert not service(release, "worker")["ready"]
    (release.state / "go").touch()
    assert 0 == start.wait(20)
