"""Hooks: what the project wants done at the turns of a release's life, each in a fresh child.

    hooks = Hooks(edge)
    hooks.begin("pre_upgrade", generation, {"version": "1.2.0"})     # returns at once
    edge.post(HookEnded(name, problem, lines))  # later: "" where all went well

The same in every way of starting, because the supervisor runs them.  What a
failure means is the caller's business; the hook's own is that it ends in time.
"""

from __future__ import annotations

import json
import os
import signal
import time

from .. import running
from ..config import loading
from ..contract.hook import Hook
from ..errors import Refusal
from ..protocol import questions
from ..wire.spawn import FIRST, INHERITED, application, spawn
from .edge import Edge
from .generation import Generation
from .output import Output
from .plan import Plan
from .poller import READ
from .process import ending, kill_group, signal_group
from .rules.events import HookEnded

IN_HOOK = "RELEASE_IN_HOOK"  # the name of the hook, to all that it starts
GRACE = 2.0  # seconds between SIGTERM and SIGKILL of one that takes too long


class HookRun:
    """One hook that is under way; ``due`` is when it must be gone, or is asked to go."""

    def __init__(self, name: str, limit: float) -> None:
        self.name = name
        self.limit = limit
        self.due = time.monotonic() + limit
        self.asked = False
        self.pid = 0
        self.output: Output | None = None


class Hooks:
    """Runs them; posts a `HookEnded` for each."""

    def __init__(self, edge: Edge) -> None:
        self._edge = edge
        self._runs: dict[int, HookRun] = {}

    def begin(self, name: str, born: Generation, facts: dict[str, str]) -> None:
        """Run the hook of a release.

        ``facts`` go to it as variables ``RELEASE_HOOK_<NAME>``, and to a function
        that takes a parameter as a dict.
        """
        hook = Hook.of(born.manifest["hooks"][name], name=name)
        run = HookRun(name, hook.timeout)
        self._edge.plan.journal.say(f"{name} runs")
        try:
            run.pid, output = _spawn(self._edge.plan, born, hook, facts)
        except OSError as error:
            problem = f"the hook {name} cannot be started: {error.strerror}"
            self._edge.post(HookEnded(name, problem))
            return
        except Refusal as error:  # a ${key} that is not set
            self._edge.post(HookEnded(name, error.message))
            return
        self._runs[run.pid] = run
        if output >= 0:
            run.output = Output(output, name, self._edge.plan.journal)
            self._edge.poller.add(output, READ, lambda _events: self._printed(run))
        self._edge.watch(run.pid, lambda status: self._ended(run, status))

    def within(self, seconds: float) -> None:
        """Those that are under way have so much time and no more."""
        for run in self._runs.values():
            if not run.asked and time.monotonic() + seconds < run.due:
                run.limit = seconds
                run.due = time.monotonic() + seconds

    def kill(self) -> None:
        """End all of them now."""
        for pid, run in self._runs.items():
            run.asked, run.limit = True, 0.0
            kill_group(pid)

    def tick(self) -> float | None:
        """Do what is due; when the next thing is, on the monotonic clock."""
        now = time.monotonic()
        for pid, run in self._runs.items():
            if run.due > now:
                continue
            signal_group(pid, signal.SIGKILL if run.asked else signal.SIGTERM)
            run.asked = True
            run.due = now + GRACE
        return min((run.due for run in self._runs.values()), default=None)

    def _ended(self, run: HookRun, status: int) -> None:
        """A hook is gone, with this wait status."""
        del self._runs[run.pid]
        lines: list[str] = []
        if run.output is not None:
            if run.output.fd >= 0:
                self._edge.poller.remove(run.output.fd)
                run.output.finish()
            lines = list(run.output.tail)
        problem = ""
        if not run.limit:
            problem = f"the hook {run.name} was stopped"
        elif run.asked:
            problem = f"the hook {run.name} did not end within {run.limit:g}s and was stopped"
        elif status:
            problem = f"the hook {run.name} {ending(status)}"
        self._edge.post(HookEnded(run.name, problem, lines))

    def _printed(self, run: HookRun) -> None:
        if run.output is not None and run.output.read() == 0:
            self._edge.poller.remove(run.output.fd)


def _spawn(plan: Plan, born: Generation, hook: Hook, facts: dict[str, str]) -> tuple[int, int]:
    """Pid, and the reading end of its output or -1; raises OSError."""
    values = loading.read(born.config)["values"]
    state = plan.paths.state
    hook = running.settled(hook, values, f"hooks.{hook.name}", root=born.paths.root, state=state)
    cwd = state if hook.cwd is None else hook.cwd
    question = questions.hook(hook, facts, cwd, os.getpid())
    kept = born.withheld(None)
    environ = {name: text for name, text in born.variables().items() if name not in kept}
    environ.update(hook.env)
    environ.update({f"RELEASE_HOOK_{key.upper()}": value for key, value in facts.items()})
    environ[IN_HOOK] = hook.name
    environ[questions.HOOK] = json.dumps(question)
    environ[questions.CONFIG_FD] = str(FIRST)
    output, theirs = -1, INHERITED
    words = application(born.python, born.paths.root, "hook")
    try:
        if plan.journal.path is not None:
            output, theirs = os.pipe()
        pid = spawn(words, environ, descriptors=(born.config,), output=theirs, alone=True)
    except BaseException:
        if output >= 0:
            os.close(output)
        raise
    finally:
        if theirs >= 0:
            os.close(theirs)
    return pid, output
