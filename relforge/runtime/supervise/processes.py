"""The processes of the services, as the system has them: started, signaled, heard, reaped."""

from __future__ import annotations

import os
import time

from . import launch, orphans
from .edge import Edge
from .output import Output
from .poller import READ
from .process import ending, kill_group, signal_process
from .readiness import Readiness
from .rules.events import Ended, NotSpawned, Spawned
from .rules.world import Process, World

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

REMEMBERED = 64  # dead processes, for what they have left behind
ROUNDS = 200  # of ten milliseconds
# Lines of a request that is logged come by the thousand: they are taken some at a time.
_PAUSE = 0.02  # seconds after a chunk
_FLOOD = 1 << 15  # bytes: with half a pipe full, read on at once


class Child:
    """What the system has of one process: ``pid`` is 0 when it has ended."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.pid = 0
        self.mark = ""  # of the process and of all that it starts: `orphans`
        self.output: Output | None = None


class Processes:
    """Does what the rules ask of processes, by their keys, and posts what became of it."""

    def __init__(self, edge: Edge) -> None:
        self._edge = edge
        self._children: dict[int, Child] = {}
        self._by_pid: dict[int, int] = {}
        self._left: dict[str, int] = {}  # marks and process groups of those that are dead
        self.ready = Readiness(edge, self._by_pid, self._flush)

    def spawn(self, process: Process, *, kept: int, beside: bool) -> None:
        key = process.key
        child = self._children.setdefault(key, Child(str(process)))
        child.mark = orphans.mark(child.name)
        try:
            pid, out, program = launch.start(
                self._edge.plan, process, child.mark, kept=kept, beside=beside
            )
        except OSError as error:
            self._edge.post(NotSpawned(key, error.strerror or str(error)))
            return
        output = None
        if out >= 0:
            output = Output(out, child.name, self._edge.plan.journal)
            if child.output is not None:
                output.tail = child.output.tail
        self._has(key, child, pid, output)
        self._record()
        self.ready.began(key, program)
        self._edge.post(Spawned(key, pid))

    def adopt(self, process: Process, content: dict[str, Any], output: Output | None) -> None:
        """Go on with a process that another supervisor has started."""
        child = self._children[process.key] = Child(str(process))
        child.mark = content.get("mark", "")
        if process.pid:
            self._has(process.key, child, process.pid, output)
        else:
            child.output = output
        self.ready.began(process.key, content.get("program", -1))

    def signal(self, key: int, number: int) -> None:
        pid = self._pid(key)
        if pid:
            signal_process(pid, number)

    def kill(self, key: int) -> None:
        """The whole process group, at once."""
        pid = self._pid(key)
        if pid:
            kill_group(pid)

    def abandon(self, key: int) -> None:
        """It is nobody's any more."""
        self._by_pid.pop(self._pid(key), None)
        self._children[key].pid = 0

    def tail(self, key: int) -> list[str]:
        """The last lines that it has printed."""
        child = self._children.get(key)
        return [] if child is None or child.output is None else list(child.output.tail)

    def handed_over(self, key: int) -> dict[str, Any]:
        """Its mark, its output, and the pipe of its exec."""
        child = self._children.get(key) or Child("")
        return {"mark": child.mark, "output": child.output, "program": self.ready.program(key)}

    def forget(self, world: World) -> None:
        """Of those that the world has forgotten nobody asks for the last lines any more."""
        known = {row.key for row in world.all} | {world.outcome.key}
        for key in [key for key, child in self._children.items() if not child.pid]:
            if key not in known:
                del self._children[key]

    def reap(self) -> None:
        """Take every child that has ended, ours or, as PID 1, anybody's."""
        while True:
            try:
                info = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            except ChildProcessError:
                return
            if info is None:
                return
            pid = info.si_pid
            ours = pid in self._by_pid or pid in self._edge.errands
            if ours:
                # While it is a zombie its number, and its group's, is nobody else's.
                kill_group(pid)
            _, status = os.waitpid(pid, 0)
            if not ours and self._left:
                # A child that one of those left behind was ours from then on, and its own now are.
                self._clear()
            if pid in self._by_pid:
                self._ended(self._by_pid.pop(pid), pid, status)
            elif pid in self._edge.errands:
                self._edge.errands.pop(pid)(status)

    def end(self) -> None:
        """Kill all processes, and repeat for what they leave behind, a limited number of times."""
        for pid in self._by_pid:
            kill_group(pid)
        for _ in range(ROUNDS):
            if not self._clear():
                return
            time.sleep(0.01)
            self.reap()

    def _pid(self, key: int) -> int:
        child = self._children.get(key)
        return 0 if child is None else child.pid

    def _has(self, key: int, child: Child, pid: int, output: Output | None) -> None:
        child.pid = pid
        child.output = output
        self._by_pid[pid] = key
        if output is not None and output.fd >= 0:
            self._edge.poller.add(output.fd, READ, lambda _events: self._printed(output))

    def _flush(self, key: int) -> None:
        child = self._children[key]
        if child.output is not None and child.output.fd >= 0:
            self._printed(child.output)

    def _printed(self, output: Output) -> None:
        size = output.read()
        if size == 0:
            # It has closed its output, and may live on.
            self._edge.poller.remove(output.fd)
        elif size is not None and size < _FLOOD:
            self._edge.poller.rest(output.fd, _PAUSE)

    def _ended(self, key: int, pid: int, status: int) -> None:
        """A process is gone, and with it its group."""
        child = self._children[key]
        child.pid = 0
        if child.output is not None and child.output.fd >= 0:
            self._edge.poller.remove(child.output.fd)
            child.output.finish()
        self.ready.over(key)
        self._record()
        if child.mark:
            self._left[child.mark] = pid
        left = self._clear()
        if left:
            what = "a process" if left == 1 else f"{left} processes"
            self._edge.plan.journal.say(f"{child.name} left {what} behind: killed")
        self._edge.post(Ended(key, os.waitstatus_to_exitcode(status), ending(status)))

    def _clear(self) -> int:
        """Kill what dead processes have left; how many there were."""
        count = orphans.kill(self._left, {*self._by_pid, *self._edge.errands})
        while len(self._left) > REMEMBERED:
            del self._left[next(iter(self._left))]
        return count

    def _record(self) -> None:
        """A command that stops us by force finds in the lock what else to kill."""
        self._edge.plan.lock.update(groups=sorted(self._by_pid))
