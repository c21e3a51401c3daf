"""Files that appear whole or not at all, and errors that name them."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from relforge.support.errors import NO_ROOM, UserError


@contextmanager
def appear(path: Path) -> Iterator[IO[bytes]]:
    """A file to write that appears under its name whole, or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        descriptor, draft = tempfile.mkstemp(prefix=f".{path.name[:40]}.", dir=path.parent)
    except OSError as error:
        error.filename = str(path)  # what the user knows of
        raise
    try:
        with naming(path):
            with os.fdopen(descriptor, "wb") as file:
                yield file
            os.chmod(draft, 0o644)
            os.replace(draft, path)
    except BaseException:
        os.unlink(draft)
        raise


def drafts(path: Path) -> Iterator[Path]:
    """What `appear` was writing for that path when it was killed, or still writes."""
    prefix = f".{path.name[:40]}."
    rows = os.listdir(path.parent) if path.parent.is_dir() else []
    return (path.parent / name for name in rows if name.startswith(prefix))


@contextmanager
def naming(place: Path) -> Iterator[None]:
    """Give an OSError that names no file this one: a failed write names none."""
    try:
        yield
    except OSError as error:
        if error.errno is not None and error.filename is None:
            error.filename = str(place)
        raise


def write(path: Path, data: bytes) -> None:
    """Write a file whole or not at all."""
    with appear(path) as file:
        file.write(data)


def keep(path: Path, data: bytes) -> None:
    """Write a file of the cache, whole or not at all; raises UserError where that fails."""
    try:
        write(path, data)
    except OSError as error:
        raise not_written(path, error) from None


def not_written(place: Path, error: OSError) -> UserError:
    full = error.errno in (errno.ENOSPC, errno.EDQUOT)
    return UserError(
        f"{place}: the cache cannot be written: {error.strerror}",
        hint=NO_ROOM
        if full
        else "set RELFORGE_CACHE_DIR to a directory that this user can write to",
    )
