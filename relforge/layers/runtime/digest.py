"""The digest of relforge's own files: they decide a part of every release."""

from __future__ import annotations

from functools import cache as once
from pathlib import Path

import relforge
from relforge import cache
from relforge.layers.runtime import console_libraries


@once
def own_digest() -> str:
    """The digest of relforge's own files and of what it vendors: a part of each release."""
    package = Path(relforge.__file__).parent
    rows = (path for path in cache.walk(package) if "__pycache__" not in path.parts)
    return cache.key(
        *(f"{path.relative_to(package)} {_stamp(path)}" for path in sorted(rows)),
        console_libraries.key(),
    )


def _stamp(path: Path) -> str:
    """What shows, without reading it, that a file was written to."""
    try:
        status = path.stat()
    except OSError:
        return ""
    return f"{status.st_size} {status.st_mtime_ns}"
