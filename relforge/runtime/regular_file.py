"""Opening a file that somebody else may have put something odd in the place of."""

from __future__ import annotations

import os
import stat


class NotRegular(OSError):
    """What has that name is a directory, a FIFO, a socket or a device."""


def open_regular(path: str, flags: int = os.O_RDONLY) -> int:
    """A descriptor of a regular file; a FIFO keeps nobody waiting.

    A file that is made (O_CREAT) is private.  Raises OSError, and `NotRegular` of it.
    """
    fd = os.open(path, flags | os.O_CLOEXEC | os.O_NONBLOCK, 0o600)
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        raise NotRegular(0, "not a regular file", path)
    return fd
