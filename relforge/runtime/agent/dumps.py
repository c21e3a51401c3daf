"""Where this process prints its stacks when `stacks --signal` asks.

A file of the run directory, and not standard error: the command that asks reads it, and
the log stays as it is.
"""

from __future__ import annotations

import faulthandler
import os
from contextlib import suppress

from .. import stack_signals

_fds: list[int] = []  # the one that is registered


def register(agent: str) -> None:
    """Open a file beside the agent's socket, 0600, and have the signal print to it.

    faulthandler keeps the descriptor, so it stays open for the life of the process.
    """
    path = own(agent)
    remove(agent)  # of a process of that number, before
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC
    fd = os.open(path, flags, 0o600)
    faulthandler.register(stack_signals.TO_FILE, file=fd, all_threads=True)
    while _fds:
        os.close(_fds.pop())
    _fds.append(fd)


def own(agent: str) -> str:
    """The file of this process."""
    return stack_signals.file(os.path.dirname(agent), os.getpid())


def remove(agent: str) -> None:
    """Remove the file; the signal goes on to be harmless."""
    with suppress(OSError):
        os.unlink(own(agent))


def sweep(directory: str) -> None:
    """Remove the files of processes that are gone."""
    for name in os.listdir(directory):
        pid, _, end = name.partition(".")
        if end == "stacks" and pid.isdigit() and not os.path.exists(f"/proc/{pid}"):
            with suppress(OSError):
                os.unlink(os.path.join(directory, name))
