"""Asking a program that relforge did not write whether it is ready: a short-lived child."""

from __future__ import annotations

import json

from ..protocol import questions
from ..wire.spawn import DISCARDED, bare, spawn
from . import launch
from .generation import Generation
from .plan import Plan
from .rules.lifecycle import PROBE_LIMIT
from .rules.world import Process

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def start(plan: Plan, process: Process) -> int:
    """Start a probe; exit status 0 says ready."""
    environ = launch.environment(plan, process)
    for name in (questions.SERVICE, questions.CONFIG_FD, "NOTIFY_SOCKET"):
        environ.pop(name)
    assert isinstance(process.spec.ready, dict)
    question = questions.probe(process.spec.ready, process.spec.cwd, PROBE_LIMIT)
    return _spawn(process.generation, question, environ)


def ask(plan: Plan, born: Generation, settings: dict[str, Any]) -> int:
    """Start a probe of a whole release; exit status 0 says that it is well."""
    question = questions.probe(settings, plan.paths.state, PROBE_LIMIT)
    return _spawn(born, question, born.variables())


def _spawn(born: Generation, question: dict[str, Any], environ: dict[str, str]) -> int:
    words = bare(born.python, born.paths.root, "probe", json.dumps(question))
    return spawn(words, environ, output=DISCARDED)
