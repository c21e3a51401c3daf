"""All that must be right before the first process starts: decided, locked, loaded, opened."""

from __future__ import annotations

import os
import socket
import stat
import time

from .. import paths as places
from ..config import loading
from ..contract.content import read_manifest
from ..contract.manifest import root as release_root
from ..errors import CONFIG, Refusal
from ..paths import Paths
from ..schedule import job
from ..wire.descriptors import high
from ..wire.unix import answers
from . import leftover, lock, open_files, sockets, specs, systemd
from .addresses import shown
from .agent_sockets import NEXT
from .generation import Generation
from .journal import SUPERVISOR, LogLimits, ReleaseLog
from .lock import InstanceLock
from .notices import Notices
from .specs import Spec
from .systemd import Manager

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


class Plan:
    """What a supervisor works with; `close` gives all of it back."""

    def __init__(
        self, paths: Paths, manifest: dict[str, Any], held: InstanceLock, *, log: bool
    ) -> None:
        self.paths = paths
        self.generation = Generation(paths, manifest, dict(os.environ), -1)
        self.lock = held
        self.manager = Manager(os.environ)
        path = os.path.join(paths.log, f"{manifest['name']}.log") if log else None
        self.journal = ReleaseLog(manifest["name"], path, LogLimits(**manifest["log"]))
        self.notices: Notices
        self.control: socket.socket

    def open_up(self) -> None:
        """Let processes of other users reach what is theirs; the kernel says who speaks."""
        os.chmod(self.paths.run, 0o711)
        os.chmod(self.notices.path, 0o666)

    def audited(self, uid: int, text: str) -> None:
        """A line of the audit, from a process of this user: others than the services' have none."""
        ours = (spec.standing.get("uid") for spec in self.generation.specs)
        if uid in (0, os.geteuid(), *ours):
            self.journal.audit(text)

    def close(self) -> None:
        """Close the sockets, then let go of the lock."""
        for row in self.generation.sockets():
            row.close()
        for name in ("notices", "control"):
            if hasattr(self, name):
                getattr(self, name).close()
        clean(self.paths.run, self.generation.specs)
        self.lock.release()


MANY = 100  # instances, where the configuration says how many


def prepare(*, daemon: bool, meanwhile: Callable[[], object]) -> Plan:
    """Take the lock, load the configuration, open the sockets; raises Refusal, and leaves nothing.

    In this order: a wrong configuration (78) is found before a socket is opened.
    ``meanwhile`` is called while the loader is at work.
    """
    _open_standard()
    open_files.check([])
    root = release_root()
    manifest = read_manifest(root)
    paths = places.of(root)
    check_socket_paths(paths, manifest)
    places.prepare(paths)
    content = {
        "pid": os.getpid(),
        "run_dir": paths.run,
        "name": manifest["name"],
        "version": manifest["version"],
        "root": root,
        "started": time.time(),
        "mode": "daemon" if daemon else "foreground",
        "operation": "start",
        "groups": [],
    }
    before = lock.read(paths.lock)
    held = lock.acquire(paths, content)
    try:
        plan = Plan(paths, manifest, held, log=daemon)
        if count := leftover.sweep(paths, before):
            plan.journal.say(f"the last supervisor was killed: {count} of its processes were left")
    except BaseException:
        held.release()
        raise
    try:
        _fill(plan, meanwhile)
    except BaseException:
        plan.close()
        raise
    return plan


def check_socket_paths(paths: Paths, manifest: dict[str, Any]) -> None:
    """Raise Refusal (78) for a run directory under which a socket's path would be too long."""
    names = [SUPERVISOR, "notify"]
    for name, row in manifest["services"].items():
        most = row["instances"] if isinstance(row["instances"], int) else MANY
        names.append(f"{name}.{most}.{NEXT}")
    paths.socket(max(names, key=len))


def clean(run: str, rows: list[Spec]) -> None:
    """Remove the sockets that a killed supervisor and its processes left in the run directory."""
    names = {f"{SUPERVISOR}.sock", "notify.sock"}
    names |= {name for name in _listed(run) if _of_agents(name, rows)}
    for name in names:
        path = os.path.join(run, name)
        try:
            if stat.S_ISSOCK(os.lstat(path).st_mode) or name.endswith(".stacks"):
                os.unlink(path)
        except OSError:
            continue  # gone already; bind fails on what is still in the way


def _listed(directory: str) -> list[str]:
    try:
        return os.listdir(directory)
    except OSError:
        return []


def _of_agents(name: str, rows: list[Spec]) -> bool:
    """Whether an agent of these services listens there, or it is what `stacks --signal` reads.

    web.1.sock, of its second worker web.1.2.sock, and before they have their
    places web.1.next.sock and web.1.next.2.sock.
    """
    words = name.split(".")
    if words[-1] == "stacks":
        return len(words) == 2 and words[0].isdigit()
    ours = len(words) > 2 and words[1].isdigit() and words[-1] == "sock"
    return ours and any(row.name == words[0] for row in rows)


def _open_standard() -> None:
    """Keep our files from taking the numbers 0 to 2, where these were closed when we started."""
    fd = os.open(os.devnull, os.O_RDWR)
    while fd <= 2:
        os.set_inheritable(fd, True)
        fd = os.open(os.devnull, os.O_RDWR)
    os.close(fd)


def _fill(plan: Plan, meanwhile: Callable[[], object]) -> None:
    paths = plan.paths
    control = paths.socket(SUPERVISOR)
    if answers(control):
        raise Refusal(
            f"{control}: another supervisor listens there",
            hint="give each instance its run directory: set RELEASE_INSTANCE or RELEASE_RUN_DIR",
            code=CONFIG,
        )
    activated = systemd.activated(os.environ)
    born = plan.generation
    plan.manager.extend(loading.longest(born.manifest["config"]))
    born.config = high(
        loading.load(
            paths.root,
            born.manifest,
            {**os.environ, **paths.variables()},
            meanwhile=meanwhile,
        )
    )
    values = loading.read(born.config)["values"]
    born.specs = specs.read(born.manifest, values, paths.root, paths.state)
    open_files.check(born.specs)
    born.jobs = job.specs(born.manifest, paths.root)
    clean(paths.run, born.specs)
    born.listeners = sockets.open_all(born.specs, paths.run, activated)
    for name, sock in activated:
        if name.startswith(systemd.STORED):
            # The configuration was a different one then.
            plan.manager.discard(shown(sock))
        else:
            place = f"{shown(sock)} ({name or 'no name'})"
            plan.journal.say(f"{place}: no service listens there")
        sock.close()
    plan.notices = Notices(paths.socket("notify"), plan.audited)
    plan.control = sockets.control(control)
