"""What is in the cache, as entries that can go or stay, each for itself.

    <cache>/
      trees/<kind>/<key>/        python, wheel, app, assets ...: used when index was touched
      members/<key>.*            members
      wheels/<sha256>/           wheels, and those that were built from source
      wheels/built/<key>/
      archives/<sha256>.*        archives
      backends/<key>/            backends: environments that build wheels
      backends/asks-<key>
      pex/                       pex: its own cache, one entry
      wheels/picks/  */*.json    notes: what was found out once, a small file each
      <others>/*                 kinds of their own
      locks/  .trash/            no entries

What is in wheels/partial/, or has a name that starts with a dot, is a draft.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from relforge import cache

DRAFTS, NOTES = "drafts", "notes"
TRASH = ".trash"
GIVEN_UP = 3600  # seconds without a write, after which a draft is a killed build's


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheEntry:
    """An entry.  ``paths`` come and go together; ``used`` is a time in seconds."""

    kind: str
    name: str  # relative to the cache
    paths: tuple[Path, ...]
    used: float

    @property
    def is_given_up(self) -> bool:
        """Whether it is a draft that nobody writes to any more; a future time does not count."""
        return self.kind == DRAFTS and abs(time.time() - self.used) > GIVEN_UP


def entries() -> tuple[CacheEntry, ...]:
    """Everything in the cache, the longest unused first; what goes away meanwhile is left out."""
    home = cache.home()
    found = (row for directory in _listed(home) for row in _below(home, directory))
    return tuple(sorted(found, key=lambda row: (row.used, row.name)))


def _below(home: Path, directory: Path) -> Iterator[CacheEntry]:
    match directory.name:
        case "locks" | ".trash":
            return
        case "trees":
            for kind in _listed(directory):
                yield from _each(home, kind, kind.name, stamp="index")
        case "wheels":
            yield from _each(home, directory, "wheels", but=("built", "picks", "partial"))
            yield from _each(home, directory / "partial", DRAFTS)
            yield from _each(home, directory / "built", "wheels")
            yield from _each(home, directory / "picks", NOTES)
        case "members":
            yield from _members(home, directory)
        case "archives":
            yield from _each(home, directory, "archives")
        case "backends":
            yield from _each(home, directory, "backends", stamp="whole")
        case "pex":
            yield from _one(home, directory, "pex")
        case _:
            for path in _listed(directory) if directory.is_dir() else (directory,):
                yield from _one(home, path, NOTES if path.suffix == ".json" else directory.name)


def _each(
    home: Path, directory: Path, kind: str, *, stamp: str = "", but: tuple[str, ...] = ()
) -> Iterator[CacheEntry]:
    for path in _listed(directory):
        if path.name not in but:
            yield from _one(home, path, kind, stamp=stamp)


def _members(home: Path, directory: Path) -> Iterator[CacheEntry]:
    """A member and its note are one entry."""
    for key, rows in groupby(_listed(directory), key=lambda path: path.name.split(".")[0]):
        paths = tuple(rows)
        if not key:
            for path in paths:
                yield from _one(home, path, "members")
        elif used := max(_used(path) for path in paths):
            name = str(paths[0].with_suffix("").relative_to(home))
            yield CacheEntry(kind="members", name=name, paths=paths, used=used)


def _one(home: Path, path: Path, kind: str, *, stamp: str = "") -> Iterator[CacheEntry]:
    draft = path.name.startswith(".")
    used = (0 if draft or not stamp else _used(path / stamp)) or _used(path)
    if used:
        name = str(path.relative_to(home))
        yield CacheEntry(kind=DRAFTS if draft else kind, name=name, paths=(path,), used=used)


def _used(path: Path) -> float:
    """When it was last used, 0 where it is gone.

    Archives are known by their time of writing, so theirs is in the time of reading.
    """
    try:
        status = path.lstat()
    except OSError:
        return 0
    return max(status.st_mtime, status.st_atime if path.parent.name == "archives" else 0)


def _listed(directory: Path) -> list[Path]:
    try:
        return sorted(directory / name for name in os.listdir(directory))
    except (FileNotFoundError, NotADirectoryError):
        return []
