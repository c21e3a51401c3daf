"""Taking entries out of the cache, while nobody uses it.

A process that uses entries holds a lock, shared with others (`cache.in_use`).  Here it
is held alone, for as long as it takes to rename entries into ``.trash/``; what
is there is deleted when the lock is free again, and after a kill the next time.
"""

from __future__ import annotations

import secrets
import shutil
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from relforge import cache
from relforge.cache.housekeeping.inventory import DRAFTS, TRASH, CacheEntry, entries
from relforge.cache.housekeeping.limit import limit
from relforge.cache.housekeeping.sizes import on_disk, remembered
from relforge.support.errors import Exit, UserError


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is to go: ``older_than`` is in seconds; without kinds, entries of all of them."""

    everything: bool = False
    kinds: tuple[str, ...] = ()
    older_than: float | None = None

    @property
    def is_open(self) -> bool:
        """Whether nothing was said; then what is above the limit goes."""
        return not self.everything and not self.kinds and self.older_than is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Removed:
    """What went, or would go, and the bytes on disk of it."""

    sizes: dict[CacheEntry, int] = field(default_factory=dict)

    @property
    def size(self) -> int:
        return sum(self.sizes.values())


def clean(wanted: Wanted, *, dry_run: bool = False) -> Removed:
    """Remove what is wanted, and the drafts of killed builds.

    Raises UserError: with exit code 75 while somebody uses the cache, and where
    it cannot be written.
    """
    most = limit()
    if dry_run or not cache.home().is_dir():
        return _chosen(wanted, most)
    with cache.alone() as free:
        if not free:
            raise busy()
        removed = _chosen(wanted, most)
        remove(removed.sizes)
        if wanted.everything:
            _remove_locks()
    empty_trash()
    return removed


def trim(most: int | None) -> None:
    """Remove the longest unused entries of a cache above that limit, if nobody uses it.

    Never fails: the build is done, and `relforge cache clean` reports what is wrong.
    """
    with suppress(UserError, OSError), cache.alone() as free:
        if not free:
            return
        found = entries()
        remove(_above(most, remembered(found)))
        remove(row for row in found if row.is_given_up)
    empty_trash()


def empty_trash() -> None:
    """Delete what was taken out, now or by somebody who was killed then."""
    for path in (cache.home() / TRASH).glob("*"):  # the directory stays: others rename into it
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            with suppress(OSError):
                path.unlink()


def remove(found: Iterable[CacheEntry]) -> None:
    """Take these entries out; the caller holds the cache alone.  Raises UserError."""
    for row in found:
        for path in row.paths:
            _to_trash(path)


def busy() -> UserError:
    """The error of who wants the cache alone and does not get it."""
    return UserError(
        f"{cache.home()}: a build is using the cache",
        hint="wait for it to finish and try again",
        code=Exit.LOCKED,
    )


def _chosen(wanted: Wanted, most: int | None) -> Removed:
    found = entries()
    sizes = on_disk(found)
    if wanted.is_open:
        going = set(_above(most, sizes))
    else:
        going = {row for row in found if row.kind != DRAFTS and _is_wanted(row, wanted)}
    return Removed(
        sizes={row: sizes[row] for row in found if row in going or row.is_given_up},
    )


def _is_wanted(row: CacheEntry, wanted: Wanted) -> bool:
    if wanted.kinds and row.kind not in wanted.kinds:
        return False
    return wanted.older_than is None or row.used < time.time() - wanted.older_than


def _above(most: int | None, sizes: dict[CacheEntry, int]) -> list[CacheEntry]:
    """The longest unused entries, as many as are above the limit."""
    left = sum(sizes.values())
    going = []
    for row, size in sizes.items():  # as `entries` sorts them
        if most is None or left <= most:
            break
        if row.kind != DRAFTS:
            going.append(row)
            left -= size
    return going


def _to_trash(path: Path) -> None:
    place = cache.home() / TRASH / secrets.token_hex(8)
    try:
        place.parent.mkdir(exist_ok=True)
        path.rename(place)
    except FileNotFoundError:
        return
    except OSError as error:
        raise UserError(
            f"{path}: cannot be removed from the cache: {error.strerror}",
            hint="run as the owner of the cache",
        ) from None


def _remove_locks() -> None:
    for path in (cache.home() / "locks").iterdir():
        if path.name != "use":  # it is held right now
            path.unlink(missing_ok=True)
