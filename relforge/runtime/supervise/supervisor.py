"""The supervisor's loop: start all, wait until ready, keep alive, stop all."""

from __future__ import annotations

import math
import os
import signal
import time

from ..errors import DONE, FAILED, FORCED, LOCKED, Refusal
from ..protocol import supervisor as messages
from . import handover, journald, orphans
from .children import Children
from .control import Client, Control
from .generation import Generation
from .hooks import Hooks
from .operation import Operation, refused
from .plan import Plan
from .poller import Poller
from .process import ENDED, RUNNING, STARTING, STOPPED, STOPPING, Process
from .process import FAILED as BROKEN
from .readiness import missing
from .reload import Diff, Reload
from .signals import Signals
from .switched import Switched
from .tools import Tools
from .upgrade import Upgrade

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


class Outcome:
    """How it ended: an exit status, and the reason where there is something to tell."""

    __slots__ = ("code", "hint", "message", "tail")

    def __init__(self) -> None:
        self.code = DONE
        self.message = ""
        self.hint = ""
        self.tail: list[str] = []


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
        self._hooks = Hooks(self.poller)
        self._children = Children(plan, self.poller, self._hooks, self)
        self._say = plan.journal.say
        self._manager = plan.manager
        self._running = running
        self._began = time.monotonic()
        self._limit = None if wait is None else self._began + wait
        self._waiting: list[Client] = []  # those who asked for the stop
        self._started = False  # pre_start is over, and all went well
        self._ending = False  # pre_stop is over
        self._swept = False  # post_stop has begun
        self._patience: float | None = None  # until when everything has to be gone
        self._operation: Operation | None = None
        self._tools = Tools(plan, self.poller, self._children, self._hooks)
        self._control: Control
        self._resumed: tuple[dict[str, Any], Generation] | None = None

    def run(self) -> Outcome:
        """Return when everything has ended and all the processes are gone."""
        signals = Signals(self.poller, self._signal)
        control = self._control = Control(self.plan.control, self.poller, self._answer)
        control.left = self._left
        try:
            self.plan.lock.update(operation=None, pid=os.getpid())
            orphans.adopt()
            self._children.reap()
            self._keep()
            if self._resumed is None:
                self._children.fill()
                self._hooks.begin(self.plan, "pre_start", self._may_start)
            else:
                self._go_on(*self._resumed)
            while not self._over():
                self._settle()
                self.poller.wait(self._tick())
        finally:
            self._hooks.kill()
            for process in self._children.all:
                process.kill()
            self._children.sweep()
            signals.close()
        for client in self._waiting:
            client.send(messages.stopped(self._children.forced))
            control.drop(client)
        return self.outcome

    def resume(self, content: dict[str, Any], rows: list[Process], old: Generation) -> None:
        """Let `run` go on where a `handover` has ended, with these processes."""
        self._resumed = content, old
        self.state = RUNNING
        self._started = True
        self._began = content["began"]
        for process in rows:
            self._children.adopt(process)

    def stop(self, *, timeout: float | None = None) -> None:
        """Tell every process to stop; idempotent, but for a shorter time-out."""
        was = self.state
        if was != STOPPING:
            self.state = STOPPING
            self._say("stopping")
            self._manager.stopping(self.outcome.message or "stopping")
            if self._operation is not None:
                self._operation.stop(f"the {self._operation.name} ends: everything is stopped")
            for process in self._children.all:
                process.change = None
            for process in (*self._children.coming, *self._children.leaving):
                self._children.end(process)
        if timeout is not None:
            self._patience = min(self._patience or math.inf, time.monotonic() + timeout)
        if was == RUNNING:
            self._hooks.begin(self.plan, "pre_stop", self._may_stop)
        elif was == STARTING:
            self._hooks.kill()
            self._end()
        elif self._ending:
            self._children.stop(self._patience)
        if timeout is not None:
            self._hooks.within(timeout / 2)  # the other half is the services'

    def fail(self, message: str, process: Process | None = None, *, hint: str = "") -> None:
        """Stop everything; the supervisor's exit status will be 1, for this reason."""
        if self.state == STOPPING:
            return
        self.outcome.code = FAILED
        self.outcome.message = message
        self.outcome.hint = hint
        if process is not None and process.output is not None:
            self.outcome.tail = list(process.output.tail)
        self._say(message, journald.ERROR)
        self.stop()

    def kill(self) -> None:
        """No more patience."""
        self.stop()
        self._hooks.kill()
        self._end()
        for process in self._children.all:
            self._children.force(process)

    def status(self) -> dict[str, Any]:
        """The answer of ``status --json``."""
        now = time.monotonic()
        manifest = self.plan.generation.manifest
        return {
            "name": manifest["name"],
            "version": manifest["version"],
            "state": self.state,
            "pid": os.getpid(),
            "uptime": round(now - self._began, 1),
            "services": [
                {**row.report(now), "listen": self._places(row)} for row in self._children.rows
            ],
            "operation": None if self._operation is None else self._operation.report(now),
            "coming": [row.report(now) for row in self._children.coming],
            "leaving": [row.report(now) for row in self._children.leaving],
        }

    def describe(self) -> str:
        """``shop 1.0.0 is running (pid 7): web.1 on 127.0.0.1:8000, worker.1``."""
        rows = []
        for process in self._children.rows:
            places = " and ".join(self._places(process))
            if process.gave_up:
                rows.append(f"{process} has failed")
            else:
                rows.append(f"{process} on {places}" if places else str(process))
        manifest = self.plan.generation.manifest
        head = f"{manifest['name']} {manifest['version']} is running (pid {os.getpid()})"
        return f"{head}: {', '.join(rows)}" if rows else head

    def _places(self, process: Process) -> list[str]:
        return [row.address for row in process.generation.listeners[process.spec.name]]

    def _signal(self, number: int) -> None:
        if number in (signal.SIGTERM, signal.SIGINT):
            name = signal.Signals(number).name
            if self.state == STOPPING:
                self._say(f"{name} once more: everything is killed")
                self.kill()
            else:
                self._say(f"{name} received")
                self.stop()
        elif number == signal.SIGCHLD:
            self._children.reap()
        elif number == signal.SIGUSR2:
            self.plan.journal.reopen()
        elif number == signal.SIGHUP:
            self._reread()

    def _answer(self, message: dict[str, Any], client: Client) -> None:
        try:
            request = messages.ControlRequest(message)
        except ValueError as error:
            client.send(messages.error(str(error)))
            return
        try:
            self._do(request, client)
        except Exception as error:
            self._say(f"a request failed: {request.op}: {type(error).__name__}: {error}")
            client.send(messages.error(f"{type(error).__name__}: {error}"))

    def _do(self, request: messages.ControlRequest, client: Client) -> None:
        match request.op:
            case messages.PING:
                client.send(messages.pong(os.getpid()))
            case messages.STATUS:
                client.send(self.status())
            case messages.STOP:
                client.send(messages.stopping())
                self._waiting.append(client)
                self.stop(timeout=request.timeout)
            case messages.RELOAD:
                self._reload(client)
            case messages.DIFF:
                self._begin(lambda: Diff(self._tools, client, self._done), client)
            case messages.UPGRADE:
                self._upgrade(client, request.root, dry=request.dry)
            case messages.SWITCHED if isinstance(self._operation, Switched):
                self._operation.go_on()
            case _:
                client.send(messages.error(f"unknown operation {request.op!r}"))

    def crashed(self, process: Process, reason: str) -> None:
        """Have on_crash told, one crash at a time."""
        if self._operation is not None:
            self._operation.crashed(process, reason)
        if self._hooks.runs("on_crash"):
            self._say(f"on_crash is still running: not called for {process}")
            return
        self._hooks.begin(self.plan, "on_crash", self._told, service=str(process), reason=reason)

    def gave_up(self, process: Process) -> None:
        """Have the service manager say so."""
        if self.state == RUNNING and self._operation is None:
            self._manager.status(self.describe())

    def _may_start(self, problem: str, lines: list[str]) -> None:
        if problem:
            self.fail(problem)
            self.outcome.tail = lines
        elif self.state == STARTING:
            self._started = True
            for process in self._children.rows:
                if self.state == STARTING:
                    self._children.start(process)

    def _may_stop(self, problem: str, lines: list[str]) -> None:
        self._told(problem, lines)
        self._end()

    def _told(self, problem: str, _lines: list[str]) -> None:
        """Of a hook whose failure changes nothing."""
        if problem:
            self._say(problem)

    def _end(self) -> None:
        """Every process is told to stop; idempotent."""
        if self._ending:
            return
        self._ending = True
        # First, so that nobody is let in between us and the last process.
        for row in self.plan.generation.sockets():
            row.close()
        self._children.stop(self._patience)

    def _reload(self, client: Client | None) -> None:
        self._begin(lambda: Reload(self._tools, client, self._done), client)

    def _reread(self) -> None:
        """`systemctl reload` of ``Type=notify-reload``: it waits for the word, whatever comes."""
        self._manager.reloading()
        self._reload(None)
        if self._operation is None:
            self._manager.ready(self.describe())

    def _keep(self) -> None:
        """Leave our sockets with the manager, for the supervisor after us."""
        if self._manager.stores:
            for row in self.plan.generation.sockets():
                row.keep(self._manager)

    def _upgrade(self, client: Client, root: str, *, dry: bool) -> None:
        def make() -> Operation:
            upgrade = Upgrade(self._tools, client, self._done, self._switch, dry=dry)
            upgrade.begin(root)
            return upgrade

        self._begin(make, client)

    def _switch(self, old: Generation) -> None:
        """Become the supervisor of the generation that has the places now; returns on failure."""
        upgrade = self._operation
        assert isinstance(upgrade, Upgrade)
        clients = self._control.dump(upgrade.client)
        content = handover.state(self.plan, old, self._children.rows, clients, self._began)
        try:
            handover.become(self.plan, content)
        except OSError as error:
            upgrade.not_switched(f"its interpreter does not start: {error.strerror}")

    def _go_on(self, content: dict[str, Any], old: Generation) -> None:
        """The end of the upgrade that has brought us here."""
        client = self._control.adopt(content["clients"])
        if content["error"]:
            upgrade = Upgrade(self._tools, client, self._done, self._switch)
            self._operation = upgrade
            upgrade.take_back(old, content["error"])
        else:
            self._operation = switched = Switched(self.plan, self._hooks, client, self._done, old)
            switched.begin()

    def _begin(self, make: Callable[[], Operation], client: Client | None) -> None:
        """Begin long work: one at a time, and on what runs."""
        try:
            if self._operation is not None:
                raise Refusal(f"its {self._operation.name} is under way", code=LOCKED)
            if self.state != RUNNING:
                raise Refusal(f"it is {self.state}", hint="wait until it is running", code=LOCKED)
            self._operation = make()
            self.plan.lock.update(operation=self._operation.name)
        except Refusal as error:
            self._say(error.message)
            if client is not None:
                client.send(refused(error))

    def _done(self) -> None:
        self._operation = None
        self.plan.lock.update(operation=None)
        self._keep()
        self._manager.ready(self.describe())

    def _left(self, client: Client) -> None:
        if self._operation is not None and self._operation.client is client:
            self._operation.left()

    def _settle(self) -> None:
        """From starting to running, once every required process is ready."""
        if self.state != STARTING or not self._started or self._unready() is not None:
            return
        self.state = RUNNING
        line = self.describe()
        self._say(line)
        self._manager.ready(line)
        self._running(line)
        self._hooks.begin(self.plan, "post_start", self._told)

    def _unready(self) -> Process | None:
        """One that everybody waits for; who was ready, and is done, is not waited for."""
        for row in self._children.rows:
            if row.spec.awaited and not row.ready and row.state != STOPPED:
                return row
        return None

    def _tick(self) -> float | None:
        """Do what is due; the seconds until the next thing is."""
        due = self._children.tick()
        hook = self._hooks.tick()
        limit = self._limit if self.state == STARTING else None
        now = time.monotonic()
        work = None if self._operation is None else self._operation.tick(now)
        if limit is not None and now >= limit:
            process = self._unready() if self._started else None
            who = process or "the hook pre_start"
            hint = missing(process) if process else ""
            self.fail(f"{who} was not ready within {now - self._began:.0f}s", process, hint=hint)
            return 0.0
        beat = self._manager.beat(now)
        times = [moment for moment in (due, hook, limit, work, beat) if moment is not None]
        return min(times) - now if times else None

    def _over(self) -> bool:
        """Has everything ended, post_stop included?"""
        rows = self._children.all
        if any(process.state not in ENDED for process in rows):
            return False
        if self.state == STOPPING and not self._ending:
            return False
        if self.state != STOPPING:
            # Without services a release runs until it is stopped.
            if not rows:
                return False
            self.state = STOPPING
            if any(process.state == BROKEN for process in rows):
                self.outcome.code = FAILED
                reasons = [process.gave_up for process in rows if process.gave_up]
                ended = "every service has ended, not all of them well"
                self.outcome.message = reasons[0] if len(rows) == 1 and reasons else ended
        if not self._swept:
            self._swept = True
            if self._children.forced and self.outcome.code == DONE:
                self.outcome.code = FORCED
            if self._started:
                self._hooks.begin(self.plan, "post_stop", self._told, reason=self.outcome.message)
        return not self._hooks.busy
