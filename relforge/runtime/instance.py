"""The running instance of a release: who holds its lock, and where its supervisor listens.

The lock that the supervisor holds for life is the truth; its content says
which run directory that supervisor was given.
"""

from __future__ import annotations

import fcntl
import json
import os
import time

from .contract.manifest import root
from .errors import CONFIG, NOT_RUNNING, Refusal
from .paths import Paths
from .paths import of as paths_of
from .regular_file import NotRegular, odd, open_own
from .wire.unix import not_allowed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

LAUNCH = "release/launch"  # what the launcher reads: a key and a value in each line
_MOST_LAUNCH = 1 << 12  # bytes
SUPERVISOR = "supervisor"  # the name of its control socket, and of its lines in the log


class Running:
    """What the lock's holder wrote into it; what is of another type counts as not written."""

    def __init__(self, content: dict[str, Any], paths: Paths, owner: int) -> None:
        self.owner = owner  # of the lock: nobody else answers for this release
        self.lock = paths.lock
        self.pid = pid(content.get("pid"))
        self.run = _text(content, "run_dir") or paths.run
        self.root = _text(content, "root") or paths.root
        self.version = _text(content, "version")
        self.started = _time(content.get("started"))

    @property
    def supervisor(self) -> str:
        """The path of the control socket."""
        return os.path.join(self.run, f"{SUPERVISOR}.sock")


def running(paths: Paths) -> Running | None:
    """The running release of these paths, or None where nobody holds the lock.

    Raises Refusal where a release of another name holds it.
    """
    try:
        fd = open_lock(paths.lock, os.O_RDONLY)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except PermissionError:
        found = Running({}, paths, _owner(paths))
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
                found = Running(content, paths, os.fstat(fd).st_uid)
                _check_name(_text(content, "name") or _name(found.root), found.root, paths)
                return found
            # Its holder is about to write it.
            time.sleep(0.02)
        return Running({}, paths, os.fstat(fd).st_uid)
    finally:
        os.close(fd)


def _owner(paths: Paths) -> int:
    """The owner of a release whose lock this user cannot open."""
    for path in (paths.lock, paths.state):
        try:
            return os.stat(path).st_uid
        except OSError:
            continue
    # `start` trusts a directory of its own user or root's alone.
    return os.stat(paths.run).st_uid


def open_lock(path: str, flags: int) -> int:
    """Open the lock, which is a regular file; raises OSError, and Refusal for anything else.

    A link or a FIFO in its place was put there by somebody.
    """
    try:
        return open_own(path, flags)
    except NotRegular:
        raise odd(path) from None


def pid(value: object) -> int:
    """The number of a process, as a lock names it; 0 for anything else."""
    if isinstance(value, bool) or not isinstance(value, int):
        return 0
    return value if 0 < value < 1 << 31 else 0


def _check_name(theirs: str, root: str, paths: Paths) -> None:
    """Two applications that one RELEASE_STATE_DIR names would stop each other."""
    if root == paths.root:
        return
    ours = _name(paths.root)
    if theirs and ours and theirs != ours:
        raise Refusal(
            f"{paths.state} is the state directory of {theirs} ({root}), which is running; "
            f"this is {ours} ({paths.root})",
            hint="give each application its own RELEASE_STATE_DIR",
            code=CONFIG,
        )


def _name(root: str) -> str:
    """The name of the release there; "" where it is gone."""
    try:
        with open(os.path.join(root, LAUNCH), encoding="utf-8", errors="replace") as file:
            lines = file.read(_MOST_LAUNCH).splitlines()
    except OSError:
        return ""
    return next((line[5:] for line in lines if line.startswith("name ")), "")


def _text(content: dict[str, Any], name: str) -> str:
    value = content.get(name)
    return value if isinstance(value, str) and "\0" not in value else ""


def _time(value: object) -> float:
    """Seconds since 1970; 0 for anything else."""
    if isinstance(value, int | float) and 0 <= value < 1e12:
        return float(value)
    return 0.0


def required(paths: Paths) -> Running:
    """The same; raises Refusal with exit code 3 where it is not running."""
    found = running(paths)
    if found is None:
        name = os.environ.get("RELEASE_NAME", "app")
        raise Refusal("it is not running", hint=f"`{name} start` starts it", code=NOT_RUNNING)
    return found


def here() -> Running:
    """The running release that this process belongs to; raises Refusal as `required`."""
    return required(paths_of(root()))


def _content(fd: int) -> dict[str, Any] | None:
    try:
        content = json.loads(os.pread(fd, 1 << 16, 0))
    except (ValueError, RecursionError):
        return None
    return content if isinstance(content, dict) else None
