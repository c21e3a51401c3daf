"""Trees by content key: built once, then laid out by hard link.

    $XDG_CACHE_HOME/relforge/
      trees/<kind>/<key>/files/...      never written to again
      trees/<kind>/<key>/index     path, mode, size, sha256 or link of each, and its time stamp
      locks/use                         held shared by who uses entries, alone by who removes some
      locks/<kind>-<key>                held by who makes that entry

An entry appears by rename, so a build that is killed leaves nothing behind that
looks whole; two builds at once build an entry once.  When an entry was last used
is the time stamp of its index.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import os
import shutil
import stat
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

from relforge.errors import NO_ROOM, UserError
from relforge.release import Entry, Layer

_Way = Callable[[str, str], object]  # from a file to where nothing is
_FICLONE = 0x40049409  # linux/fs.h; Python has no name for it before 3.14
_NOT_THIS_WAY = frozenset(
    {errno.EXDEV, errno.EOPNOTSUPP, errno.EINVAL, errno.ENOTTY, errno.EPERM, errno.EMLINK}
)
_STAMPS = 946_684_800  # the year 2000: time stamps in trees begin there, and end in 2008


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """A tree in the cache; ``cached`` tells that it was there already."""

    path: Path
    entries: tuple[Entry, ...]  # sorted by path
    cached: bool


def home() -> Path:
    """The cache's folder; ``RELFORGE_CACHE_DIR`` wins over the XDG base directory."""
    own = os.environ.get("RELFORGE_CACHE_DIR")
    if own:
        return Path(own)
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


def tree(kind: str, content_key: str, build: Callable[[Path], Iterable[Entry] | None]) -> Tree:
    """The tree with that key; ``build`` fills an empty folder where there is none yet.

    What it laid out of other trees it may tell: these files are not read again.

    An entry that lost a file, or one of whose files was written to, is built again.
    """
    place = home() / "trees" / kind / content_key
    with lock(f"{kind}-{content_key}"):
        entries = _known(place)
        if entries is not None:
            touch(place / "index")
            return Tree(path=place / "files", entries=entries, cached=True)
        shutil.rmtree(place, ignore_errors=True)
        place.parent.mkdir(parents=True, exist_ok=True)
        _sweep(place)
        draft = Path(tempfile.mkdtemp(prefix=f".{content_key}.", dir=place.parent))
        try:
            with naming(draft):
                files = draft / "files"
                files.mkdir()
                known = build(files) or ()
                entries = _stamped(files, scan(files, known))
                (draft / "index").write_text(dump(entries))
                draft.chmod(0o755)
                draft.rename(place)
        finally:
            _sweep(place)
    return Tree(path=place / "files", entries=entries, cached=False)


def _sweep(place: Path) -> None:
    """Remove the drafts of a tree; what a killed build had started may write for a while yet."""
    for left in place.parent.glob(f".{place.name}.*"):
        shutil.rmtree(left, ignore_errors=True)


def layer(name: str, content_key: str, source: Tree, started: float) -> Layer:
    """The layer that a placed tree makes; ``started`` is of `time.perf_counter`."""
    return Layer(
        name=name,
        key=content_key,
        cached=source.cached,
        seconds=time.perf_counter() - started,
        entries=source.entries,
    )


def scan(folder: Path, known: Iterable[Entry] = ()) -> tuple[Entry, ...]:
    """Every file and link below the folder, with its modes made plain: 0755 or 0644.

    Of what is still as ``known`` says, the digest is taken from there.
    """
    there = {entry.path: entry for entry in known}
    found = []
    start = len(os.fspath(folder)) + 1
    for path in walk(folder):
        name = os.fspath(path)[start:]
        entry = there.get(name)
        same = entry is not None and entry.link is None and is_file_of(entry, path.lstat())
        found.append(entry if entry is not None and same else look(path, name))
    return tuple(sorted(found, key=lambda entry: entry.path))


def _stamped(folder: Path, entries: Iterable[Entry]) -> tuple[Entry, ...]:
    """Give each file a time stamp that its content decides, in whole seconds.

    A cache that went through an archive, as CI keeps it between two runs, still
    has it; a file that was written to has not.
    """
    made = []
    for entry in entries:
        seconds = _STAMPS + int(entry.sha256[:7] or "0", 16)
        if entry.link is None and entry.mtime_ns != seconds * 10**9:
            os.utime(folder / entry.path, (seconds, seconds))
            made.append(replace(entry, mtime_ns=seconds * 10**9))
        else:
            made.append(entry)
    return tuple(made)


