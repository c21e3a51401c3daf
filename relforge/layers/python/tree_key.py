"""The content key of an interpreter's tree, at once where none of its files has changed.

What `selection.select` finds out takes a look at every file by name; this one
compares the time and size of all files there, and nothing else.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from relforge.cache import file_facts
from relforge.layers.python import selection
from relforge.layers.python.installation import Installation
from relforge.model.spec import PythonSettings

# Directories whose files never go in, or only where the settings keep them: no need to look there.
NEVER = frozenset({"__pycache__", "site-packages", "dist-packages"})
KEPT = {"tests": ("test", "tests"), "idlelib": ("idlelib",), "ensurepip": ("ensurepip",)}


def key(installation: Installation, settings: PythonSettings) -> str:
    """What `select` says, remembered; raises UserError as it does."""
    signature = _signature(installation, settings)
    row = file_facts.remembered("key", signature, lambda: _ask(installation, settings))
    if row["stamps"] != file_facts.stamps(Path(path) for path in row["others"]):
        row = _ask(installation, settings)
    return str(row["key"])


def _ask(installation: Installation, settings: PythonSettings) -> dict[str, Any]:
    chosen = selection.select(installation, settings)
    directories = installation.stdlib, installation.dynload
    others = [
        path for _, path in chosen.files if not any(path.is_relative_to(one) for one in directories)
    ]
    stamps = file_facts.stamps(others)
    return {"key": chosen.key, "others": [str(path) for path in others], "stamps": stamps}


def _signature(installation: Installation, settings: PythonSettings) -> str:
    passed = NEVER.union(*(rows for name, rows in KEPT.items() if name not in settings.keep))
    directories = {str(installation.stdlib), str(installation.dynload)}
    rows = (
        *(repr(installation), *selection.surroundings()),
        *(selection.FORMAT, *selection.inputs(settings)),
        *(row for directory in sorted(directories) for row in _files(directory, passed)),
    )
    return "\n".join(rows)


def _files(directory: str, passed: frozenset[str]) -> Iterator[str]:
    """Each file with its time and size; one of a link's target, as that is what would go in."""
    rows: list[str] = []
    below: list[str] = []
    with os.scandir(directory) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                if entry.name not in passed:
                    below.append(entry.path)
                continue
            try:
                status = entry.stat()
            except OSError:  # a link that leads nowhere is passed over
                continue
            rows.append(f"{entry.path} {status.st_mtime_ns} {status.st_size}")
    yield from sorted(rows)
    for path in sorted(below):
        yield from _files(path, passed)
