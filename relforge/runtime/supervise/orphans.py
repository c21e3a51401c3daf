"""What the processes of services leave behind: children that went into sessions of their own.

As a subreaper (prctl(2)) the supervisor becomes their parent when theirs ends,
so they are found, and end with the service that started them.
"""

from __future__ import annotations

import ctypes
import os
import signal
import time

from .. import procfs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container, Mapping

PR_SET_CHILD_SUBREAPER = 36
MARK = "RELEASE_PROCESS"  # a variable of each process, `web.1:7`: no two have the same


def adopt() -> None:
    """From now on; it survives the supervisor's own exec, and is not inherited."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)


def mark(name: str) -> str:
    """What distinguishes the next process of that name."""
    return f"{name}:{os.getpid()}.{time.monotonic_ns()}"


def kill(left: Mapping[str, int], known: Container[int]) -> int:
    """SIGKILL to the children of ours, not ``known``, of the dead processes; how many there were.

    ``left`` are marks and process groups: who is in the group has been killed,
    and is about to go.
    """
    count = 0
    for pid in _children():
        group = left.get(_mark(pid)) if pid not in known else None
        if group is None:
            continue
        try:
            if os.getpgid(pid) != group:
                os.kill(pid, signal.SIGKILL)
                count += 1
        except OSError:
            continue  # gone
    return count


def _children() -> list[int]:
    """None where the kernel has no CONFIG_PROC_CHILDREN."""
    return [int(word) for word in procfs.read(f"self/task/{os.getpid()}", "children").split()]


def _mark(pid: int) -> str:
    head = f"{MARK}=".encode()
    found = next((row for row in procfs.environ(pid) if row.startswith(head)), b"")
    return os.fsdecode(found.removeprefix(head))