def look(path: Path, name: str) -> Entry:
    """One file or link as an entry of that name; a file's mode is made plain."""
    status = path.lstat()
    if stat.S_ISLNK(status.st_mode):
        return Entry(path=name, mode=0o777, size=0, sha256="", link=os.readlink(path))
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


def place(source: Tree, destination: Path) -> None:
    """Lay the tree out below ``destination``: reflinks where it can, else hard links, else copies.

    What already lies at a path is replaced, never written through.
    """
    made: set[str] = set()
    ways: list[_Way] = [_reflink, os.link, shutil.copy2]
    for entry in source.entries:
        target = os.path.join(destination, entry.path)
        parent = os.path.dirname(target)
        if parent not in made:
            os.makedirs(parent, exist_ok=True)
            made.add(parent)
        try:
            _put(source, entry, target, ways)
        except FileExistsError:
            os.unlink(target)
            _put(source, entry, target, ways)


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
    """Give an OSError that names no file this one: a failed write tells no name."""
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
        raise _not_written(path, error) from None


def sha256(path: Path) -> str:
    """The file's digest, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def digest(data: bytes) -> str:
    """The digest of bytes at hand, in hex."""
    return hashlib.sha256(data).hexdigest()


def walk(folder: Path) -> Iterator[Path]:
    """Files and links below the folder, links to folders among them, in no order."""
    with os.scandir(folder) as rows:
        for row in rows:
            if row.is_dir(follow_symlinks=False):
                yield from walk(Path(row.path))
            else:
                yield Path(row.path)


@contextmanager
def lock(name: str) -> Iterator[None]:
    """Hold one of the cache's locks; waits while another build holds it."""
    with in_use(), _locked(name, fcntl.LOCK_EX):
        yield


@contextmanager
def in_use() -> Iterator[None]:
    """Keep every entry where it is: nobody removes one meanwhile.  May be nested."""
    with _locked("use", fcntl.LOCK_SH):
        yield


@contextmanager
def alone() -> Iterator[bool]:
    """Keep everybody from the entries; False at once where somebody uses them."""
    with ExitStack() as stack:
        try:
            stack.enter_context(_locked("use", fcntl.LOCK_EX | fcntl.LOCK_NB))
            free = True
        except BlockingIOError:
            free = False
        yield free


def touch(path: Path) -> None:
    """Note that what has this stamp is used now; a cache that cannot be written stays as it is."""
    with suppress(OSError):
        os.utime(path)


@contextmanager
def _locked(name: str, operation: int) -> Iterator[None]:
    folder = home() / "locks"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(folder / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise _not_written(folder, error) from None
    try:
        fcntl.flock(descriptor, operation)
        yield
    finally:
        os.close(descriptor)


def _not_written(place: Path, error: OSError) -> UserError:
    full = error.errno in (errno.ENOSPC, errno.EDQUOT)
    return UserError(
        f"{place}: the cache cannot be written: {error.strerror}",
        hint=NO_ROOM if full else "set RELFORGE_CACHE_DIR to a folder that this user can write",
    )


def _known(place: Path) -> tuple[Entry, ...] | None:
    """What the index lists; None where there is none, or a file is not as it was made."""
    files = os.path.join(place, "files")
    try:
        entries = load((place / "index").read_bytes())
        for entry in entries:
            if entry.link is None and not is_file_of(
                entry, os.lstat(os.path.join(files, entry.path))
            ):
                return None
    except (OSError, ValueError, TypeError):
        return None
    return entries


def _put(source: Tree, entry: Entry, target: str, ways: list[_Way]) -> None:
    """Make the entry where nothing is; raises FileExistsError where something is.

    Of the ways to do it, those that this pair of folders does not know are dropped.
    """
    if entry.link is not None:
        os.symlink(entry.link, target)
        return
    while True:
        try:
            ways[0](os.path.join(source.path, entry.path), target)
            return
        except OSError as error:
            if error.errno not in _NOT_THIS_WAY or len(ways) == 1:
                raise
            ways.pop(0)


def _reflink(file: str, target: str) -> None:
    """A copy that shares the file's blocks until one of the two is written to: ioctl_ficlone(2)."""
    with open(file, "rb") as source, open(target, "xb") as copy:
        try:
            fcntl.ioctl(copy, _FICLONE, source.fileno())
        except OSError:
            os.unlink(target)
            raise
    shutil.copystat(file, target)
