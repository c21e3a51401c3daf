"""Is the release running, and where do its processes listen?

The lock that the supervisor holds for life is the truth; its content says
which run folder that supervisor was given.
"""

from __future__ import annotations

import fcntl
import os
import time

from .. import quick_json
from ..errors import FAILED, NOT_RUNNING, USAGE, Refusal
from ..paths import Paths

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

SUPERVISOR = "supervisor"
PREFERRED = "web"


class Absent(Refusal):
    """The process is not there, and may be about to come; exit code 3."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message, hint=hint, code=NOT_RUNNING)


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

    ``worker`` is 0, or K in the K-th process that a server such as gunicorn forked.
    """

    __slots__ = ("instance", "others", "path", "service", "worker")

    def __init__(
        self, service: str, instance: int, path: str, others: list[str], worker: int = 0
    ) -> None:
        self.service = service
        self.instance = instance
        self.path = path
        self.others = others
        self.worker = worker

    def __str__(self) -> str:
        return shown((self.service, self.instance, self.worker))


def shown(key: tuple[str, int, int]) -> str:
    """``web.1``, ``web.1.2``."""
    return ".".join(map(str, key if key[2] else key[:2]))


def exact(key: tuple[str, int, int]) -> str:
    """What names this very process, also where it has workers."""
    return ".".join(map(str, key))


def running(paths: Paths) -> Running | None:
    """The running release of these paths, or None where nobody holds the lock."""
    try:
        fd = os.open(paths.lock, os.O_RDONLY | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except PermissionError:
        found = Running({}, paths)
        if os.path.exists(found.supervisor):
            # The run folder of a release whose console is open to other users, too.
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


def agent(found: Running, wanted: str | None, services: dict[str, dict[str, Any]]) -> Address:
    """The process to talk to: ``wanted`` is ``web``, ``web.2``, ``web.2.1``, or None for the usual.

    ``services`` are the manifest's.  Where a server has workers, the first of
    them is meant, for the application is there; ``web.1.0`` is their parent.
    Raises Refusal, and Absent where the process may be about to come.
    """
    everything = sockets(found.run)
    if wanted is None:
        service, words = usual(services, everything), []
    else:
        service, *words = wanted.split(".")
    fitting = [
        key
        for key in everything
        if key[0] == service and list(map(str, key[1:]))[: len(words)] == words
    ]
    if not fitting:
        raise _no_such(wanted or service, service, everything, services)
    chosen = min(fitting, key=lambda key: (key[1], key[2] or len(everything) + 1))
    others = [shown(key) for key in sorted(everything) if key != chosen]
    return Address(chosen[0], chosen[1], everything[chosen], others, chosen[2])


def usual(services: dict[str, dict[str, Any]], everything: dict[tuple[str, int, int], str]) -> str:
    """The service that is meant where none is named: ``web``, else the first by name."""
    names = {name for name, row in services.items() if row.get("kind") != "exec"}
    names = names or {key[0] for key in everything}
    return PREFERRED if PREFERRED in names or not names else min(names)


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
        hint=f"run it as that user: sudo -u '{user}' {_launcher(name)} ...",
        code=FAILED,
    )


def _launcher(name: str) -> str:
    """What to type, as it is found from any directory and any PATH."""
    root = os.environ.get("RELEASE_ROOT")
    return os.path.join(root, "bin", name) if root else name


def _content(fd: int) -> dict[str, Any] | None:
    try:
        content = quick_json.loads(os.pread(fd, 1 << 16, 0))
    except ValueError:
        return None
    return content if isinstance(content, dict) else None


def sockets(run: str) -> dict[tuple[str, int, int], str]:
    """The sockets of agents in a run folder, by service, instance and worker."""
    try:
        names = os.listdir(run)
    except FileNotFoundError:
        return {}
    except PermissionError:
        raise not_allowed(run) from None
    found = {}
    for name in names:
        service, *numbers = name.removesuffix(".sock").split(".")
        fits = name.endswith(".sock") and service and 1 <= len(numbers) <= 2
        if fits and all(number.isdigit() for number in numbers):
            instance, worker = (*map(int, numbers), 0)[:2]
            found[service, instance, worker] = os.path.join(run, name)
    return found


def _no_such(
    wanted: str,
    service: str,
    sockets: dict[tuple[str, int, int], str],
    services: dict[str, dict[str, Any]],
) -> Refusal:
    here = "there are " + ", ".join(map(shown, sorted(sockets))) if sockets else ""
    kind = services.get(service, {}).get("kind")
    if kind is None and services and all(row["kind"] == "exec" for row in services.values()):
        names = " and ".join(sorted(services))
        return Refusal(f"{names}: a program of its own, which has no console", code=USAGE)
    if kind is None and not sockets:
        return Absent("no process of a service answers yet")
    if kind is None:
        return Refusal(f"there is no service {wanted!r}", hint=here, code=USAGE)
    if kind == "exec":
        return Refusal(
            f"{service} runs a program of its own, which has no console", hint=here, code=USAGE
        )
    instance = wanted.split(".")[1:2]
    most = services[service].get("instances", 1)
    most = most if isinstance(most, int) else 1 << 30  # as the configuration says
    if instance and instance[0].isdigit() and not 1 <= int(instance[0]) <= most:
        return Refusal(f"{wanted} is not running", hint=here, code=NOT_RUNNING)
    return Absent(f"{wanted} is not running", hint=here)
