"""The lock that a supervisor holds for life; an ``flock``, so no stale file can fool anybody."""

from __future__ import annotations

import json
import os
import time

from .. import flock
from ..errors import CONFIG, FAILED, LOCKED, Refusal
from ..instance import open_lock, running
from ..paths import Paths
from ..wire.unix import not_allowed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_MOST = 1 << 16  # bytes that are read
_WIDTH = 512  # bytes, taken at once: a later change needs no room on the disk


class InstanceLock:
    """``<state>/lock``, held; its content says whom control commands ask.

    ``{"pid", "run_dir", "name", "version", "root", "started", "mode": "daemon" | "foreground",
    "operation": "start" | null, "groups": [process group]}``
    """

    def __init__(self, fd: int, content: dict[str, Any]) -> None:
        self.fd = fd
        self._content: dict[str, Any] = {}
        size = os.fstat(fd).st_size
        self._width = max(min(size, _MOST), _WIDTH)
        if size > self._width:
            os.ftruncate(fd, self._width)  # not written by a release
        self._write(content)

    @property
    def content(self) -> dict[str, Any]:
        return dict(self._content)

    def update(self, **content: Any) -> None:
        """Rewrite the content in one write; a reader sees the old or the new.

        A full disk must not stop what runs: then the content stays as it was.
        """
        try:
            self._write(content)
        except OSError:
            return

    def _write(self, content: dict[str, Any]) -> None:
        self._content.update(content)
        line = json.dumps(self._content).encode() + b"\n"
        # Blanks over what is left of a longer line, instead of a moment with an empty file.
        self._width = max(self._width, len(line))
        os.pwrite(self.fd, line.ljust(self._width), 0)

    def release(self) -> None:
        """Let another supervisor start; idempotent."""
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1


def acquire(paths: Paths, content: dict[str, Any]) -> InstanceLock:
    """Take the lock, or raise Refusal: 1 already running, 75 another start is under way."""
    try:
        fd = open_lock(paths.lock, os.O_RDWR | os.O_CREAT)
    except PermissionError:
        raise not_allowed(paths.lock) from None
    if not flock.take(fd):
        os.close(fd)
        raise taken(paths)
    try:
        return InstanceLock(fd, content)
    except OSError as error:
        os.close(fd)
        raise Refusal(f"{paths.lock}: {error.strerror}") from None


def taken(paths: Paths) -> Refusal:
    """The error for a lock that another process holds."""
    name = os.environ.get("RELEASE_NAME", "app")
    holder = read(paths.lock)
    pid = holder.get("pid", "?")
    theirs = holder.get("name", name)
    if theirs != name:
        return Refusal(
            f"{paths.state} is the state directory of {theirs} ({holder.get('root')}, pid {pid}), "
            f"which runs; this is {name} ({paths.root})",
            hint="give each application its own RELEASE_STATE_DIR",
            code=CONFIG,
        )
    if holder.get("operation"):
        return Refusal(
            f"another {holder['operation']} of {name} is under way (pid {pid})",
            hint=f"wait for it to finish; `{name} status` shows its progress",
            code=LOCKED,
        )
    return Refusal(
        f"already running (pid {pid})",
        hint=f"`{name} restart` replaces it, `{name} status` shows it",
        code=FAILED,
    )


def read(path: str) -> dict[str, Any]:
    """What the last holder of the lock wrote into it; empty where there is none."""
    try:
        with open(open_lock(path, os.O_RDONLY), "rb") as file:
            content = json.loads(file.read(_MOST))
    except (OSError, ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def wait_free(paths: Paths, seconds: float) -> bool:
    """Wait until nobody holds the lock."""
    deadline = time.monotonic() + seconds
    while running(paths) is not None:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True
