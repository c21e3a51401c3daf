"""Laying trees of the cache out elsewhere: by reflink, hard link or copy."""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
from collections.abc import Callable
from pathlib import Path

from relforge.cache.trees import Tree
from relforge.model.release import Entry

_Way = Callable[[str, str], object]  # from a file to where nothing is
_FICLONE = 0x40049409  # linux/fs.h; Python has no name for it before 3.14
_NOT_THIS_WAY = frozenset(
    {errno.EXDEV, errno.EOPNOTSUPP, errno.EINVAL, errno.ENOTTY, errno.EPERM, errno.EMLINK}
)


def place(source: Tree, destination: Path) -> None:
    """Lay the tree out below ``destination``: reflinks where it can, else hard links, else copies.

    What already lies at a path is replaced, never written through.
    """
    made: set[str] = set()
    ways: list[_Way] = [_reflink, os.link, shutil.copy2]
    for entry in source.entries:
        target = os.path.join(destination, entry.path)
        parent = os.path.dirname(target)
        if parent not in made:
            os.makedirs(parent, exist_ok=True)
            made.add(parent)
        try:
            _put(source, entry, target, ways)
        except FileExistsError:
            os.unlink(target)
            _put(source, entry, target, ways)


def _put(source: Tree, entry: Entry, target: str, ways: list[_Way]) -> None:
    """Make the entry where nothing is; raises FileExistsError where something is.

    Of the ways to do it, those that this pair of directories does not know are dropped.
    """
    if entry.link is not None:
        os.symlink(entry.link, target)
        return
    while True:
        try:
            ways[0](os.path.join(source.path, entry.path), target)
            return
        except OSError as error:
            if error.errno not in _NOT_THIS_WAY or len(ways) == 1:
                raise
            ways.pop(0)


def _reflink(file: str, target: str) -> None:
    """A copy that shares the file's blocks until one of the two is written to: ioctl_ficlone(2)."""
    with open(file, "rb") as source, open(target, "xb") as copy:
        try:
            fcntl.ioctl(copy, _FICLONE, source.fileno())
        except OSError:
            os.unlink(target)
            raise
    shutil.copystat(file, target)
