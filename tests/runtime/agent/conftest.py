"""A live process with an agent: on asyncio, or on plain threads without a loop."""

from __future__ import annotations

import itertools
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import relforge
from relforge.runtime.client.addresses import AgentAddress
from relforge.runtime.client.connection import AgentClient

APP = """
import asyncio, json, os, sys, threading, time
from relforge.runtime.agent import server

class State:
    ticks = 0
    dead = threading.Lock()

    @property
    def slow(self):
        time.sleep(30)

state = State()

def deadlock():
    state.dead.acquire()
    state.dead.acquire()

kind, path, extra, settings = sys.argv[1:]
info = {"name": "shop", "version": "1.0.0", "service": "web", "instance": 1}
names = {"state": state, "deadlock": deadlock, "asyncio": asyncio, "time": time, "os": os}
agent = server.start(path, info, names, json.loads(settings))
agent.secrets = ("hunter2",)
exec(extra)

async def main():
    agent.loop = asyncio.get_running_loop()
    while True:
        state.ticks += 1
        await asyncio.sleep(0.01)

def threads():
    while True:
        state.ticks += 1
        time.sleep(0.01)

if kind == "uvloop":
    import uvloop
    uvloop.run(main())
asyncio.run(main()) if kind == "asyncio" else threads()
"""

GEVENT = """
from gevent import monkey
monkey.patch_all()
import gevent
def beat():
    while True:
        state.ticks += 1
        gevent.sleep(0.01)
gevent.spawn(beat)
gevent.get_hub().join()
"""


class Live:
    """The process, and as many clients as a test wants."""

    def __init__(
        self, directory: Path, kind: str, extra: str, settings: dict[str, Any] | None = None
    ) -> None:
        self.path = str(directory / "run" / "web.1.sock")
        self.log = directory / "stderr"
        self._ids = itertools.count(1)
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-c", APP, kind, self.path, extra, json.dumps(settings or {})],
                env={**os.environ, "PYTHONPATH": str(Path(relforge.__file__).parent.parent)},
                stderr=log,
            )
        deadline = time.monotonic() + 10
        while not os.path.exists(self.path):
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < deadline
            time.sleep(0.01)

    def client(self, seconds: float = 5) -> AgentClient:
        return AgentClient(AgentAddress("web", 1, self.path, []), "test", seconds)

    def ticks(self) -> int:
        return int(run(self.client(), "state.ticks")["repr"])

    def assert_alive(self) -> None:
        """The process is there, and what the application does goes on."""
        before = self.ticks()
        time.sleep(0.1)
        assert self.ticks() > before
        assert self.process.poll() is None

    def stop(self) -> None:
        self.process.send_signal(signal.SIGCONT)
        self.process.kill()
        self.process.wait()


def run(
    client: AgentClient, source: str, out: list[str] | None = None, **fields: Any
) -> dict[str, Any]:
    """Evaluate and return the ``done`` message; output goes to ``out``."""
    return finish(client, client.post("eval", source=source, **fields), out)


def finish(client: AgentClient, request: int, out: list[str] | None = None) -> dict[str, Any]:
    """Wait for the outcome of an evaluation."""
    deadline = time.monotonic() + 20
    while True:
        assert client.readable(max(deadline - time.monotonic(), 0)), "no answer"
        message = client.receive()
        if message["op"] == "out" and out is not None:
            out.append(message["data"])
        elif message.get("id") == request and message["op"] in ("done", "error"):
            return message


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Live]]:
    """Start a process: ``start("asyncio")``, ``start("threads", extra="...")``."""
    made: list[Live] = []

    def make(kind: str = "asyncio", extra: str = "", **settings: Any) -> Live:
        directory = tmp_path / f"{len(made)}"
        directory.mkdir()
        made.append(Live(directory, kind, extra, settings))
        return made[-1]

    yield make
    for live in made:
        live.stop()


@pytest.fixture
def live(start: Callable[..., Live]) -> Live:
    return start("asyncio")
