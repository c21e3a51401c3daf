"""Whom a supervisor that was killed has left: what its services had started themselves.

The services die with it (PR_SET_PDEATHSIG), and their own children do not.
"""

from __future__ import annotations

import os
import signal
import time

from ..paths import Paths

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_PATIENCE = 2.0  # seconds in which the kernel takes back what they hold


def sweep(paths: Paths, content: dict[str, Any]) -> int:
    """Kill what is left of the process groups that the lock's last holder has named; how many.

    A number may be somebody else's by now: only who has our state folder in its
    environment is ours.
    """
    groups = set(content.get("groups", ())) - {os.getpgrp()}
    left = [pid for pid in _all() if _group(pid) in groups and _is_ours(pid, paths.state)]
    for pid in left:
        try:
            os.kill(pid, signal.SIGKILL)
        except OSError:
            continue
    end = time.monotonic() + _PATIENCE
    while any(_group(pid) in groups and not _is_over(pid) for pid in left):
        if time.monotonic() > end:
            break
        time.sleep(0.01)
    return len(left)


def _all() -> list[int]:
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def _group(pid: int) -> int:
    try:
        return os.getpgid(pid)
    except OSError:
        return 0


def _is_ours(pid: int, state: str) -> bool:
    try:
        with open(f"/proc/{pid}/environ", "rb") as file:
            return b"RELEASE_STATE_DIR=" + os.fsencode(state) in file.read().split(b"\0")
    except OSError:
        return False


def _is_over(pid: int) -> bool:
    """Gone, or a zombie that holds nothing any more."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            return file.read().rpartition(b")")[2].split()[0] in (b"Z", b"X")
    except OSError:
        return True
