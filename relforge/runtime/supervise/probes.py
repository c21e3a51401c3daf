"""Asking a program that relforge did not write whether it is ready: a short-lived child."""

from __future__ import annotations

import json
import os

from . import launch
from .plan import Plan
from .process import Process

TIMEOUT = 5.0  # seconds that one probe may take


def spawn(plan: Plan, process: Process) -> int:
    """Start a probe; exit status 0 says ready."""
    python, spec = process.generation.python, process.spec
    boot = os.path.join(process.generation.paths.root, launch.BOOT)
    question = json.dumps({**spec.ready, "cwd": spec.cwd, "timeout": TIMEOUT})
    environ = launch.environment(plan, process)
    for name in ("RELFORGE_SERVICE", "RELFORGE_CONFIG_FD", "NOTIFY_SOCKET"):
        environ.pop(name)
    return os.posix_spawn(
        python,
        [python, "-I", "-S", "-B", boot, "probe", question],
        environ,
        file_actions=[(os.POSIX_SPAWN_OPEN, fd, os.devnull, os.O_RDWR, 0) for fd in (0, 1, 2)],
        setpgroup=0,
        setsigmask=(),
        setsigdef=launch.DEFAULT,
    )
