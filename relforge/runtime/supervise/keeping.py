"""The state of a process that has to be gone before its successor starts: asked for, and kept.

A short-lived child asks, which may wait; see `relforge.runtime.handoff`.
"""

from __future__ import annotations

import os

from . import launch
from .children import Children
from .descriptors import high
from .generation import Generation
from .plan import Plan
from .process import Process
from .systemd import FIRST

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
        child = os.posix_spawn(
            born.python,
            [
                *(born.python, "-I", "-S", "-B", os.path.join(born.paths.root, launch.BOOT)),
                *("keep", plan.paths.socket(str(process))),
            ],
            launch.variables(plan, born),
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                (os.POSIX_SPAWN_DUP2, said, FIRST),
            ],
            setpgroup=0,
            setsigmask=(),
            setsigdef=launch.DEFAULT,
        )
    except OSError:
        os.close(said)
        raise
    children.watch(child, lambda _status: done(said))
