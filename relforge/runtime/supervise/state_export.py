"""The state of a process that has to be gone before its successor starts: asked for, and kept.

A short-lived child asks, which may wait; see `relforge.runtime.handoff`.
"""

from __future__ import annotations

import os

from ..wire.descriptors import high
from ..wire.spawn import bare, spawn
from .edge import Edge
from .generation import Generation

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


def keep(edge: Edge, born: Generation, socket: str, done: Callable[[int], None]) -> None:
    """Call ``done`` with a memfd of what the agent at ``socket`` says, also where that is nothing.

    The child, of the generation that comes, sees to it that this does not take
    long.  Raises OSError.
    """
    said = high(os.memfd_create("relforge-kept", os.MFD_CLOEXEC))
    try:
        words = bare(born.python, born.paths.root, "keep", socket)
        child = spawn(words, born.variables(), descriptors=(said,))
    except OSError:
        os.close(said)
        raise
    edge.watch(child, lambda _status: done(said))
