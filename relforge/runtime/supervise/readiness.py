"""When is a process ready?  It says so itself; a program that cannot is asked."""

from __future__ import annotations

import os

from . import probes
from .edge import Edge
from .notices import sender
from .poller import READ
from .process import kill_group
from .rules.events import Alive, Executed, Outlived, Probed, Ready
from .rules.world import Process

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


_AT_ONCE = 64  # notices; a flood of them must not keep us from the rest


class Readiness:
    """Makes events of what processes say, and of what becomes of their exec and their probes.

    ``known`` are the keys of the processes by pid, as they come and go;
    ``flush(key)`` logs what a process has printed.
    """

    def __init__(self, edge: Edge, known: Mapping[int, int], flush: Callable[[int], None]) -> None:
        self._edge = edge
        self._known = known
        self._flush = flush
        self._programs: dict[int, int] = {}  # pipes, which end when an exec has succeeded
        self._probes: dict[int, int] = {}  # pids
        edge.poller.add(edge.plan.notices.sock.fileno(), READ, self._noticed)

    def began(self, key: int, program: int) -> None:
        """A process has been started; ``program`` is the pipe of its exec, or -1."""
        if program >= 0:
            self._programs[key] = program
            self._edge.poller.add(program, READ, lambda _events: self._executed(key))

    def program(self, key: int) -> int:
        """The pipe of its exec, or -1."""
        return self._programs.get(key, -1)

    def over(self, key: int) -> None:
        """It has ended, or is asked to: whether it is ready is no longer asked."""
        self._close(key)
        probe = self._probes.pop(key, 0)
        if probe:
            kill_group(probe)

    def probe(self, process: Process) -> None:
        """Ask a program, on a socket that is its own; the answer is a child that ends."""
        key = process.key
        try:
            pid = self._probes[key] = probes.start(self._edge.plan, process)
        except OSError:
            self._edge.post(Probed(key, False))  # no room for a process: later
            return

        def ended(status: int) -> None:
            if self._probes.get(key) == pid:
                del self._probes[key]
                self._edge.post(Probed(key, status == 0))

        self._edge.watch(pid, ended)

    def _noticed(self, _events: int) -> None:
        for _ in range(_AT_ONCE):
            notice = self._edge.plan.notices.receive()
            if notice is None:
                return
            pid, fields = notice
            known = sender(pid, self._known)
            if known is None:
                continue
            key = self._known[known]
            if fields.get("WATCHDOG") == "1":
                self._edge.post(Alive(key))
            if fields.get("X_RELFORGE") == "successor":
                self._edge.post(Outlived(key))
            if fields.get("READY") == "1":
                self._flush(key)  # what it said before comes before what we say
                self._edge.post(Ready(key))

    def _executed(self, key: int) -> None:
        """The pipe of a program has ended: its exec succeeded, unless there is something in it."""
        failed = os.read(self._programs[key], 1)
        self._close(key)
        if not failed:
            self._flush(key)
            self._edge.post(Executed(key))

    def _close(self, key: int) -> None:
        program = self._programs.pop(key, -1)
        if program >= 0:
            self._edge.poller.remove(program)
            os.close(program)
