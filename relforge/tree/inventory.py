"""What is in a tree, and which layer brought it.

A file that was laid out from the cache, and was not written to since, needs no
look at its content: its digest is known.  What a later step put in its place,
or added, is read and belongs to the layer ``release``.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from relforge import cache
from relforge.model import layout
from relforge.model.release import Entry, Layer


@dataclass(frozen=True, slots=True, kw_only=True)
class Inventory:
    """The layers with what is really there of theirs, and the rest; all of it sorted by path."""

    layers: tuple[Layer, ...]
    others: tuple[Entry, ...]  # of no layer
    directories: tuple[str, ...]  # with nothing in them: no entry shows them


def take(tree: Path, layers: tuple[Layer, ...]) -> Inventory:
    """Look through the tree; only what no layer brought is read."""
    known = {entry.path: entry for layer in layers for entry in layer.entries}
    same: set[str] = set()
    others, directories = [], []
    for path, row in _walk(os.fspath(tree), ""):
        if row.is_dir(follow_symlinks=False):
            directories.append(path)
            continue
        entry = known.get(path)
        if entry is not None and cache.is_same(row, entry):
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
    return Inventory(
        layers=tuple(kept),
        others=tuple(sorted(others, key=lambda entry: entry.path)),
        directories=tuple(sorted(directories)),
    )


def is_whole(tree: Path, layers: tuple[Layer, ...], directories: tuple[str, ...]) -> bool:
    """Whether the tree holds these layers and empty directories alone; its state does not count.

    Looks at names, sizes, modes and time stamps, and reads no file.
    """
    known = {entry.path: entry for layer in layers for entry in layer.entries}
    empty, found = set(directories), 0
    for path, row in _walk(os.fspath(tree), ""):
        entry = known.get(path)
        if path in empty or (entry is not None and cache.is_same(row, entry)):
            found += 1
        elif not f"{path}/".startswith(f"{layout.STATE}/"):
            return False
    return found == len(known) + len(empty)


def _walk(directory: str, name: str) -> Iterator[tuple[str, os.DirEntry[str]]]:
    """Files, links, and directories with nothing in them."""
    with os.scandir(directory) as rows:
        for row in rows:
            path = f"{name}{row.name}"
            if row.is_dir(follow_symlinks=False):
                below = _walk(row.path, f"{path}/")
                first = next(below, None)
                yield first or (path, row)
                yield from below
            else:
                yield path, row
