"""How much of the disk entries take: blocks, and each file once, whatever links there are."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from relforge import cache
from relforge.cache.housekeeping.inventory import CacheEntry
from relforge.support.errors import UserError

BLOCK = 512  # of st_blocks, whatever the file system's own is
MEMO = "sizes.json"


def on_disk(found: Iterable[CacheEntry]) -> dict[CacheEntry, int]:
    """Bytes of each entry; a file of two entries counts for the first."""
    seen: set[tuple[int, int]] = set()
    return {row: _size(row, seen) for row in found}


def remembered(found: Iterable[CacheEntry]) -> dict[CacheEntry, int]:
    """About the same, by walking only through what was not there the last time.

    Trees never change, so a build need not look at each file of the cache.
    """
    memo = cache.home() / MEMO
    known = _read(memo)
    sizes: dict[CacheEntry, int] = {}
    for row in found:
        size = known.get(row.name) if row.name.startswith("trees/") else None
        sizes[row] = _size(row, set()) if size is None else size
    now = {row.name: size for row, size in sizes.items() if row.name.startswith("trees/")}
    if now != known:
        with suppress(UserError):
            cache.keep(memo, json.dumps(now).encode())
    return sizes


def _read(memo: Path) -> dict[str, int]:
    try:
        return {str(name): int(size) for name, size in json.loads(memo.read_bytes()).items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def _size(found: CacheEntry, seen: set[tuple[int, int]]) -> int:
    return sum(_blocks(status, seen) for path in found.paths for status in _statuses(path))


def _blocks(status: os.stat_result, seen: set[tuple[int, int]]) -> int:
    if status.st_nlink > 1 and not stat.S_ISDIR(status.st_mode):
        if (status.st_dev, status.st_ino) in seen:
            return 0
        seen.add((status.st_dev, status.st_ino))
    return status.st_blocks * BLOCK


def _statuses(path: Path | str) -> Iterator[os.stat_result]:
    """Of the path and all below it; what goes away meanwhile has none."""
    with suppress(FileNotFoundError):
        status = os.lstat(path)
        yield status
        if stat.S_ISDIR(status.st_mode):
            with os.scandir(path) as rows:
                for row in rows:
                    yield from _statuses(row.path)
