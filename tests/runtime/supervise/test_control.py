"""The control socket under people who do not behave, and notices from strangers."""

from __future__ import annotations

import os
import socket
import stat
import struct
import subprocess
import sys
from collections.abc import Callable

import pytest

from relforge.runtime.wire import frames
from tests.runtime.conftest import MiniRelease
from tests.runtime.supervise.waiting import eventually, service, status

pytestmark = pytest.mark.process

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


# S15
def test_no_odd_request_ends_the_supervisor(mini_release: Make) -> None:
    release = mini_release()
    assert release.run("start").returncode == 0
    odd: list[bytes] = [
        b'{"op": "upgrade", "root": "\\u0000"}',
        b'{"op": "upgrade", "root": "\\ud800x"}',
        b'{"op": "upgrade", "root": "/no/such/release"}',
        b'{"op": "stop", "timeout": ' + b"9" * 400 + b"}",
        b'{"op": "stop", "timeout": NaN}',
        b'{"op": {}}',
        b"[" * 5000,
        b"[]",
    ]
    for request in odd:
        with connect(release) as sock:
            sock.sendall(struct.pack(">I", len(request)) + request)
            answer = frames.receive(sock)
            assert answer is not None, request
            while "progress" in answer:
                answer = frames.receive(sock) or {}
            assert {"error", "failed"} & answer.keys(), (request, answer)
    assert release.run("ping").returncode == 0
    assert release.run("stop").returncode == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become another user")
def test_another_user_is_refused_even_where_the_directory_lets_him_in(mini_release: Make) -> None:
    release = mini_release()
    assert release.run("start").returncode == 0
    place = release.state / "run" / "supervisor.sock"
    for directory in (release.root.parent, release.root, release.state, place.parent):
        directory.chmod(0o755)
    place.chmod(0o666)
    code = (
        "import os, socket, sys\n"
        "os.setgroups([]); os.setgid(65534); os.setuid(65534)\n"
        "s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1])\n"
        's.sendall(b\'\\0\\0\\0\\x0d{"op":"ping"}\')\n'
        "print(s.recv(4096))"
    )
    words = [sys.executable, "-I", "-c", code, str(place)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    # Closed at once, whether or not what he has sent was read.
    assert "b''\n" == done.stdout or "reset" in done.stderr or "Broken pipe" in done.stderr
    assert release.run("ping").returncode == 0


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
