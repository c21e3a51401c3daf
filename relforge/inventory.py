"""What is in a tree, and which layer brought it.

A file that was laid out from the cache, and was not written to since, needs no
look at its content: its digest is known.  What a later step put in its place,
or added, is read and belongs to the layer ``release``.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from relforge import cache, layout
from relforge.release import Entry, Layer


def take(tree: Path, layers: tuple[Layer, ...]) -> tuple[tuple[Layer, ...], tuple[Entry, ...]]:
    """The layers with what is really there of theirs, and the entries of no layer, sorted."""
    known = {entry.path: entry for layer in layers for entry in layer.entries}
    same: set[str] = set()
    others = []
    for path, row in _walk(os.fspath(tree), ""):
        entry = known.get(path)
        if entry is not None and _is(row, entry):
            same.add(path)
            continue
        found = cache.look(Path(row.path), path)
        if found == entry:
            same.add(path)
        else:
            others.append(found)
    kept = (
        replace(layer, entries=tuple(entry for entry in layer.entries if entry.path in same))
        for layer in layers
    )
    return tuple(kept), tuple(sorted(others, key=lambda entry: entry.path))


def is_whole(tree: Path, layers: tuple[Layer, ...]) -> bool:
    """Whether the tree holds these layers and nothing else, untouched; its state does not count.

    Looks at names, sizes, modes and time stamps, and reads no file.
    """
    known = {entry.path: entry for layer in layers for entry in layer.entries}
    found = 0
    for path, row in _walk(os.fspath(tree), ""):
        entry = known.get(path)
        if entry is not None and _is(row, entry):
            found += 1
        elif not path.startswith(f"{layout.STATE}/"):
            return False
    return found == len(known)


def _is(row: os.DirEntry[str], entry: Entry) -> bool:
    if entry.link is not None:
        return row.is_symlink() and os.readlink(row.path) == entry.link
    return cache.is_file_of(entry, row.stat(follow_symlinks=False))


def _walk(folder: str, name: str) -> Iterator[tuple[str, os.DirEntry[str]]]:
    with os.scandir(folder) as rows:
        for row in rows:
            path = f"{name}{row.name}"
            if row.is_dir(follow_symlinks=False):
                yield from _walk(row.path, f"{path}/")
            else:
                yield path, row
