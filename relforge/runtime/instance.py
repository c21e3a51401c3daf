"""The running instance of a release: who holds its lock, and where its supervisor listens.

The lock that the supervisor holds for life is the truth; its content says
which run directory that supervisor was given.
"""

from __future__ import annotations

import fcntl
import os
import time

from . import quick_json
from .errors import NOT_RUNNING, Refusal
from .wire.unix import not_allowed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .paths import Paths

SUPERVISOR = "supervisor"  # the name of its control socket, and of its lines in the log


class Running:
    """What the lock's holder wrote into it."""

    __slots__ = ("lock", "pid", "root", "run", "started", "version")

    def __init__(self, content: dict[str, Any], paths: Paths) -> None:
        self.lock = paths.lock
        self.pid = int(content.get("pid") or 0)
        self.run = str(content.get("run_dir") or paths.run)
        self.root = str(content.get("root") or paths.root)
        self.version = str(content.get("version") or "")
        self.started = float(content.get("started") or 0)

    @property
    def supervisor(self) -> str:
        """The path of the control socket."""
        return os.path.join(self.run, f"{SUPERVISOR}.sock")


def running(paths: Paths) -> Running | None:
    """The running release of these paths, or None where nobody holds the lock."""
    try:
        fd = os.open(paths.lock, os.O_RDONLY | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except PermissionError:
        found = Running({}, paths)
        if os.path.exists(found.supervisor):
            # The run directory of a release whose console is open to other users, too.
            return found
        raise not_allowed(paths.lock) from None
    try:
        for _ in range(10):
            try:
                fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                pass
            else:
                return None
            content = _content(fd)
            if content is not None:
                return Running(content, paths)
            # Its holder is about to write it.
            time.sleep(0.02)
        return Running({}, paths)
    finally:
        os.close(fd)


def required(paths: Paths) -> Running:
    """The same; raises Refusal with exit code 3 where it is not running."""
    found = running(paths)
    if found is None:
        name = os.environ.get("RELEASE_NAME", "app")
        raise Refusal("it is not running", hint=f"`{name} start` starts it", code=NOT_RUNNING)
    return found


def _content(fd: int) -> dict[str, Any] | None:
    try:
        content = quick_json.loads(os.pread(fd, 1 << 16, 0))
    except ValueError:
        return None
    return content if isinstance(content, dict) else None
