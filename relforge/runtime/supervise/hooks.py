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

from .. import running
from ..config import loading
from ..contract.hook import Hook
from ..errors import Refusal
from ..protocol import questions
from ..wire.spawn import FIRST, application, spawn
from .edge import Edge
from .generation import Generation
from .plan import Plan
from .rules.events import HookEnded
from .runs import Run, Runs

IN_HOOK = "RELEASE_IN_HOOK"  # the name of the hook, to all that it starts


class Hooks:
    """Runs them; posts a `HookEnded` for each."""

    def __init__(self, edge: Edge) -> None:
        self._edge = edge
        self._runs = Runs(edge, self._ended)
        self.within, self.kill, self.tick = self._runs.within, self._runs.kill, self._runs.tick

    def begin(self, name: str, born: Generation, facts: dict[str, str]) -> None:
        """Run the hook of a release.

        ``facts`` go to it as variables ``RELEASE_HOOK_<NAME>``, and to a function
        that takes a parameter as a dict.
        """
        hook = Hook.of(born.manifest["hooks"][name], name=name)
        plan = self._edge.plan
        plan.journal.say(f"{name} runs")
        run = Run(name, f"the hook {name}", hook.timeout)
        try:
            self._runs.begin(run, lambda output: _spawn(plan, born, hook, facts, output))
        except OSError as error:
            problem = f"the hook {name} cannot be started: {error.strerror}"
            self._edge.post(HookEnded(name, problem))
        except Refusal as error:  # a ${key} that is not set
            self._edge.post(HookEnded(name, error.message))

    def _ended(self, run: Run, problem: str, lines: list[str]) -> None:
        self._edge.post(HookEnded(run.name, problem, lines))


def _spawn(plan: Plan, born: Generation, hook: Hook, facts: dict[str, str], output: int) -> int:
    """Its pid; raises OSError, and Refusal."""
    values = loading.read(born.config)["values"]
    state = plan.paths.state
    hook = running.settled(hook, values, f"hooks.{hook.name}", root=born.paths.root, state=state)
    cwd = state if hook.cwd is None else hook.cwd
    question = questions.hook(hook, facts, cwd, os.getpid())
    environ = {**born.handed_variables(None), **hook.env}
    environ.update({f"RELEASE_HOOK_{key.upper()}": value for key, value in facts.items()})
    environ[IN_HOOK] = hook.name
    environ[questions.HOOK] = json.dumps(question)
    environ[questions.CONFIG_FD] = str(FIRST)
    words = application(born.python, born.paths.root, "hook")
    return spawn(words, environ, descriptors=(born.config,), output=output, alone=True)
