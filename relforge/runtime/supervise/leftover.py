"""Whom a supervisor that was killed has left: what its services had started themselves.

The services die with it (PR_SET_PDEATHSIG), and their own children do not.  They are known by
their variables, also where they went into sessions of their own.
"""

from __future__ import annotations

import os
import signal
import time

from .. import instance, procfs
from ..paths import Paths
from . import orphans

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_ROUNDS = 10
_PATIENCE = 2.0  # seconds in which the kernel takes back what they hold


def sweep(paths: Paths, content: dict[str, Any]) -> int:
    """Kill what is left of the services of the lock's last holder; how many there were.

    The caller holds the lock: no other supervisor has these.  A process is one of them that has
    our state directory in its environment, and a mark, or the number of a group that the lock
    names.  Whatever has started us is none of them, even if a service has started that.
    """
    listed = content.get("groups")
    known = map(instance.pid, listed if isinstance(listed, list) else ())
    groups = {group for group in known if group} - {os.getpgrp()}
    killed: set[int] = set()
    for _ in range(_ROUNDS):  # one may just be starting another
        found = [pid for pid in _left(groups, paths.state) if pid not in killed]
        if not found:
            break
        for pid in found:
            try:
                os.kill(pid, signal.SIGKILL)
            except OSError:
                continue
        killed.update(found)
    end = time.monotonic() + _PATIENCE
    while any(not _is_over(pid) for pid in killed) and time.monotonic() < end:
        time.sleep(0.01)
    return len(killed)


def _left(groups: set[int], state: str) -> list[int]:
    ours = _our_own()
    return [
        pid
        for pid in (int(name) for name in os.listdir("/proc") if name.isdigit())
        if pid not in ours
        and _session(pid) != os.getsid(0)
        and _is_of(pid, state, marked=_group(pid) not in groups)
        and not _is_over(pid)
    ]


def _our_own() -> set[int]:
    """This process, and those that have started it."""
    found: set[int] = set()
    pid = os.getpid()
    while pid > 0 and pid not in found:
        found.add(pid)
        pid = procfs.parent(pid)
    return found


def _session(pid: int) -> int:
    try:
        return os.getsid(pid)
    except OSError:
        return 0


def _group(pid: int) -> int:
    try:
        return os.getpgid(pid)
    except OSError:
        return 0


def _is_of(pid: int, state: str, *, marked: bool) -> bool:
    """Whether its variables name our state directory; in a container that path may be another."""
    try:
        rows = procfs.environ(pid)
        if b"RELEASE_STATE_DIR=" + os.fsencode(state) not in rows:
            return False
        if marked and not any(row.startswith(orphans.MARK.encode() + b"=") for row in rows):
            return False
        return os.path.samestat(os.stat(f"/proc/{pid}/root{state}"), os.stat(state))
    except OSError:
        return False


def _is_over(pid: int) -> bool:
    """Gone, or a zombie that holds nothing any more."""
    found = procfs.stat(pid)
    return found is None or found.state in ("Z", "X")
