"""Locks that the kernel keeps: they end with the process that holds them."""

from __future__ import annotations

import fcntl
import time

_PATIENCE = 0.25  # seconds: those who only look take a lock for a moment
_PAUSE = 0.02


def take(fd: int) -> bool:
    """Take the lock of an open file for ourselves alone; False where somebody else has it."""
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            if time.monotonic() > deadline:
                return False
            time.sleep(_PAUSE)
