"""Is the cache as it was written?  Every byte of every entry is read.

A build looks at names, sizes, modes and time stamps; this finds what has
changed behind those, by a disk that forgets or manually.
"""

from __future__ import annotations

import errno
import json
import os
import zipfile
import zlib
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from relforge import cache
from relforge.cache.housekeeping.inventory import NOTES, CacheEntry, entries
from relforge.cache.housekeeping.removal import busy, empty_trash, remove


@dataclass(frozen=True, slots=True, kw_only=True)
class Damage:
    """An entry that is not as it was made, and why one knows."""

    entry: CacheEntry
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """``unchecked`` are the entries of kinds that record no digests."""

    checked: int
    unchecked: int
    damaged: tuple[Damage, ...]


def verify() -> Verdict:
    """Read everything; raises OSError for what this user may not read.

    It holds no lock, so builds may go on: an entry that goes away or is made
    again meanwhile is looked at once more.
    """
    there = entries()
    found = [(row, check) for row in there if (check := _check(row))]
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        damaged = tuple(row for row in pool.map(_damage, found) if row)
    return Verdict(checked=len(found), unchecked=len(there) - len(found), damaged=damaged)


def repair(damaged: Iterable[Damage]) -> tuple[Damage, ...]:
    """Remove what is still damaged, so that it is made again; what was removed.

    Raises UserError, with exit code 75 while somebody uses the cache.
    """
    with cache.alone() as free:
        if not free:
            raise busy()
        still = ((row.entry, check) for row in damaged if (check := _check(row.entry)))
        gone = tuple(row for row in map(_damage, still) if row)
        remove(row.entry for row in gone)
    empty_trash()
    return gone


Check = Callable[[CacheEntry], str]  # what is wrong; empty where nothing is


def _damage(row: tuple[CacheEntry, Check]) -> Damage | None:
    entry, check = row
    why = check(entry)
    if why:
        why = check(entry)  # once more: a build may have made it again in between
    if not why or not any(os.path.lexists(path) for path in entry.paths):
        return None
    return Damage(entry=entry, why=why)


def _check(row: CacheEntry) -> Check | None:
    if row.name.startswith("trees/"):
        return _tree
    return _CHECKS.get(row.kind)


def _tree(row: CacheEntry) -> str:
    (place,) = row.paths
    try:
        listed = cache.load((place / "index").read_bytes())
    except (FileNotFoundError, ValueError, TypeError):
        return "index is missing or was written by another version of relforge"
    for entry in listed:
        path = place / "files" / entry.path
        if entry.link is None and (why := _differs(path, entry.sha256)):
            return why
    return ""


def _member(row: CacheEntry) -> str:
    notes = [path for path in row.paths if path.suffix == ".json"]
    files = [path for path in row.paths if path.suffix != ".json"]
    if len(notes) != 1 or len(files) != 1:
        return "the member or its digest is missing"
    try:
        expected = str(json.loads(notes[0].read_bytes())["sha256"])
    except (FileNotFoundError, ValueError, TypeError, KeyError):
        return f"{notes[0].name} was written by another version of relforge"
    return _differs(files[0], expected)


def _wheel(row: CacheEntry) -> str:
    (place,) = row.paths
    files = sorted(place.iterdir()) if place.is_dir() else []
    if not files:
        return "the wheel is missing"
    if "built" in Path(row.name).parts:
        return next(filter(None, map(_zip, files)), "")
    return next(filter(None, (_differs(path, place.name) for path in files)), "")


def _zip(path: Path) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            bad = archive.testzip()
    except (zipfile.BadZipFile, zlib.error, EOFError, FileNotFoundError) as error:
        return f"{path.name}: {error}"
    return f"{path.name}: {bad} has changed" if bad else ""


def _archive(row: CacheEntry) -> str:
    (path,) = row.paths
    return _differs(path, path.name.split(".")[0])


def _note(row: CacheEntry) -> str:
    (path,) = row.paths
    try:
        json.loads(path.read_bytes())
    except (OSError, ValueError):
        return "is truncated"
    return ""


def _differs(path: Path, expected: str) -> str:
    try:
        found = cache.sha256(path)
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return f"{path.name} is missing"
    except OSError as error:
        if error.errno != errno.EIO:
            raise
        return f"{path.name} cannot be read: {error.strerror}"
    return "" if found == expected else f"{path.name} has changed"


_CHECKS: dict[str, Check] = {
    "members": _member,
    "wheels": _wheel,
    "archives": _archive,
    NOTES: _note,
}
