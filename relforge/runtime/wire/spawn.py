"""Starting a process of a release: one way, whichever process it is.

It is in a process group of its own, with the signals as every program expects
them, `/dev/null` as standard input, and of what we opened only what it is given.
"""

from __future__ import annotations

import fcntl
import os
import signal

from .descriptors import LOWEST, inherited

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

FIRST = 3  # the number of the first descriptor that a process is given: SD_LISTEN_FDS_START
BOOT = "runtime/relforge/runtime/boot.py"
BOOT_APP = "runtime/relforge/runtime/boot_app.py"
INHERITED, DISCARDED = -1, -2  # instead of a descriptor for the output
_DEFAULT = (
    signal.SIGHUP,
    signal.SIGINT,
    signal.SIGQUIT,
    signal.SIGTERM,
    signal.SIGCHLD,
    signal.SIGPIPE,
    signal.SIGUSR1,
    signal.SIGUSR2,
)


def command(python: str, root: str, *words: str) -> list[str]:
    """The command line of a command of the release at ``root``, as its launcher has it."""
    return [python, "-I", "-S", "-B", os.path.join(root, BOOT), *words]


def application(python: str, root: str, role: str, *words: str) -> list[str]:
    """The command line of a role of ``boot_app.py`` that imports the application."""
    return [python, "-P", "-s", "-B", os.path.join(root, BOOT_APP), role, *words]


def bare(python: str, root: str, role: str, *words: str) -> list[str]:
    """The same for a role that imports nothing of the application's, and so starts faster."""
    return [python, "-I", "-S", "-B", os.path.join(root, BOOT_APP), role, *words]


def spawn(
    words: list[str],
    environ: Mapping[str, str],
    *,
    descriptors: Sequence[int] = (),
    output: int = INHERITED,
    session: bool = False,
    alone: bool = False,
) -> int:
    """Start a program; its process id.  Raises OSError.

    It finds ``descriptors`` in that order from FIRST on.  ``output`` is for both
    standard output and standard error.  ``session``: it is out of reach of the
    terminal's keys, too.  ``alone``: it gets nothing that our own starter left open.
    """
    actions: list[tuple[Any, ...]] = [(os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDWR, 0)]
    if output == DISCARDED:
        actions += [(os.POSIX_SPAWN_OPEN, fd, os.devnull, os.O_RDWR, 0) for fd in (1, 2)]
    elif output != INHERITED:
        actions += [(os.POSIX_SPAWN_DUP2, output, fd) for fd in (1, 2)]
    copies: list[int] = []
    try:
        for at, fd in enumerate(descriptors):
            given = fd
            if fd < LOWEST:  # one of the numbers that are given here: it must not be overwritten
                given = fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, LOWEST)
                copies.append(given)
            actions.append((os.POSIX_SPAWN_DUP2, given, FIRST + at))
        if alone:
            after = FIRST + len(descriptors)
            actions += [(os.POSIX_SPAWN_CLOSE, fd) for fd in inherited() if fd >= after]
        group: dict[str, Any] = {"setsid": True} if session else {"setpgroup": 0}
        return os.posix_spawn(
            words[0],
            words,
            environ,
            file_actions=actions,
            setsigmask=(),
            setsigdef=_DEFAULT,
            **group,
        )
    finally:
        for fd in copies:
            os.close(fd)
