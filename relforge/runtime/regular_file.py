"""Opening a file that somebody else may have put something odd in the place of."""

from __future__ import annotations

import errno
import os
import stat

from .errors import CONFIG, Refusal

_OTHER_KINDS = (errno.ELOOP, errno.ENXIO, errno.EISDIR, errno.ENODEV)


class NotRegular(OSError):
    """What has that name is a link, a directory, a FIFO, a socket or a device."""


def open_regular(path: str, flags: int = os.O_RDONLY, mode: int = 0o600) -> int:
    """A descriptor of a regular file; a FIFO keeps nobody waiting.

    A file that is made (O_CREAT) is private.  Raises OSError, and `NotRegular` of it.
    """
    try:
        fd = os.open(path, flags | os.O_CLOEXEC | os.O_NONBLOCK, mode)
    except OSError as error:
        if error.errno in _OTHER_KINDS:
            raise _not_regular(path) from None
        raise
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        raise _not_regular(path)
    return fd


def open_own(path: str, flags: int = os.O_RDONLY, mode: int = 0o600) -> int:
    """The same for a file that only a release writes: a link in its place is no file of ours."""
    return open_regular(path, flags | os.O_NOFOLLOW, mode)


def make_own_directory(path: str, mode: int = 0o755) -> None:
    """Make a directory that only a release writes; raises OSError, and Refusal for a link."""
    try:
        os.makedirs(path, mode, exist_ok=True)
    except FileExistsError:
        raise odd(path, "directory") from None
    if os.path.islink(path):
        raise odd(path, "directory")


def odd(path: str, wanted: str = "regular file") -> Refusal:
    """The error for something that a release has not written."""
    remove = "rm -r" if os.path.isdir(path) and not os.path.islink(path) else "rm"
    return Refusal(
        f"{path}: not a {wanted}, so not written by a release",
        hint=f"find out who created it, then remove it: {remove} {path}",
        code=CONFIG,
    )


def _not_regular(path: str) -> NotRegular:
    return NotRegular(0, "not a regular file", path)
