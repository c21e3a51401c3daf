"""The store of wheels: each file once, by its digest.

    <cache>/wheels/<sha256>/<file name>     as it was fetched, verified against the lock
    <cache>/wheels/partial/<sha256>         as far as it came; the next fetch goes on there
    <cache>/wheels/built/<key>/<file name>  made from a source
    <cache>/wheels/picks/<key>.json         which of the digests of a requirements file it was

Files appear by rename and are never written to again, so any number of builds
may use it at once.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from relforge import cache
from relforge.layers.deps.pins import LockedFile


def home() -> Path:
    """The store's directory."""
    return cache.home() / "wheels"


def place(file: LockedFile) -> Path:
    """Where the file lies once it is there."""
    return home() / file.sha256 / file.name


def partial(sha256: str) -> Path:
    """Where the file with that digest lies while it comes."""
    return home() / "partial" / sha256


def holds(file: LockedFile) -> bool:
    """Whether the file is there, unharmed; a damaged one is removed."""
    path = place(file)
    if not path.is_file():
        return False
    if cache.sha256(path) == file.sha256:
        cache.touch(path.parent)
        return True
    path.unlink(missing_ok=True)
    return False


def take(draft: Path, file: LockedFile) -> None:
    """Move a verified file of this file system into the store."""
    target = place(file)
    target.parent.mkdir(parents=True, exist_ok=True)
    draft.chmod(0o644)
    os.replace(draft, target)


def copy(source: Path, name: str, allowed: tuple[str, ...]) -> LockedFile | str:
    """Copy a file into the store if its digest is allowed; else that digest."""
    with scratch() as directory:
        draft = directory / "draft"
        shutil.copyfile(source, draft)
        digest = cache.sha256(draft)
        if digest not in allowed:
            return digest
        file = LockedFile(name=name, sha256=digest)
        take(draft, file)
    return file


@contextmanager
def scratch() -> Iterator[Path]:
    """A directory on the store's file system that goes away again."""
    home().mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".fetch-", dir=home()) as directory:
        yield Path(directory)
