"""The packages of the tree that a build replaced: the next one takes them over.

    _build/<env>/.packages/    site-packages of that tree, under no other name any more

Most of the next tree's packages are the same files.  To find that out is a
third of the work of linking them anew, and of unlinking the old ones.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from relforge import cache
from relforge.release import Entry, Release

NAME = ".packages"

_taken: set[Path] = set()  # drafts that have packages of an older tree


def keep(release: Release, old: Path) -> None:
    """Put the packages of a tree that is of no use any more aside; no error where that fails."""
    shutil.rmtree(_place(release), ignore_errors=True)
    packages = old / release.python.site_packages
    if packages.is_dir() and not packages.is_symlink() and os.access(packages, os.W_OK):
        with suppress(OSError):  # of a folder that this user may not rename
            packages.rename(_place(release))


def take(release: Release) -> None:
    """Give the packages that were put aside to the draft, where nothing looks at it before."""
    if not _place(release).is_dir() or release.settings.steps[0] != "assemble":
        return
    packages = release.tree / release.python.site_packages
    packages.parent.mkdir(parents=True)
    _place(release).rename(packages)
    _taken.add(release.tree)


def settle(release: Release, entries: Iterable[Entry]) -> frozenset[str]:
    """The paths of those entries that the draft has as they are.  All else that it took goes."""
    if release.tree not in _taken:
        return frozenset()
    _taken.discard(release.tree)
    known = {entry.path: entry for entry in entries}
    kept: set[str] = set()
    packages = release.python.site_packages
    if not _settle(os.fspath(release.tree / packages), packages, known, kept):
        (release.tree / packages).rmdir()
    return frozenset(kept)


def _settle(folder: str, name: str, known: Mapping[str, Entry], kept: set[str]) -> bool:
    """Whether anything is left in the folder; ``name`` is its path in the release."""
    left = False
    with os.scandir(folder) as found:
        rows = list(found)
    for row in rows:
        path = f"{name}/{row.name}"
        entry = known.get(path)
        if row.is_dir(follow_symlinks=False):
            if _settle(row.path, path, known, kept):
                left = True
            else:
                os.rmdir(row.path)
        elif entry is not None and cache.is_same(row, entry):
            kept.add(path)
            left = True
        else:
            os.unlink(row.path)
    return left


def _place(release: Release) -> Path:
    return release.build_dir / NAME
