"""How many CPUs this process may use: its affinity, and the quota of its control groups."""

from __future__ import annotations

import os

GROUPS = "/sys/fs/cgroup"


def usable(groups: str = GROUPS, own: str = "/proc/self/cgroup") -> int:
    """At least 1; a quota of a part of a CPU counts as one."""
    found = len(os.sched_getaffinity(0))
    path = _group(own)
    while True:
        quota = _quota(os.path.join(groups, path.lstrip("/"), "cpu.max"))
        if quota is not None:
            found = min(found, quota)
        if path in ("", "/"):
            return max(found, 1)
        path = os.path.dirname(path)


def _group(own: str) -> str:
    """The path of our group in the one hierarchy of cgroup v2, "/" where there is none."""
    try:
        with open(own, encoding="utf-8") as file:
            for line in file:
                if line.startswith("0::/"):
                    return line[3:].strip()
    except OSError:
        return "/"
    return "/"


def _quota(path: str) -> int | None:
    """Whole CPUs of ``cpu.max``, rounded up; None without a limit."""
    try:
        with open(path, encoding="ascii") as file:
            most, period = file.read().split()
        return None if most == "max" else -(-int(most) // int(period))
    except (OSError, ValueError, ZeroDivisionError):
        return None
