"""The interpreter's folder of the tree that a build replaced: the next one takes it over.

    _build/<env>/.python/    that tree's, with its site-packages, under no other name any more

Most of the next tree's files are the same.  To find that out is a third of the
work of linking them anew, and of unlinking the old ones.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from relforge import cache, layout
from relforge.release import Entry, Release

NAME = ".python"


def keep(release: Release, old: Path) -> None:
    """Put that folder of a tree that is of no use any more aside; no error where that fails."""
    shutil.rmtree(_place(release), ignore_errors=True)
    folder = old / layout.PYTHON
    if folder.is_dir() and not folder.is_symlink() and os.access(folder, os.W_OK):
        with suppress(OSError):  # of a folder that this user may not rename
            folder.rename(_place(release))


def take(release: Release, entries: Iterable[Entry]) -> frozenset[str]:
    """Give what was put aside to the draft; the paths of those entries that it has as they are.

    All else goes, but for site-packages, which wait for `settle`.
    """
    if not _is_ours(release) or not _place(release).is_dir():
        return frozenset()
    _place(release).rename(release.tree / layout.PYTHON)
    return _settled(release, layout.PYTHON, entries, but=release.python.site_packages)


def settle(release: Release, entries: Iterable[Entry]) -> frozenset[str]:
    """The paths of those entries that site-packages have as they are.

    All else that lies there, and that no layer brought, goes.
    """
    if not _is_ours(release) or not (release.tree / release.python.site_packages).is_dir():
        return frozenset()
    brought = (entry for layer in release.layers for entry in layer.entries)
    return _settled(release, release.python.site_packages, (*brought, *entries))


def _is_ours(release: Release) -> bool:
    """Whether nothing is in the draft but what relforge itself laid there."""
    return release.settings.steps[0] == "assemble"


def _settled(
    release: Release, folder: str, entries: Iterable[Entry], but: str = ""
) -> frozenset[str]:
    known = {entry.path: entry for entry in entries}
    kept: set[str] = set()
    if not _settle(os.fspath(release.tree / folder), folder, known, but, kept):
        (release.tree / folder).rmdir()
    return frozenset(kept)


def _settle(folder: str, name: str, known: Mapping[str, Entry], but: str, kept: set[str]) -> bool:
    """Whether anything is left in the folder; ``name`` is its path in the release."""
    left = False
    with os.scandir(folder) as found:
        rows = list(found)
    for row in rows:
        path = f"{name}/{row.name}"
        entry = known.get(path)
        if path == but:
            left = True
        elif row.is_dir(follow_symlinks=False):
            if _settle(row.path, path, known, but, kept):
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
