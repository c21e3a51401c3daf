"""Using the cache for a while, and leaving it within its limit."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from relforge import cache
from relforge.cache.housekeeping.limit import limit

PAUSE = 60  # seconds


@contextmanager
def for_a_build() -> Iterator[None]:
    """Keep every entry where it is meanwhile; afterwards, a cache that grew is trimmed.

    Raises SettingsError, before anything is done, where the limit is not a size.
    """
    most = limit()
    before = _stamps()
    with cache.in_use():
        yield
    if _stamps() != before and _is_due():
        # Late: most builds add nothing, and are over before this is read.
        from relforge.cache.housekeeping.removal import trim  # noqa: PLC0415 - seldom needed

        trim(most)


def _is_due() -> bool:
    """Whether nobody looked for a minute; looking takes some hundredths of a second."""
    looked = cache.home() / "locks" / "looked"
    try:
        if abs(time.time() - looked.stat().st_mtime) < PAUSE:
            return False
    except OSError:
        pass
    with suppress(OSError):
        looked.touch()
    return True


def _stamps() -> tuple[int, ...]:
    """What changes when an entry comes: the time stamps of the directories that hold them."""
    home = cache.home()
    directories = [home / name for name in ("members", "wheels", "archives", "backends", "pex")]
    with suppress(OSError):
        directories += [home / "trees" / kind for kind in sorted(os.listdir(home / "trees"))]
    return tuple(
        directory.stat().st_mtime_ns if directory.is_dir() else 0 for directory in directories
    )
