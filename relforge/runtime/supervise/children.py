"""The processes: started, started again, told to stop, killed, reaped."""

from __future__ import annotations

import os
import signal
import time

from .. import stack_signals
from . import journald, launch, orphans
from .hooks import Hooks
from .output import Output
from .plan import Plan
from .poller import READ, Poller
from .process import (
    ASKED,
    DUMPED,
    ENDED,
    FAILED,
    HURRIED,
    KILLED,
    RUNNING,
    STARTING,
    STOPPED,
    STOPPING,
    WAITING,
    Process,
    ending,
    is_clean,
    kill_group,
)
from .readiness import Readiness, missing
from .restarts import Restarts
from .specs import Spec

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Protocol

    class Boss(Protocol):
        """Whom the processes belong to."""

        state: str

        def fail(self, message: str, process: Process | None = None, *, hint: str = "") -> None:
            """Stop everything for this reason."""

        def crashed(self, process: Process, reason: str) -> None:
            """One has ended as it should not have."""

        def gave_up(self, process: Process) -> None:
            """One is not started again, though its settings ask for it."""


DUMPING = 0.5  # seconds to print the stacks
REMEMBERED = 64  # dead processes, for what they have left behind
ROUNDS = 200  # of ten milliseconds
# Lines of a request that is logged come by the thousand: they are taken some at a time.
_PAUSE = 0.02  # seconds after a chunk
_FLOOD = 1 << 15  # bytes: half a pipe is no time for a pause
HOPELESS = 5.0  # seconds after which a process that SIGKILL does not end is left behind


