"""The entries of a directory: read from disk or from a list, and compared."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from relforge.cache.keys import digest, sha256
from relforge.model.release import Entry
from relforge.support.errors import UserError

_KINDS = {
    stat.S_IFIFO: "a FIFO",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFDIR: "a directory",
}
_STAMPS = 946_684_800  # the year 2000: time stamps in trees begin there, and end in 2008


def scan(directory: Path, known: Iterable[Entry] = ()) -> tuple[Entry, ...]:
    """Every file and link below the directory, with its modes made plain: 0755 or 0644.

    Of what is still as ``known`` says, the digest is taken from there.
    """
    there = {entry.path: entry for entry in known}
    found = []
    start = len(os.fspath(directory)) + 1
    for path in walk(directory):
        name = os.fspath(path)[start:]
        entry = there.get(name)
        same = entry is not None and entry.link is None and is_file_of(entry, path.lstat())
        found.append(entry if entry is not None and same else look(path, name))
    return tuple(sorted(found, key=lambda entry: entry.path))


def stamped(directory: Path, entries: Iterable[Entry]) -> tuple[Entry, ...]:
    """Give each file a time stamp that its content decides, in whole seconds.

    A cache that went through an archive, as CI keeps it between two runs, still
    has it; a file that was written to has not.
    """
    made = []
    for entry in entries:
        seconds = _STAMPS + int(entry.sha256[:7] or "0", 16)
        if entry.link is None and entry.mtime_ns != seconds * 10**9:
            os.utime(directory / entry.path, (seconds, seconds))
            made.append(replace(entry, mtime_ns=seconds * 10**9))
        else:
            made.append(entry)
    return tuple(made)


def look(path: Path, name: str) -> Entry:
    """One file or link as an entry of that name; a file's mode is made plain.

    Raises UserError for what is neither: a FIFO would be read for ever.
    """
    status = path.lstat()
    if stat.S_ISLNK(status.st_mode):
        return Entry(path=name, mode=0o777, size=0, sha256="", link=os.readlink(path))
    if not stat.S_ISREG(status.st_mode):
        raise special(path, status.st_mode)
    mode = 0o755 if status.st_mode & 0o100 else 0o644
    path.chmod(mode)
    return Entry(
        path=name,
        mode=mode,
        size=status.st_size,
        sha256=sha256(path),
        mtime_ns=status.st_mtime_ns,
    )


def is_file_of(entry: Entry, status: os.stat_result) -> bool:
    """Whether that is the status of the entry's file, not written to since it was looked at."""
    found = (status.st_size, status.st_mtime_ns, status.st_mode)
    return found == (entry.size, entry.mtime_ns, stat.S_IFREG | entry.mode)


def is_same(row: os.DirEntry[str], entry: Entry) -> bool:
    """Whether the path holds the entry's file, not written to since, or the entry's link."""
    if entry.link is not None:
        return row.is_symlink() and os.readlink(row.path) == entry.link
    return is_file_of(entry, row.stat(follow_symlinks=False))


def dump(entries: Iterable[Entry]) -> str:
    """The entries as a line of JSON, below a line with the digest of that."""
    rows = json.dumps(
        [[row.path, row.mode, row.size, row.sha256, row.link, row.mtime_ns] for row in entries]
    )
    return f"{digest(rows.encode())}\n{rows}"


def load(text: str | bytes) -> tuple[Entry, ...]:
    """Entries from what `dump` made; raises ValueError and TypeError."""
    expected, _, rows = (text if isinstance(text, str) else text.decode()).partition("\n")
    if digest(rows.encode()) != expected:
        raise ValueError("the list was changed")
    return tuple(
        Entry(path=path, mode=mode, size=size, sha256=sha256, link=link, mtime_ns=mtime_ns)
        for path, mode, size, sha256, link, mtime_ns in json.loads(rows)
    )


def walk(directory: Path) -> Iterator[Path]:
    """Files and links below the directory, links to directories among them, in no order.

    Raises UserError for anything else that is there.
    """
    with os.scandir(directory) as rows:
        for row in rows:
            if row.is_dir(follow_symlinks=False):
                yield from walk(Path(row.path))
            elif row.is_file(follow_symlinks=False) or row.is_symlink():
                yield Path(row.path)
            else:
                raise special(row.path, row.stat(follow_symlinks=False).st_mode)


def special(path: str | os.PathLike[str], mode: int) -> UserError:
    """The error of what no release can hold: opening a FIFO waits for another program."""
    return UserError(
        f"{os.fspath(path)}: is {_KINDS.get(stat.S_IFMT(mode), 'a special file')}; a release holds "
        "files, directories and links",
        hint="remove it, or exclude it from what is copied",
    )
