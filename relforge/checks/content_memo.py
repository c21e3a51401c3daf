"""What was seen in files, remembered by their content: a file is looked at once.

    $XDG_CACHE_HOME/relforge/checks/
      <kind>-<key of the layer's files>.json    what was seen in them, where anything was
      <kind>-last-<key>.json                    for each file of the layer as it was last time

The first has the answers for a layer that did not change; the second saves a layer
that changed in one file from being read as a whole.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import relforge
from relforge import cache
from relforge.model.release import Entry, Layer, Release

FORMAT = "3"  # changes with what any rule sees in a file
Rows = list[Any]  # JSON


def look(
    release: Release,
    layer: Layer,
    kind: str,
    context: str,
    see: Callable[[Path], Rows],
    wanted: Callable[[str], bool] = lambda _path: True,
) -> dict[str, Rows]:
    """What ``see`` finds in the files of the layer, by path; files without anything are left out.

    ``context`` is all that decides it in addition to the file's content and path.
    """
    entries = [entry for entry in layer.entries if entry.link is None and wanted(entry.path)]
    rules = (FORMAT, relforge.__version__, context)
    names = "\n".join(f"{entry.path} {entry.sha256}" for entry in entries)
    whole = _place(kind, cache.key(*rules, names))
    found = _read(whole)
    if found is None:
        place = str(release.project.root)
        last = _place(f"{kind}-last", cache.key(*rules, place, release.env, layer.name))
        known = _read(last) or {}
        now = {_name(entry): _seen(release, entry, known, see) for entry in entries}
        found = {entry.path: rows for entry in entries if (rows := now[_name(entry)])}
        cache.keep(last, json.dumps(now).encode())
        cache.keep(whole, json.dumps(found).encode())
    return found


def _seen(
    release: Release, entry: Entry, known: dict[str, Rows], see: Callable[[Path], Rows]
) -> Rows:
    rows = known.get(_name(entry))
    return see(release.tree / entry.path) if rows is None else rows


def _name(entry: Entry) -> str:
    return f"{entry.sha256[:32]} {entry.path}"


def _place(kind: str, key: str) -> Path:
    return cache.home() / "checks" / f"{kind}-{key}.json"


def _read(place: Path) -> dict[str, Rows] | None:
    try:
        found = json.loads(place.read_bytes())
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None
