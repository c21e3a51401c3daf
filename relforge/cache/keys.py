"""Where the cache is, and the names that contents have in it."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path


def home() -> Path:
    """The cache's directory; ``RELFORGE_CACHE_DIR`` wins over the XDG base directory.

    Absolute: the programs that a build starts work in directories of their own.
    """
    own = os.environ.get("RELFORGE_CACHE_DIR")
    if own:
        return Path(own).absolute()
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return Path(base) / "relforge"


def key(*parts: str) -> str:
    """One content key for these parts; which part a byte belongs to counts."""
    total = hashlib.sha256()
    for part in parts:
        data = part.encode(errors="surrogateescape")  # as names of files may need it
        total.update(b"%d:" % len(data))
        total.update(data)
    return total.hexdigest()[:32]


def sha256(path: Path) -> str:
    """The file's digest, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def digest(data: bytes) -> str:
    """The digest of bytes at hand, in hex."""
    return hashlib.sha256(data).hexdigest()
