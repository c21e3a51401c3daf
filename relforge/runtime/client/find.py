"""Is the release running, and where do its processes listen?

The lock that the supervisor holds for life is the truth; its content says
which run folder that supervisor was given.
"""

from __future__ import annotations

import fcntl
import json
import os
import time

from ..errors import FAILED, NOT_RUNNING, USAGE, Refusal
from ..paths import Paths

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

SUPERVISOR = "supervisor"
PREFERRED = "web"


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


class Address:
    """One process with an agent, and the others that could have been asked.

    ``instance`` is ``1``, or ``1.2`` for the second worker of a server that has workers.
    """

    __slots__ = ("instance", "others", "path", "service")

    def __init__(self, service: str, instance: str, path: str, others: list[str]) -> None:
        self.service = service
        self.instance = instance
        self.path = path
        self.others = others

    def __str__(self) -> str:
        return f"{self.service}.{self.instance}"


def running(paths: Paths) -> Running | None:
    """The running release of these paths, or None where nobody holds the lock."""
    try:
        fd = os.open(paths.lock, os.O_RDONLY | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except PermissionError:
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
        raise Refusal(f"{name} is not running", hint=f"`{name} start` starts it", code=NOT_RUNNING)
    return found


def agent(found: Running, wanted: str | None, services: dict[str, dict[str, Any]]) -> Address:
    """The process to talk to: ``wanted`` is ``web``, ``web.2``, or None for the usual one.

    Of a server with workers it is a worker, which has the application:
    ``web.1.2``; ``web.1.0`` is the process above them.
    ``services`` are the manifest's.  Raises Refusal.
    """
    sockets = _sockets(found.run)
    if not sockets:
        raise Refusal("no process of a service answers yet", code=NOT_RUNNING)
    if wanted is None:
        names = sorted({key[0] for key in sockets})
        service, instance = (PREFERRED if PREFERRED in names else names[0]), ""
    else:
        service, _, instance = wanted.partition(".")
    numbers = tuple(int(word) for word in instance.split(".") if word.isdigit())
    known = sorted(
        (key for key in sockets if key[0] == service), key=lambda key: (key[1], not key[2], key[2])
    )
    fitting = [key for key in known if key[1 : 1 + len(numbers)] == numbers]
    if not fitting or instance.strip("0123456789."):
        raise _no_such(wanted or service, service, sockets, services)
    chosen = fitting[0]
    others = [_show(key) for key in sorted(sockets) if key != chosen]
    return Address(service, _show(chosen).partition(".")[2], sockets[chosen], others)


def not_allowed(path: str) -> Refusal:
    """The error for a file or folder that belongs to another user."""
    import pwd

    name = os.environ.get("RELEASE_NAME", "app")
    try:
        owner = os.stat(path).st_uid
    except OSError:
        return Refusal(f"{path}: permission denied (uid {os.geteuid()})", code=FAILED)
    try:
        user = pwd.getpwuid(owner).pw_name
    except KeyError:
        user = f"#{owner}"
    return Refusal(
        f"{path}: permission denied: {name} belongs to user {user}, you are uid {os.geteuid()}",
        hint=f"run it as that user: sudo -u '{user}' {name} ...",
        code=FAILED,
    )


def _content(fd: int) -> dict[str, Any] | None:
    try:
        content = json.loads(os.pread(fd, 1 << 16, 0))
    except ValueError:
        return None
    return content if isinstance(content, dict) else None


def _show(key: tuple[str, int, int]) -> str:
    service, instance, worker = key
    return f"{service}.{instance}.{worker}" if worker else f"{service}.{instance}"


def _sockets(run: str) -> dict[tuple[str, int, int], str]:
    """By service, instance and worker, which is 0 for the process that the supervisor started."""
    try:
        names = os.listdir(run)
    except FileNotFoundError:
        return {}
    except PermissionError:
        raise not_allowed(run) from None
    sockets = {}
    for name in names:
        service, *numbers, end = name.split(".")
        if end == "sock" and service and len(numbers) in (1, 2) and "".join(numbers).isdigit():
            instance, worker = int(numbers[0]), int(numbers[1]) if numbers[1:] else 0
            sockets[service, instance, worker] = os.path.join(run, name)
    return sockets


def _no_such(
    wanted: str,
    service: str,
    sockets: dict[tuple[str, int, int], str],
    services: dict[str, dict[str, Any]],
) -> Refusal:
    here = "there are " + ", ".join(_show(key) for key in sorted(sockets))
    kind = services.get(service, {}).get("kind")
    if kind is None:
        return Refusal(f"there is no service {wanted!r}", hint=here, code=USAGE)
    if kind == "exec":
        return Refusal(
            f"{service} runs a program of its own, which has no console", hint=here, code=USAGE
        )
    return Refusal(f"{wanted} is not running", hint=here, code=NOT_RUNNING)
