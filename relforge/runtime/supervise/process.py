"""One instance of a service, and what is known of it."""

from __future__ import annotations

import os
import signal

from .generation import Generation
from .output import Output
from .specs import Spec

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Protocol

    class Change(Protocol):
        """What `change.Change` does with the processes that it decides on."""

        def ready(self, process: Process) -> None:
            """It has said so."""

        def ended(self, process: Process, reason: str, *, failed: bool) -> None:
            """It is gone."""

        def late(self, process: Process, reason: str) -> None:
            """It lives, and is not ready in time."""


STARTING = "starting"
RUNNING = "running"
STOPPING = "stopping"
WAITING = "restarting"  # until its back-off is over
STOPPED = "stopped"
FAILED = "failed"

ENDED = (STOPPED, FAILED)
# How far the stopping of a process has come.
ASKED, HURRIED, DUMPED, KILLED = range(4)
_PAGE = os.sysconf("SC_PAGE_SIZE")


# A process that has not taken its place yet has its agent under another name.
NEXT = "next"


class Process:
    """``due`` is when the supervisor must do the next thing about it; None for never.

    ``change`` is the change of generations that it is a part of, for as long as
    that decides what becomes of it.
    """

    __slots__ = (
        "change",
        "deadline",
        "due",
        "follows",
        "gave_up",
        "generation",
        "instance",
        "kept",
        "mark",
        "note",
        "output",
        "pid",
        "probe",
        "program",
        "ready",
        "restarts",
        "spec",
        "stage",
        "started",
        "state",
    )

    def __init__(self, generation: Generation, spec: Spec, instance: int) -> None:
        self.generation = generation
        self.spec = spec
        self.instance = instance
        self.change: Change | None = None
        self.state = WAITING
        self.due: float | None = None
        self.deadline = 0.0  # for being ready; then, for being gone
        self.pid = 0
        self.ready = False
        self.restarts = 0
        self.started = 0.0
        self.output: Output | None = None
        self.program = -1  # the pipe that ends when its exec has succeeded
        self.probe = 0  # the pid of a probe that is under way
        self.stage = ASKED
        self.follows = False  # it is stopped because one that it depends on is started again
        self.kept = -1  # a memfd: the state of the process whose place it is to have
        self.mark = ""  # of the process and of all that it starts: `orphans`
        self.gave_up = ""  # why it is not started again, though its settings ask for it
        self.note = ""  # why it is killed, where its end alone would not tell

    def __str__(self) -> str:
        return f"{self.spec.name}.{self.instance}"

    def signal(self, number: int) -> None:
        """To the process itself; its children are its own affair."""
        if self.pid:
            try:
                os.kill(self.pid, number)
            except ProcessLookupError:
                return

    def kill(self) -> None:
        """The whole process group, at once."""
        if self.pid:
            kill_group(self.pid)

    def report(self, now: float) -> dict[str, Any]:
        """Its row of ``status --json``."""
        return {
            "name": self.spec.name,
            "instance": self.instance,
            "version": self.generation.version,
            "pid": self.pid or None,
            "state": self.state,
            "ready": self.ready,
            "restarts": self.restarts,
            "reason": self.gave_up or None,
            "uptime": round(now - self.started, 1) if self.pid else None,
            "rss": resident(self.pid),
        }


def kill_group(pid: int) -> None:
    """SIGKILL to a process group of ours; nothing happens where it is gone."""
    try:
        os.killpg(pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return


def resident(pid: int) -> int | None:
    """The resident memory in bytes."""
    try:
        with open(f"/proc/{pid}/statm", "rb") as file:
            return int(file.read().split()[1]) * _PAGE
    except (OSError, IndexError):
        return None


def ending(status: int) -> str:
    """A wait status in words: ``exited with status 1``, ``killed by SIGSEGV``."""
    code = os.waitstatus_to_exitcode(status)
    if code >= 0:
        return f"exited with status {code}"
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = f"signal {-code}"
    return f"killed by {name}"


def is_clean(status: int, asked: int = 0) -> bool:
    """Did it end as it should?  Of one that was ``asked`` by a signal, to die of that is."""
    code = os.waitstatus_to_exitcode(status)
    return code == 0 or (asked > 0 and code in (-asked, 128 + asked, 128 + signal.SIGTERM))
