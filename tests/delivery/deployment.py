"""A release as an operator has it: a program, variables, a state directory."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """Commands get PATH, the state directory and ``env``; nothing of the test's own environment."""

    program: Path
    state: Path
    env: Mapping[str, str] = field(default_factory=dict)

    @property
    def variables(self) -> dict[str, str]:
        return {"PATH": os.environ["PATH"], "RELEASE_STATE_DIR": str(self.state), **self.env}

    def given(self, **env: str) -> Deployment:
        """The same with more variables."""
        return replace(self, env={**self.env, **env})

    def run(
        self, *words: str, timeout: float = 60, stdin: str = "", cwd: Path | None = None
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.program, *words],
            env=self.variables,
            cwd=cwd,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    def ok(self, *words: str, timeout: float = 60) -> str:
        """What a command prints that has to succeed."""
        done = self.run(*words, timeout=timeout)
        assert 0 == done.returncode, f"{words}: {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout

    def popen(self, *words: str, **options: Any) -> subprocess.Popen[str]:
        pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        return subprocess.Popen(
            [self.program, *words], env=self.variables, text=True, **{**pipes, **options}
        )

    def status(self) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads(self.run("status", "--json").stdout)
        return answer

    def service(self, name: str) -> dict[str, Any]:
        """The first process of that service."""
        rows = self.status()["services"]
        return next((row for row in rows if row["name"] == name), {"ready": False, "pid": None})

    def address(self) -> str:
        """Where the shop is served."""
        return f"http://{self.service('web')['listen'][0]}"

    def log(self) -> str:
        (path,) = (self.state / "log").iterdir()
        return path.read_text(encoding="utf-8")

    def processes(self) -> list[str]:
        """The command lines of whatever runs on this state directory, zombies left out."""
        mark = f"RELEASE_STATE_DIR={self.state}".encode()
        found = []
        for directory in Path("/proc").iterdir():
            if directory.name.isdigit():
                with contextlib.suppress(OSError):
                    if mark in (directory / "environ").read_bytes().split(b"\0"):
                        words = (directory / "cmdline").read_text().split("\0")
                        found.append(" ".join(words).strip())
        return sorted(found)

    @contextlib.contextmanager
    def running(self, *words: str) -> Iterator[str]:
        """Started for the time of the ``with``; the shop's address, where there is one."""
        self.ok("start", *words)
        try:
            listening = [row for row in self.status()["services"] if row["listen"]]
            yield self.address() if listening else ""
        finally:
            self.run("stop", "--timeout", "5s")


def eventually(check: Callable[[], object], seconds: float = 15) -> None:
    """Return as soon as ``check()`` holds; fail after ``seconds``."""
    deadline = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)
