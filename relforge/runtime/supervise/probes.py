"""Asking a program that relforge did not write whether it is ready: a short-lived child."""

from __future__ import annotations

import json
import os

from . import launch
from .generation import Generation
from .plan import Plan
from .process import Process

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

TIMEOUT = 5.0  # seconds that one probe may take


def spawn(plan: Plan, process: Process) -> int:
    """Start a probe; exit status 0 says ready."""
    environ = launch.environment(plan, process)
    for name in ("RELFORGE_SERVICE", "RELFORGE_CONFIG_FD", "NOTIFY_SOCKET"):
        environ.pop(name)
    assert isinstance(process.spec.ready, dict)
    question = {**process.spec.ready, "cwd": process.spec.cwd}
    return _spawn(process.generation, question, environ)


def ask(plan: Plan, born: Generation, question: dict[str, Any]) -> int:
    """Start a probe of a whole release; exit status 0 says that it is well."""
    question = {**question, "cwd": plan.paths.state}
    return _spawn(born, question, launch.variables(plan, born))


def _spawn(born: Generation, question: dict[str, Any], environ: dict[str, str]) -> int:
    boot = os.path.join(born.paths.root, launch.BOOT)
    words = json.dumps({**question, "timeout": TIMEOUT})
    return os.posix_spawn(
        born.python,
        [born.python, "-I", "-S", "-B", boot, "probe", words],
        environ,
        file_actions=[(os.POSIX_SPAWN_OPEN, fd, os.devnull, os.O_RDWR, 0) for fd in (0, 1, 2)],
        setpgroup=0,
        setsigmask=(),
        setsigdef=launch.DEFAULT,
    )
