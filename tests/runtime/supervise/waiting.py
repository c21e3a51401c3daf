"""Waiting for what other processes do, within a limit."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.runtime.conftest import MiniRelease


def eventually(check: Callable[[], object], seconds: float = 10) -> None:
    """Return as soon as ``check()`` holds; fail after ``seconds``."""
    deadline = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def alive(pid: int) -> bool:
    """A process that is more than a zombie."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return False
    return text.rpartition(")")[2].split()[0] != "Z"


def status(release: MiniRelease, **env: str) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(release.run("status", "--json", env=env).stdout)
    return answer


def service(release: MiniRelease, name: str) -> dict[str, Any]:
    """The first process of that service."""
    return next(row for row in status(release)["services"] if row["name"] == name)


def log(release: MiniRelease) -> str:
    return (release.state / "log" / "shop.log").read_text(encoding="utf-8")
