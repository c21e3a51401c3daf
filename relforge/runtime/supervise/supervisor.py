"""The supervisor's loop: whatever happens becomes an event, and `rules` decide what to do."""

from __future__ import annotations

import os
import signal
import time
from collections import deque

from ..protocol import supervisor as messages
from . import jobs, orphans, report
from .control import Control, ControlClient
from .control_files import ControlFiles
from .generation import Generation
from .performer import Performer
from .plan import Plan
from .poller import Poller
from .rules import events
from .rules.decide import step
from .rules.values import Value
from .rules.world import RUNNING, Outcome, Process, World
from .signals import Signals, meaning

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from .output import Output


_DRIFT = 0.5  # seconds that the two clocks may drift apart before the schedule looks again


class Supervisor:
    """Runs a plan to its end.

    ``running`` is called once, when every required service has said that it is
    ready; within ``wait`` seconds (None: without a limit of its own).
    """

    def __init__(
        self, plan: Plan, *, wait: float | None = None, running: Callable[[str], None]
    ) -> None:
        self.plan = plan
        self.poller = Poller()
        began = time.monotonic()
        self.world = World(plan.generation, began, None if wait is None else began + wait)
        self._queue: deque[Value] = deque()
        self._control = Control(plan.control, self.poller, self._answer)
        self._files = ControlFiles(plan)
        self._control.left = lambda client: self.post(events.Left(client.number))
        self._performer = Performer(plan, self.poller, self._control, self.post, running)

    def post(self, event: Value) -> None:
        """Something has happened: it is looked at in its turn."""
        self._queue.append(event)

    def run(self) -> Outcome:
        """Return when everything has ended and all the processes are gone."""
        signals = Signals(self.poller, self._signal)
        performer = self._performer
        try:
            self.plan.lock.update(operation=None, pid=os.getpid())
            orphans.adopt()
            performer.processes.reap()
            performer.keep_sockets()
            if not self.world.started:
                self.world.fill()
                self.post(events.Begun())
            performer.jobs.read(self.plan.generation)
            self._decide()
            while not self.world.ended:
                self.poller.wait(self._tick())
                self._decide()
        finally:
            performer.hooks.kill()
            performer.jobs.kill()
            performer.processes.end()
            signals.close()
        for number in self.world.waiting:
            self._control.send(number, messages.stopped(self.world.forced))
            self._control.hang_up(number)
        outcome = self.world.outcome
        if outcome.key:
            outcome.tail = performer.processes.tail(outcome.key)
        return outcome

    def resume(self, content: dict[str, Any], old: Generation) -> None:
        """Let `run` go on where a `handover` has ended, with the processes of `adopt`."""
        client = self._control.adopt(content["clients"])
        self.world.state = RUNNING
        self.world.started = True
        self.world.began = content["began"]
        self.post(events.Resumed(client, old, content["error"]))

    def adopt(self, process: Process, content: dict[str, Any], output: Output | None) -> None:
        """Go on with a process that another supervisor has started."""
        self.world.rows.append(process)
        self._performer.processes.adopt(process, content, output)

    def adopt_job(self, row: dict[str, Any]) -> None:
        """Go on with the run of a job that another supervisor has begun."""
        self._performer.jobs.adopt(row)

    def _decide(self) -> None:
        """Have the rules look at what has happened, and do what they ask for."""
        queue = self._queue
        while queue:
            event = queue.popleft()
            self.world, wanted = step(self.world, event, time.monotonic())
            self.plan.generation = self.world.generation
            # What an effect answers comes before whatever else has happened.
            rest = list(queue)
            queue.clear()
            try:
                for effect in wanted:
                    self._performer.perform(effect, self.world)
            finally:
                queue.extend(rest)
        if self.world.switch is not None and not self.world.hooks:
            self._performer.perform(self.world.switch, self.world)  # on success it does not return
            self._decide()
        if self.world.operation is None:
            self._performer.processes.forget(self.world)

    def _tick(self) -> float | None:
        """The seconds until something is due; what is due already is done first."""
        now = time.monotonic()
        if self.world.jobs and abs(jobs.offset() - self.world.offset) > _DRIFT:
            self.post(events.ClockSet(jobs.offset()))
            return 0.0
        due = self.world.due()
        if due is not None and now >= due:
            self.post(events.Due())
            return 0.0
        files = self._files.listen_again(now)
        times = (due, self._performer.tick(now), self.plan.manager.beat(now), files)
        soonest = min((moment for moment in times if moment is not None), default=None)
        return None if soonest is None else soonest - now

    def _signal(self, number: int) -> None:
        if number == signal.SIGCHLD:
            self._performer.processes.reap()
        elif number == signal.SIGUSR2:
            self.plan.journal.reopen()
        else:
            self.post(events.Signaled(meaning(number)))

    def _answer(self, message: dict[str, Any], client: ControlClient) -> None:
        try:
            request = messages.ControlRequest(message)
        except ValueError as error:
            client.send(messages.error(str(error)))
            return
        try:
            self._decide()
            self._do(request, client)
        except Exception as error:
            text = f"{type(error).__name__}: {error}"
            self.plan.journal.say(f"a request failed: {request.op}: {text}")
            client.send(messages.error(text))

    def _do(self, request: messages.ControlRequest, client: ControlClient) -> None:
        if request.op == messages.PING:
            client.send(messages.pong(os.getpid()))
        elif request.op == messages.STATUS:
            client.send(report.status(self.world, time.monotonic()))
        else:
            op = str(request.op)
            facts = {
                name: getattr(request, name) for name in ("timeout", "root", "dry", "every", "only")
            }
            self.post(events.Asked(client.number, op, **facts))
            self._decide()
