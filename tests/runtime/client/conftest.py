"""A release with one process that stands in for all of its own: lock, supervisor, agents."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ..conftest import MiniRelease

HOLDER = """
import asyncio, fcntl, json, os, socket, sys, threading, time
from relforge.runtime.wire import frames
from relforge.runtime.agent import server

state, run = sys.argv[1:]
os.makedirs(run, mode=0o700, exist_ok=True)
lock = open(os.path.join(state, "lock"), "w")
fcntl.flock(lock, fcntl.LOCK_EX)
json.dump({"pid": os.getpid(), "run_dir": run, "version": "1.0.0", "root": "/", "started": 1}, lock)
lock.flush()

listener = socket.socket(socket.AF_UNIX)
for name in os.listdir(run):
    os.unlink(os.path.join(run, name))  # of one before
listener.bind(os.path.join(run, "supervisor.sock"))
listener.listen()

def supervisor():
    while True:
        sock, _ = listener.accept()
        frames.receive(sock)
        frames.send(sock, {"pong": True})
        sock.close()

threading.Thread(target=supervisor, daemon=True).start()
base = {"name": "shop", "version": "1.0.0", "instance": 1}
names = {"time": time, "asyncio": asyncio, "os": os}
web = server.start(run + "/web.1.sock", {**base, "service": "web"}, {**names, "app": "web app"})
server.start(run + "/worker.1.sock", {**base, "service": "worker"}, {**names, "app": "worker app"})

async def main():
    web.loop = asyncio.get_running_loop()
    print("up", flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""
OPS = """
import os, sys
from relforge.runtime import config

CALLS = []

def words():
    return sys.argv

def add(a, b=2):
    return a + b

async def later(word):
    import asyncio
    await asyncio.sleep(0)
    return word.upper()

def status(text):
    return int(text)

def fail():
    raise ValueError("no luck")

def leave():
    raise SystemExit(7)

def port():
    return config.http.port

def true():
    return True
"""
SERVICES: dict[str, Any] = {
    "web": {"kind": "app", "target": "shop.web:app", "server": "uvicorn"},
    "worker": {},
    "cache": {"kind": "exec", "target": ["/usr/bin/cache"]},
}


class Shop:
    """The release, and the process that answers for it."""

    def __init__(self, release: MiniRelease) -> None:
        self.release = release
        self.process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        root = self.release.root
        state = root / "var"
        state.mkdir(exist_ok=True)
        script = root / "holder.py"
        script.write_text(HOLDER)
        self.process = subprocess.Popen(
            [root / "python" / "bin" / "python3", "-P", script, state, root / "var" / "elsewhere"],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == "up\n"

    def stop(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGCONT)
            self.process.kill()
            self.process.communicate()
            self.process = None

    def run(self, *args: str, **options: Any) -> subprocess.CompletedProcess[str]:
        return self.release.run(*args, **options)

    def spawn(self, *args: str) -> subprocess.Popen[str]:
        """A command that goes on while the test does."""
        return subprocess.Popen(
            [self.release.root / "bin" / "shop", *args],
            env={"PATH": os.environ["PATH"]},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def wait_for(self, path: Path) -> None:
        deadline = time.monotonic() + 10
        while not path.exists():
            assert time.monotonic() < deadline
            time.sleep(0.02)


@pytest.fixture
def stopped(mini_release: Callable[..., MiniRelease]) -> Shop:
    """The release, with nothing running."""
    return Shop(
        mini_release(
            files={"shop/__init__.py": "", "shop/ops.py": OPS, "shop/broken.py": "import nosuch\n"},
            services=SERVICES,
            config={"schema": {"http.port": {"type": "int", "default": 8000, "doc": "port"}}},
            commands={
                "add": {
                    "call": "shop.ops:add",
                    "help": "put two words together",
                    "args": [{"name": "a"}, {"name": "b", "default": "2"}],
                },
                "later": {"call": "shop.ops:later", "help": "shout"},
            },
        )
    )


@pytest.fixture
def shop(stopped: Shop) -> Iterator[Shop]:
    """The release, running."""
    stopped.start()
    yield stopped
    stopped.stop()
