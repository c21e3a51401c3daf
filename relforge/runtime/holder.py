"""The process that holds a lock, as the kernel sees it.

The lock's content names a process by its number.  That number may be one of another PID
namespace (two containers with one state directory), may be used by another process by now,
or may have been written by somebody else.  So the process is compared with the lock itself
before anybody signals it: see proc(5), /proc/PID/fdinfo.
"""

from __future__ import annotations

import os

from .errors import Refusal


def pidfd(lock: str, pid: int) -> int:
    """A descriptor of the process, by which it can be signalled; see pidfd_open(2).

    Raises Refusal where that process does not hold the lock.
    """
    try:
        fd = os.pidfd_open(pid)
    except (OSError, OverflowError):
        raise _elsewhere(lock, f"no process {pid} here") from None
    try:
        why = "" if _holds(lock, pid) else f"process {pid} here is a different one"
    except PermissionError:
        why = f"process {pid} here belongs to another user"
    except OSError:
        why = f"process {pid} has ended"
    if why:
        os.close(fd)
        raise _elsewhere(lock, why)
    return fd


def _holds(lock: str, pid: int) -> bool:
    """Whether an open file of that process holds the flock of that file."""
    wanted = os.stat(lock)
    for name in os.listdir(f"/proc/{pid}/fd"):
        try:
            found = os.stat(f"/proc/{pid}/fd/{name}")
            if (found.st_dev, found.st_ino) != (wanted.st_dev, wanted.st_ino):
                continue
            with open(f"/proc/{pid}/fdinfo/{name}") as file:
                if "FLOCK" in file.read():
                    return True
        except FileNotFoundError:  # it has been closed meanwhile
            continue
    return False


def _elsewhere(lock: str, why: str) -> Refusal:
    return Refusal(
        f"{lock} is held by a process that is not visible here: {why}",
        hint="if it runs in a container (another PID namespace), stop it there",
    )
