"""The supervisor's loop: start all, wait until ready, keep alive, stop all."""

from __future__ import annotations

import os
import signal
import time

from ..errors import DONE, FAILED, FORCED
from . import launch, probes, systemd
from .control import Client, Control
from .notices import sender
from .output import Output
from .plan import Plan
from .poller import READ, Poller
from .process import (
    ASKED,
    DUMP,
    DUMPED,
    ENDED,
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
from .process import FAILED as BROKEN
from .restarts import Restarts
from .signals import Signals

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

GRACE = 3.0  # seconds after the drain before force: servers end idle connections then
DUMPING = 0.5  # seconds to print the stacks
HOPELESS = 5.0  # seconds after which a process that SIGKILL does not end is left behind
PROBING = 0.5  # seconds between two probes


class Outcome:
    """How it ended: an exit status, and the reason where there is something to tell."""

    __slots__ = ("code", "forced", "message", "tail")

    def __init__(self) -> None:
        self.code = DONE
        self.message = ""
        self.tail: list[str] = []
        self.forced: list[str] = []


class Supervisor:
    """Runs a plan to its end.

    ``running`` is called once, when every required service has said that it is
    ready; within ``wait`` seconds (None: without a limit of its own).
    """

    def __init__(
        self, plan: Plan, *, wait: float | None = None, running: Callable[[str], None]
    ) -> None:
        self.plan = plan
        self.state = STARTING
        self.outcome = Outcome()
        self.poller = Poller()
        self._say = plan.journal.say
        self._running = running
        self._began = time.monotonic()
        self._limit = None if wait is None else self._began + wait
        self._processes = [
            Process(spec, number + 1) for spec in plan.specs for number in range(spec.instances)
        ]
        self._restarts = {spec.name: Restarts(spec) for spec in plan.specs}
        self._by_pid: dict[int, Process] = {}
        self._probes: dict[int, Process] = {}
        self._waiting: list[Client] = []  # those who asked for the stop

    def run(self) -> Outcome:
        """Return when everything has ended and all the processes are gone."""
        signals = Signals(self.poller, self._signal)
        control = Control(self.plan.control, self.poller, self._answer)
        self.poller.add(self.plan.notices.sock.fileno(), READ, self._noticed)
        try:
            self.plan.lock.update(operation=None, pid=os.getpid())
            self._reap()
            for process in self._processes:
                self._start(process)
            while not self._over():
                self._settle()
                self.poller.wait(self._tick())
        finally:
            for process in self._processes:
                process.kill()
            signals.close()
        for client in self._waiting:
            client.send({"stopped": True, "forced": self.outcome.forced})
            control.drop(client)
        return self.outcome

    # --- what is asked of it

    def stop(self, *, timeout: float | None = None) -> None:
        """Tell every process to stop; idempotent, but for a shorter time-out."""
        now = time.monotonic()
        if self.state != STOPPING:
            self.state = STOPPING
            self._limit = None
            self._say("stopping")
            systemd.notify(self.plan.manager, "STOPPING=1")
            # First, so that nobody is let in between us and the last process.
            for rows in self.plan.listeners.values():
                for row in rows:
                    row.close()
            for process in self._processes:
                self._end(process)
        if timeout is not None:
            for process in self._processes:
                if process.state == STOPPING and process.stage < DUMPED:
                    self._within(process, now, timeout)

    def fail(self, message: str, process: Process | None = None) -> None:
        """Stop everything; the supervisor's exit status will be 1, for this reason."""
        if self.state == STOPPING:
            return
        self.outcome.code = FAILED
        self.outcome.message = message
        if process is not None and process.output is not None:
            self.outcome.tail = list(process.output.tail)
        self._say(message)
        self.stop()

    def kill(self) -> None:
        """No more patience."""
        self.stop()
        for process in self._processes:
            if process.pid:
                self._force(process)

    def status(self) -> dict[str, Any]:
        """The answer of ``status --json``."""
        now = time.monotonic()
        manifest = self.plan.manifest
        rows = []
        for process in self._processes:
            listen = [row.address for row in self.plan.listeners[process.spec.name]]
            rows.append({**process.report(now), "listen": listen})
        return {
            "name": manifest["name"],
            "version": manifest["version"],
            "state": self.state,
            "pid": os.getpid(),
            "uptime": round(now - self._began, 1),
            "services": rows,
        }

    # --- events

    def _signal(self, number: int) -> None:
        if number in (signal.SIGTERM, signal.SIGINT):
            if self.state == STOPPING:
                self._say(f"{signal.Signals(number).name} once more: everything is killed")
                self.kill()
            else:
                self._say(f"{signal.Signals(number).name} received")
                self.stop()
        elif number == signal.SIGCHLD:
            self._reap()
        elif number == signal.SIGUSR2:
            self.plan.journal.reopen()
        elif number == signal.SIGHUP:
            self._say("SIGHUP is ignored; `restart` reads the configuration anew")

    def _answer(self, message: dict[str, Any], client: Client) -> None:
        match message.get("op"):
            case "ping":
                client.send({"pong": True, "pid": os.getpid()})
            case "status":
                client.send(self.status())
            case "stop":
                timeout = message.get("timeout")
                client.send({"stopping": True})
                self._waiting.append(client)
                self.stop(timeout=float(timeout) if timeout is not None else None)
            case other:
                client.send({"error": f"unknown operation {other!r}"})

    def _noticed(self, _events: int) -> None:
        while (notice := self.plan.notices.receive()) is not None:
            pid, fields = notice
            known = sender(pid, self._by_pid)
            if known is None:
                continue
            process = self._by_pid[known]
            process.status = fields.get("STATUS", process.status)
            probed = process.spec.kind == "exec" and process.spec.ready != "notify"
            if fields.get("READY") == "1" and not probed:
                self._ready(process)

    def _reap(self) -> None:
        """Take every child that has ended, ours or, as PID 1, anybody's."""
        while True:
            try:
                info = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            except ChildProcessError:
                return
            if info is None:
                return
            pid = info.si_pid
            if pid in self._by_pid or pid in self._probes:
                # While it is a zombie its number, and its group's, is nobody else's.
                kill_group(pid)
            _, status = os.waitpid(pid, 0)
            if pid in self._by_pid:
                self._ended(self._by_pid.pop(pid), status)
            elif pid in self._probes:
                self._probed(self._probes.pop(pid), status)

    # --- one process

    def _start(self, process: Process) -> None:
        now = time.monotonic()
        process.state = STARTING
        process.ready = False
        process.stage = ASKED
        process.status = None
        process.started = now
        process.deadline = now + process.spec.ready_timeout
        process.due = process.deadline
        try:
            started = launch.spawn(self.plan, process.spec, process.instance)
        except OSError as error:
            process.due = None
            process.state = BROKEN
            self._say(f"{process}: cannot be started: {error.strerror}")
            self._again(process, f"{process} cannot be started: {error.strerror}")
            return
        process.pid = started.pid
        self._by_pid[started.pid] = process
        self._groups()
        if started.output >= 0:
            output = Output(started.output, str(process), self.plan.journal)
            if process.output is not None:
                output.tail = process.output.tail
            process.output = output
            self.poller.add(started.output, READ, lambda _events: self._printed(output))
        process.program = started.program
        if started.program >= 0:
            self.poller.add(started.program, READ, lambda _events: self._executed(process))

    def _printed(self, output: Output) -> None:
        if not output.read():
            # It has closed its output, and may live on.
            self.poller.remove(output.fd)

    def _executed(self, process: Process) -> None:
        """The pipe of a program has ended: its exec succeeded, unless there is something in it."""
        failed = os.read(process.program, 1)
        self._close_program(process)
        if failed:
            return
        if process.spec.ready == "started":
            self._ready(process)
        elif isinstance(process.spec.ready, dict):
            process.due = time.monotonic()

    def _close_program(self, process: Process) -> None:
        if process.program >= 0:
            self.poller.remove(process.program)
            os.close(process.program)
            process.program = -1

    def _ready(self, process: Process) -> None:
        if process.state == STARTING:
            process.state = RUNNING
            process.ready = True
            process.due = None
            if self.state == RUNNING:
                self._say(f"{process} is ready")

    def _probe(self, process: Process, now: float) -> None:
        """Ask a program that does not speak of itself; only of sockets that are its own."""
        if process.probe:
            process.due = process.deadline
            return
        process.probe = probes.spawn(self.plan, process.spec)
        self._probes[process.probe] = process
        process.due = min(process.deadline, now + probes.TIMEOUT)

    def _probed(self, process: Process, status: int) -> None:
        process.probe = 0
        if process.state != STARTING:
            return
        if status == 0:
            self._ready(process)
        else:
            process.due = min(process.deadline, time.monotonic() + PROBING)

    def _end(self, process: Process) -> None:
        """Ask a process to stop, in the time that its drain gives it."""
        process.ready = False
        if process.probe:
            kill_group(process.probe)
        if process.pid:
            process.state = STOPPING
            now = time.monotonic()
            process.deadline = now + process.spec.drain + GRACE
            self._within(process, now, process.spec.drain + GRACE)
            process.signal(signal.SIGTERM)
            process.signal(signal.SIGCONT)
        elif process.state not in ENDED:
            process.state = STOPPED
            process.due = None

    def _within(self, process: Process, now: float, seconds: float) -> None:
        """Be gone in so many seconds; a server of ours is told to hurry a while before."""
        process.deadline = min(process.deadline, now + seconds)
        process.due = process.deadline
        if process.spec.kind == "app" and process.stage == ASKED:
            process.due -= min(GRACE, (process.deadline - now) / 2)

    def _force(self, process: Process) -> None:
        self._say(f"{process} did not stop: killed (pid {process.pid})")
        if self.state == STOPPING and str(process) not in self.outcome.forced:
            self.outcome.forced.append(str(process))
        process.kill()
        process.stage = KILLED
        process.due = time.monotonic() + HOPELESS

    def _ended(self, process: Process, status: int) -> None:
        """A process is gone, and with it its group."""
        process.pid = 0
        process.ready = False
        process.due = None
        if process.output is not None and process.output.fd >= 0:
            self.poller.remove(process.output.fd)
            process.output.finish()
        self._close_program(process)
        if process.probe:
            kill_group(process.probe)
        self._groups()
        was, asked = process.state, process.state == STOPPING
        clean = is_clean(status, stopping=asked)
        late = asked and self.state != STOPPING  # it was not ready in time
        process.state = STOPPED if clean else BROKEN
        if self.state == STOPPING:
            if not clean and process.stage != KILLED:
                self._say(f"{process} {ending(status)}")
            return
        early = was == STARTING
        reason = f"{process} {ending(status)}" + (" before it was ready" if early else "")
        if early and self.state == STARTING and process.spec.required:
            self.fail(reason, process)
            return
        self._say(reason)
        self._again(process, reason, failed=late or not clean)

    def _again(self, process: Process, reason: str, *, failed: bool = True) -> None:
        if self.state == STARTING and process.spec.required and failed:
            self.fail(reason, process)
            return
        restarts = self._restarts[process.spec.name]
        if not restarts.wanted(failed=failed):
            return
        now = time.monotonic()
        seconds = restarts.wait(now)
        if seconds is None:
            most, within = process.spec.intensity
            text = f"{reason}; more than {most:g} restarts within {within:g}s, giving up"
            if process.spec.required:
                self.fail(text, process)
            else:
                self._say(text)
            return
        process.state = WAITING
        process.restarts += 1
        process.due = now + seconds
        self._say(f"{process} starts again in {seconds:g}s")

    # --- time

    def _tick(self) -> float | None:
        """Do what is due; the seconds until the next thing is."""
        now = time.monotonic()
        if self._limit is not None and now >= self._limit and self.state == STARTING:
            self.fail(self._late(now), self._unready())
        for process in self._processes:
            if process.due is not None and process.due <= now:
                self._due(process, now)
        times = [process.due for process in self._processes if process.due is not None]
        if self._limit is not None and self.state == STARTING:
            times.append(self._limit)
        return min(times) - time.monotonic() if times else None

    def _due(self, process: Process, now: float) -> None:
        if process.state == WAITING:
            self._start(process)
        elif process.state == STARTING and now >= process.deadline:
            reason = f"{process} was not ready within {process.spec.ready_timeout:g}s"
            if self.state == STARTING and process.spec.required:
                self.fail(reason, process)
            else:
                self._say(f"{reason}: stopped")
                self._end(process)
        elif process.state == STARTING:
            self._probe(process, now)
        elif process.stage == ASKED and now < process.deadline:
            process.stage = HURRIED
            process.due = process.deadline
            process.signal(signal.SIGTERM)
        elif process.stage < DUMPED and process.spec.kind != "exec":
            process.stage = DUMPED
            self._say(f"{process} does not stop; its stacks:")
            process.signal(DUMP)
            process.due = now + DUMPING
        elif process.stage != KILLED:
            self._force(process)
        else:
            self._say(f"{process} (pid {process.pid}) survives SIGKILL: left behind")
            self._by_pid.pop(process.pid, None)
            process.pid, process.state, process.due = 0, BROKEN, None

    def _late(self, now: float) -> str:
        return f"{self._unready()} was not ready within {now - self._began:.0f}s"

    def _unready(self) -> Process | None:
        rows = [row for row in self._processes if row.spec.required and not row.ready]
        return rows[0] if rows else None

    # --- the whole

    def _settle(self) -> None:
        """From starting to running, once every required process is ready."""
        if self.state != STARTING or self._unready_required():
            return
        self.state = RUNNING
        self._limit = None
        line = self.describe()
        self._say(line)
        systemd.notify(self.plan.manager, "READY=1", f"MAINPID={os.getpid()}", f"STATUS={line}")
        self._running(line)

    def _unready_required(self) -> bool:
        return any(
            row.spec.required and not row.ready and row.state != STOPPED for row in self._processes
        )

    def describe(self) -> str:
        """``shop 1.0.0 is running (pid 7): web.1 on 127.0.0.1:8000, worker.1``."""
        rows = []
        for process in self._processes:
            places = " and ".join(row.address for row in self.plan.listeners[process.spec.name])
            rows.append(f"{process} on {places}" if places else str(process))
        manifest = self.plan.manifest
        head = f"{manifest['name']} {manifest['version']} is running (pid {os.getpid()})"
        return f"{head}: {', '.join(rows)}" if rows else head

    def _over(self) -> bool:
        if any(process.state not in ENDED for process in self._processes):
            return False
        if self.state == STOPPING:
            if self.outcome.forced and self.outcome.code == DONE:
                self.outcome.code = FORCED
            return True
        if not self._processes:
            return False  # no services: a release of dependencies only runs until it is stopped
        if self.outcome.code == DONE and any(p.state == BROKEN for p in self._processes):
            self.outcome.code = FAILED
            self.outcome.message = "every service has ended, not all of them well"
        return True

    def _groups(self) -> None:
        """Whoever has to stop us by force finds there what else to kill."""
        self.plan.lock.update(groups=sorted(self._by_pid))
