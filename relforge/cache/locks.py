"""Who may do what with the cache's entries, and when they were last used.

locks/use                held shared by who uses entries, alone by who removes some
locks/<kind>-<key>       held by who makes that entry
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from relforge.cache.files import not_written
from relforge.cache.keys import home


@contextmanager
def lock(name: str) -> Iterator[None]:
    """Hold one of the cache's locks; waits while another build holds it."""
    with in_use(), _locked(name, fcntl.LOCK_EX):
        yield


@contextmanager
def in_use() -> Iterator[None]:
    """Keep every entry where it is: nobody removes one meanwhile.  May be nested."""
    with _locked("use", fcntl.LOCK_SH):
        yield


@contextmanager
def alone() -> Iterator[bool]:
    """Keep everybody from the entries; False at once where somebody uses them."""
    with ExitStack() as stack:
        try:
            stack.enter_context(_locked("use", fcntl.LOCK_EX | fcntl.LOCK_NB))
            free = True
        except BlockingIOError:
            free = False
        yield free


def touch(path: Path) -> None:
    """Note that what has this stamp is used now; a cache that cannot be written stays as it is."""
    with suppress(OSError):
        os.utime(path)


@contextmanager
def _locked(name: str, operation: int) -> Iterator[None]:
    directory = home() / "locks"
    try:
        directory.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(directory / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise not_written(directory, error) from None
    try:
        fcntl.flock(descriptor, operation)
        yield
    finally:
        os.close(descriptor)
