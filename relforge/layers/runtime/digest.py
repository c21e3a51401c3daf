"""The digest of relforge's own files: they decide a part of every release."""

from __future__ import annotations

import os
from functools import cache as once
from pathlib import Path

import relforge
from relforge import cache
from relforge.layers.runtime import console_libraries


@once
def own_digest() -> str:
    """The digest of relforge's own files and of what it vendors: a part of each release."""
    package = os.path.dirname(relforge.__file__)
    rows = sorted(str(path) for path in cache.walk(Path(package)))
    return cache.key(
        *(f"{row[len(package) :]} {_stamp(row)}" for row in rows if "/__pycache__/" not in row),
        console_libraries.key(),
    )


def _stamp(path: str) -> str:
    """What shows, without reading it, that a file was written to."""
    try:
        status = os.stat(path)
    except OSError:
        return ""
    return f"{status.st_size} {status.st_mtime_ns}"