class Children:
    """``rows`` are all instances; ``forced`` names those that a stop had to kill.

    While a `change.Change` is under way, ``coming`` are those that are to take
    the places of some, ``leaving`` those whose places have been taken.
    """

    __slots__ = (
        "_boss",
        "_by_pid",
        "_errands",
        "_hooks",
        "_left",
        "_plan",
        "_poller",
        "_readiness",
        "_restarts",
        "_stopping",
        "_until",
        "coming",
        "forced",
        "leaving",
        "rows",
    )

    def __init__(self, plan: Plan, poller: Poller, hooks: Hooks, boss: Boss) -> None:
        self._plan = plan
        self._hooks = hooks
        self._poller = poller
        self._boss = boss
        self.rows: list[Process] = []
        self.coming: list[Process] = []
        self.leaving: list[Process] = []
        self.forced: list[str] = []
        self._stopping = False
        self._left: dict[str, int] = {}  # marks and process groups of those that are dead
        self._until: float | None = None
        self._restarts: dict[Spec, Restarts] = {}
        self._errands: dict[int, Callable[[int], None]] = {}
        self._by_pid: dict[int, Process] = {}
        self._readiness = Readiness(plan, poller, self._by_pid, self._is_ready)

    def fill(self) -> None:
        """A process for each instance of the plan's services; none is started."""
        self.rows = [
            Process(self._plan.generation, spec, number + 1)
            for spec in self._plan.generation.specs
            for number in range(spec.instances)
        ]

    @property
    def all(self) -> list[Process]:
        return [*self.rows, *self.coming, *self.leaving]

    def adopt(self, process: Process) -> None:
        """Go on with a process that another supervisor has started."""
        self.rows.append(process)
        if process.pid:
            self._by_pid[process.pid] = process
        output = process.output
        if output is not None and output.fd >= 0:
            self._poller.add(output.fd, READ, lambda _events: self._printed(output))
        if process.state == STARTING and isinstance(process.spec.ready, dict):
            process.due = time.monotonic()  # whoever was asked for has nobody to answer to
        self._readiness.began(process, process.program)

    def watch(self, pid: int, ended: Callable[[int], None]) -> None:
        """Call ``ended(wait status)`` when this child of ours is gone, with all of its group."""
        self._errands[pid] = ended

    def start(self, process: Process) -> None:
        """Start a process; a failure is handled as its end."""
        now = time.monotonic()
        if process.change is None and self._lacks(process):
            process.state = WAITING  # without a date: until what it depends on is ready
            process.due = None
            return
        process.state = STARTING
        process.gave_up = ""
        process.follows = False
        process.mark = orphans.mark(str(process))
        process.ready = False
        process.stage = ASKED
        process.started = now
        process.deadline = now + process.spec.ready_timeout
        process.due = process.deadline
        if self._boss.state == STARTING:
            self._plan.manager.extend(process.spec.ready_timeout)
        try:
            started = launch.start(self._plan, process)
        except OSError as error:
            process.due = None
            process.state = FAILED
            self._over(process, f"{process} cannot be started: {error.strerror}", failed=True)
            return
        process.pid = started.pid
        self._by_pid[started.pid] = process
        self._record()
        if started.output >= 0:
            output = Output(started.output, str(process), self._plan.journal)
            if process.output is not None:
                output.tail = process.output.tail
            process.output = output
            self._poller.add(started.output, READ, lambda _events: self._printed(output))
        self._readiness.began(process, started.program)

    def stop(self, until: float | None) -> None:
        """End all, those first that depend on others; everybody gone by ``until``, if it is set.

        What is left is ended as those go who depend on it.
        """
        self._stopping = True
        self._until = until
        now = time.monotonic()
        for process in self.all:
            if process.state not in (STOPPING, *ENDED) and not self._needed(process):
                self.end(process)
            if until is not None:
                self.within(process, max(0.0, until - now))

    def end(self, process: Process) -> None:
        """Ask a process to stop, in the time that its drain gives it."""
        process.ready = False
        self._readiness.over(process)
        if process.pid:
            process.state = STOPPING
            now = time.monotonic()
            patience = process.spec.drain + process.spec.kill_after
            process.deadline = now + patience
            if self._boss.state == STOPPING:
                self._plan.manager.extend(patience)
            self.within(process, patience)
            process.signal(process.spec.signal)
            process.signal(signal.SIGCONT)
        elif process.state not in ENDED:
            process.state = STOPPED
            process.due = None

    def within(self, process: Process, seconds: float) -> None:
        """Be gone in so many seconds; a server of ours is told to hurry a while before."""
        if process.state != STOPPING or process.stage >= DUMPED:
            return
        now = time.monotonic()
        process.deadline = min(process.deadline, now + seconds)
        process.due = process.deadline
        if process.spec.kind == "app" and process.stage == ASKED:
            process.due -= min(process.spec.kill_after, (process.deadline - now) / 2)

    def force(self, process: Process) -> None:
        """SIGKILL for the whole group."""
        if not process.pid:
            return
        self._plan.journal.say(
            f"{process} did not stop: killed (pid {process.pid})", journald.WARNING
        )
        if self._boss.state == STOPPING and str(process) not in self.forced:
            self.forced.append(str(process))
        process.kill()
        process.stage = KILLED
        process.due = time.monotonic() + HOPELESS

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
            ours = pid in self._by_pid or pid in self._errands or self._hooks.owns(pid)
            if ours or self._readiness.is_probe(pid):
                # While it is a zombie its number, and its group's, is nobody else's.
                kill_group(pid)
            _, status = os.waitpid(pid, 0)
            if not ours and self._left:
                # A child that one of those left behind was ours from then on, and its own now are.
                self._clear()
            if pid in self._by_pid:
                self._ended(self._by_pid.pop(pid), status)
            elif pid in self._errands:
                self._errands.pop(pid)(status)
            elif self._readiness.is_probe(pid):
                self._readiness.probed(pid, status)
            elif self._hooks.owns(pid):
                self._hooks.ended(pid, status)

    def tick(self) -> float | None:
        """Do what is due; when the next thing is, on the monotonic clock."""
        now = time.monotonic()
        for process in self.all:
            if process.due is not None and process.due <= now:
                self._due(process, now)
        return min((row.due for row in self.all if row.due is not None), default=None)

    def _due(self, process: Process, now: float) -> None:
        if process.state == WAITING:
            self.start(process)
        elif process.state == STARTING and now >= process.deadline:
            self._late(process)
        elif process.state == STARTING:
            self._readiness.probe(process, now)
        elif process.state == RUNNING:
            self._silent(process, now)
        elif process.stage == ASKED and now < process.deadline:
            process.stage = HURRIED
            process.due = process.deadline
            process.signal(signal.SIGTERM)
        elif process.stage < DUMPED and process.spec.kind != "exec":
            process.stage = DUMPED
            process.due = now + DUMPING
            self._plan.journal.say(f"{process} does not stop; its stacks:")
            process.signal(stack_signals.TO_LOG)
        elif process.stage != KILLED:
            self.force(process)
        else:
            self._lost(process)

    def _silent(self, process: Process, now: float) -> None:
        """One whose watchdog nobody fed: its stacks, then its end."""
        if process.stage == ASKED:
            process.stage = DUMPED
            process.due = now + DUMPING
            seconds = process.spec.watchdog
            process.note = f"{process} gave no sign of life within {seconds:g}s"
            if process.spec.kind != "exec":
                self._plan.journal.say(f"{process.note}; its stacks:", journald.WARNING)
                process.signal(stack_signals.TO_LOG)
        elif process.stage != KILLED:
            process.note += " and was killed"
            process.kill()
            process.stage = KILLED
            process.due = now + HOPELESS
        else:
            self._lost(process)

    def _lost(self, process: Process) -> None:
        self._plan.journal.say(f"{process} (pid {process.pid}) survives SIGKILL: left behind")
        self._by_pid.pop(process.pid, None)
        process.pid, process.state, process.due = 0, FAILED, None
        if process.change is not None:
            process.change.ended(process, f"{process} survives SIGKILL", failed=True)

    def _lacks(self, process: Process) -> bool:
        """Does it depend on one that is on its way, and not there yet?"""
        return any(
            row.spec.name in process.spec.depends and not row.ready and row.state not in ENDED
            for row in self.rows
        )

    def _needed(self, process: Process) -> bool:
        """Is there one alive that depends on it?"""
        return any(process.spec.name in row.spec.depends and row.pid for row in self.rows)

    def _unblock(self) -> None:
        """Start those whose dependencies are there now."""
        for row in list(self.rows):
            if row.state == WAITING and row.due is None and row.change is None:
                self.start(row)

    def _follow(self, process: Process) -> None:
        """OTP's rest_for_one: who depends on one that is started again is so, too, after it."""
        for row in self.rows:
            if process.spec.name in row.spec.depends and row.change is None:
                if row.pid and row.state in (STARTING, RUNNING):
                    self._plan.journal.say(f"{row} depends on {process}: it is started again, too")
                    row.follows = True
                    self.end(row)
                self._follow(row)

    def _late(self, process: Process) -> None:
        reason = f"{process} was not ready within {process.spec.ready_timeout:g}s"
        hint = missing(process)
        self._plan.journal.say(hint, journald.WARNING)
        if process.change is not None:
            process.change.late(process, reason)
        elif self._boss.state == STARTING and process.spec.awaited:
            self._boss.fail(reason, process, hint=hint)
        else:
            self._plan.journal.say(f"{reason}: stopped")
            self.end(process)

    def _is_ready(self, process: Process) -> None:
        if process.output is not None and process.output.fd >= 0:
            self._printed(process.output)  # what it said before comes before what we say
        if self._boss.state == RUNNING:
            self._plan.journal.say(f"{process} is ready")
        if process.change is not None:
            process.change.ready(process)
        self._unblock()

    def _printed(self, output: Output) -> None:
        size = output.read()
        if size == 0:
            # It has closed its output, and may live on.
            self._poller.remove(output.fd)
        elif size is not None and size < _FLOOD:
            self._poller.rest(output.fd, _PAUSE)

    def _ended(self, process: Process, status: int) -> None:
        """A process is gone, and with it its group."""
        was, pid = process.state, process.pid
        process.pid = 0
        process.ready = False
        process.due = None
        if process.output is not None and process.output.fd >= 0:
            self._poller.remove(process.output.fd)
            process.output.finish()
        self._readiness.over(process)
        self._record()
        asked = process.spec.signal if was == STOPPING else 0
        clean = is_clean(status, asked)
        process.state = STOPPED if clean else FAILED
        reason = process.note or f"{process} {ending(status)}"
        process.note = ""
        if process.mark:
            self._left[process.mark] = pid
        left = self._clear()
        if left:
            what = "a process" if left == 1 else f"{left} processes"
            self._plan.journal.say(f"{process} left {what} behind: killed")
        if self._boss.state == STOPPING:
            if not clean and process.stage != KILLED:
                self._plan.journal.say(reason)
            if self._stopping:
                self.stop(self._until)
        elif process.follows and process.change is None:
            process.state = WAITING
            self._unblock()
        elif was == STARTING:
            early = self._boss.state == STARTING or process.change is not None or not clean
            self._over(process, f"{reason} before it was ready", failed=early)
        else:
            # One that we stopped by ourselves was not ready in time.
            self._over(process, reason, failed=was == STOPPING or not clean)

    def _clear(self) -> int:
        """Kill what dead processes have left; how many there were."""
        count = orphans.kill(self._left, {*self._by_pid, *self._errands})
        while len(self._left) > REMEMBERED:
            del self._left[next(iter(self._left))]
        return count

    def sweep(self) -> None:
        """At the end: until nothing is left of what services started, or there is no end to it."""
        for _ in range(ROUNDS):
            if not self._clear():
                return
            time.sleep(0.01)
            self.reap()

    def _over(self, process: Process, reason: str, *, failed: bool) -> None:
        if process.change is not None:
            process.change.ended(process, reason, failed=failed)
        else:
            self.again(process, reason, failed=failed)

    def again(self, process: Process, reason: str, *, failed: bool) -> None:
        """Start it again, where and when its settings say so."""
        starting = self._boss.state == STARTING
        restarts = self._restarts.setdefault(process.spec, Restarts(process.spec))
        wanted = restarts.wanted(failed=failed) and not (
            failed and starting and process.spec.awaited
        )
        now = time.monotonic()
        seconds = restarts.wait(now) if wanted else None
        if wanted and seconds is None:
            most, within = process.spec.intensity
            reason += f"; more than {most:g} restarts within {within:g}s, giving up"
        if failed or (wanted and seconds is None):
            self._boss.crashed(process, reason)
        if failed and self._boss.state == STARTING and process.spec.awaited:
            self._boss.fail(reason, process)
            return
        if wanted and seconds is None:
            self._give_up(process, reason)
            return
        self._plan.journal.say(reason, journald.WARNING if failed else journald.INFO)
        if seconds is None:
            self._unblock()
            return
        process.state = WAITING
        process.restarts += 1
        process.due = now + seconds
        self._follow(process)
        self._plan.journal.say(f"{process} starts again in {seconds:g}s")

    def _give_up(self, process: Process, reason: str) -> None:
        """It has failed for good; the others serve on, unless the release cannot do without it."""
        process.state = FAILED
        process.gave_up = reason
        if process.spec.required:
            self._boss.fail(reason, process)
            return
        self._plan.journal.say(f"{reason}: it has failed, the others serve on", journald.ERROR)
        self._unblock()
        self._boss.gave_up(process)

    def _record(self) -> None:
        """Whoever has to stop us by force finds in the lock what else to kill."""
        self._plan.lock.update(groups=sorted(self._by_pid))
