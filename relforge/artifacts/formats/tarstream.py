"""Tar archives as bytes: headers, content, padding (POSIX ustar with GNU's long names).

Owners are root, time stamps are given, modes are those of the entries.
"""

from __future__ import annotations

import hashlib
import tarfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from relforge.model.release import Entry
from relforge.support.errors import UserError

CHUNK = 1 << 20
END = bytes(2 * tarfile.BLOCKSIZE)  # of an archive


def stream(
    tree: Path, root: str, directories: Iterable[str], entries: Iterable[Entry], *, time: int
) -> Iterator[bytes]:
    """The archive's bytes for these files of the tree, put below ``root``, in pieces of CHUNK.

    Raises UserError for a file that is not the one which was listed.
    """
    rows: list[tuple[str, Entry | None]] = [(directory, None) for directory in directories]
    rows += [(f"{root}/{entry.path}", entry) for entry in entries]
    return _buffered(_pieces(tree, rows, time))


def header(name: str, time: int, entry: Entry | None, *, owner: int = 0) -> bytes:
    """The header of an entry, or of a directory without one."""
    info = tarfile.TarInfo(name)
    info.mtime = time
    info.uid = info.gid = owner
    info.uname = info.gname = "" if owner else "root"
    if entry is None:
        info.type, info.mode = tarfile.DIRTYPE, 0o755
    elif entry.link is not None:
        info.type, info.linkname, info.mode = tarfile.SYMTYPE, entry.link, 0o777
    else:
        info.size, info.mode = entry.size, entry.mode
    return info.tobuf(tarfile.GNU_FORMAT, "utf-8")


def padding(size: int) -> bytes:
    """What follows content of that size, up to a whole number of blocks."""
    return bytes(-size % tarfile.BLOCKSIZE)


def _pieces(tree: Path, rows: list[tuple[str, Entry | None]], time: int) -> Iterator[bytes]:
    for name, entry in sorted(rows, key=lambda row: row[0]):
        yield header(name, time, entry)
        if entry is not None and entry.link is None:
            yield from _content(tree / entry.path, entry)


def _content(path: Path, entry: Entry) -> Iterator[bytes]:
    """The file up to a whole number of blocks; raises UserError where it is not that file."""
    read, sha256 = 0, hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            read += len(chunk)
            sha256.update(chunk)
            yield chunk
    if (read, sha256.hexdigest()) != (entry.size, entry.sha256):
        raise UserError(
            f"{path}: the file changed while it was being packed",
            hint="build again; if that does not help: relforge cache verify --repair",
        )
    yield padding(read)


def _buffered(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes in fewer pieces: most files are small, and each call of a codec costs."""
    buffer = bytearray()
    for piece in pieces:
        buffer += piece
        if len(buffer) >= CHUNK:
            yield bytes(buffer)
            buffer.clear()
    yield bytes(buffer)
