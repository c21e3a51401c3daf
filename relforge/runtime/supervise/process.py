"""What the system does with a process, and knows of it."""

from __future__ import annotations

import os
import signal


def signal_process(pid: int, number: int) -> None:
    """To the process itself, not to its children; nothing happens where it is gone."""
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def signal_group(pid: int, number: int) -> None:
    """To a process group of ours; nothing happens where it is gone."""
    try:
        os.killpg(pid, number)
    except (ProcessLookupError, PermissionError):
        return


def kill_group(pid: int) -> None:
    """SIGKILL to a process group of ours; nothing happens where it is gone."""
    signal_group(pid, signal.SIGKILL)


def ending(status: int) -> str:
    """A wait status in words: ``exited with status 1``, ``killed by SIGSEGV``."""
    code = os.waitstatus_to_exitcode(status)
    if code >= 0:
        return f"exited with status {code}"
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = f"signal {-code}"
    return f"killed by {name}"
