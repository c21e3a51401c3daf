"""The state of a process that has to be gone before its successor starts: asked for, and kept.

A short-lived child asks, which may wait; see `relforge.runtime.handoff`.
"""

from __future__ import annotations

import os

from ..wire.descriptors import high
from ..wire.spawn import bare, spawn
from . import launch
from .children import Children
from .generation import Generation
from .plan import Plan
from .process import Process

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


def keeps(process: Process) -> bool:
    """Can it be asked?  Neither a program nor gunicorn's master has the application."""
    return bool(process.ready and process.spec.kind != "exec" and process.spec.server != "gunicorn")


def keep(
    plan: Plan, children: Children, process: Process, born: Generation, done: Callable[[int], None]
) -> None:
    """Call ``done`` with a memfd of what it says, also where that is nothing; raises OSError.

    The child, of the generation that comes, sees to it that this does not take long.
    """
    said = high(os.memfd_create("relforge-kept", os.MFD_CLOEXEC))
    try:
        words = bare(born.python, born.paths.root, "keep", plan.paths.socket(str(process)))
        child = spawn(words, launch.variables(plan, born), descriptors=(said,))
    except OSError:
        os.close(said)
        raise
    children.watch(child, lambda _status: done(said))
