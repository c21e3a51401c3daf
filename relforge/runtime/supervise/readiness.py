"""When is a process ready?  It says so itself; a program that cannot is asked."""

from __future__ import annotations

import os
import time

from . import probes
from .notices import sender
from .plan import Plan
from .poller import READ, Poller
from .process import ASKED, RUNNING, STARTING, Process, kill_group

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

PROBING = 0.5  # seconds between two probes
_AT_ONCE = 64  # notices; a flood of them must not keep us from the rest


class Readiness:
    """Turns STARTING into RUNNING, and calls ``ready(process)`` then.

    ``known`` are the processes by pid, as they come and go.
    """

    __slots__ = ("_known", "_plan", "_poller", "_probes", "_ready")

    def __init__(
        self,
        plan: Plan,
        poller: Poller,
        known: Mapping[int, Process],
        ready: Callable[[Process], None],
    ) -> None:
        self._plan = plan
        self._poller = poller
        self._known = known
        self._ready = ready
        self._probes: dict[int, Process] = {}
        poller.add(plan.notices.sock.fileno(), READ, self._noticed)

    def began(self, process: Process, program: int) -> None:
        """A process has been started; ``program`` is the pipe of its exec, or -1."""
        process.program = program
        if program >= 0:
            self._poller.add(program, READ, lambda _events: self._executed(process))

    def over(self, process: Process) -> None:
        """It has ended, or is told to: whether it is ready is no longer asked."""
        self._close(process)
        if process.probe:
            kill_group(process.probe)

    def probe(self, process: Process, now: float) -> None:
        """Ask a program, on a socket that is its own; the answer is a child that ends."""
        if process.probe:
            process.due = process.deadline
            return
        try:
            process.probe = probes.start(self._plan, process)
        except OSError:
            process.due = min(process.deadline, now + PROBING)  # no room for a process: later
            return
        self._probes[process.probe] = process
        process.due = min(process.deadline, now + probes.TIMEOUT)

    def is_probe(self, pid: int) -> bool:
        return pid in self._probes

    def probed(self, pid: int, status: int) -> None:
        """A probe has ended, with this wait status."""
        process = self._probes.pop(pid)
        if process.probe != pid:
            return
        process.probe = 0
        if process.state == STARTING and status == 0:
            self._is_ready(process)
        elif process.state == STARTING:
            process.due = min(process.deadline, time.monotonic() + PROBING)

    def _noticed(self, _events: int) -> None:
        for _ in range(_AT_ONCE):
            notice = self._plan.notices.receive()
            if notice is None:
                return
            pid, fields = notice
            known = sender(pid, self._known)
            if known is None:
                continue
            process = self._known[known]
            if fields.get("WATCHDOG") == "1":
                _fed(process)
            if fields.get("READY") != "1":
                continue
            if process.spec.kind != "exec" or process.spec.ready == "notify":
                self._is_ready(process)

    def _executed(self, process: Process) -> None:
        """The pipe of a program has ended: its exec succeeded, unless there is something in it."""
        failed = os.read(process.program, 1)
        self._close(process)
        if failed:
            return
        if process.spec.ready == "started":
            self._is_ready(process)
        elif isinstance(process.spec.ready, dict):
            process.due = time.monotonic()

    def _is_ready(self, process: Process) -> None:
        if process.state == STARTING:
            process.state = RUNNING
            process.ready = True
            process.due = None
            _fed(process)
            self._ready(process)

    def _close(self, process: Process) -> None:
        if process.program >= 0:
            self._poller.remove(process.program)
            os.close(process.program)
            process.program = -1


def missing(process: Process) -> str:
    """What one that lives has not done to become ready."""
    spec = process.spec
    if process.state != STARTING or not process.pid:
        return f"{process} has not started"
    if isinstance(spec.ready, dict):
        return f"{process} runs, and its `ready` probe does not succeed"
    if spec.kind == "run":
        return (
            f"{process} runs, and never said that it is ready: call relforge.runtime.ready(), or "
            'set ready = "started"'
        )
    if spec.kind == "exec":
        return (
            f"{process} runs, and never sent READY=1 to $NOTIFY_SOCKET: set `ready` to "
            '"started", or to a probe'
        )
    return f"{process} runs, and its server has not begun to serve"


def _fed(process: Process) -> None:
    """A sign of life: the next one is due in the time of its watchdog."""
    if process.state == RUNNING and process.stage == ASKED and process.spec.watchdog:
        process.due = time.monotonic() + process.spec.watchdog
