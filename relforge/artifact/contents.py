"""Reading a release from a tarball or an unpacked tree: names, modes, digests, and a few texts.

A tarball is read as a stream and never unpacked.  Nothing in it is trusted:
what a careful hand would not have written is noted as a problem, and reading
goes on; what cannot be read at all is a `UserError`.
"""

from __future__ import annotations

import hashlib
import os
import stat
import tarfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO, cast

import zstandard
from zlib_ng import gzip_ng, zlib_ng

from relforge import layout
from relforge.errors import UserError

CHUNK = 1 << 20
MOST_BYTES = 16 << 30
MOST_MEMBERS = 1_000_000
TEXT = 8 << 20  # bytes of a text that is kept
KEPT = (".dist-info/METADATA", ".dist-info/RECORD")
SUFFIXES = (".tar.gz", ".tgz", ".tar.zst")
UNREADABLE = (tarfile.TarError, zstandard.ZstdError, EOFError, OSError, ValueError)


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file of the release."""

    mode: int
    size: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What is wrong, and where: a path in the release, or the artifact itself."""

    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}: {self.message}"


@dataclass(slots=True, kw_only=True)
class Contents:
    """All that a release holds.  Paths are relative to its folder."""

    place: Path
    sha256: str = ""  # of the tarball; "" for a tree
    size: int = 0  # of the tarball
    unpacked: int = 0  # bytes of all files
    files: dict[str, File] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)
    folders: set[str] = field(default_factory=set)
    texts: dict[str, bytes] = field(default_factory=dict)  # of release/ and of *.dist-info/
    problems: list[Problem] = field(default_factory=list)

    def problem(self, path: str, message: str) -> None:
        """Note what is wrong with one path."""
        self.problems.append(Problem(path=path, message=message))


def read(place: Path) -> Contents:
    """Everything in the tarball, or in the folder; raises UserError where it is no release."""
    if not place.exists():
        raise UserError(
            f"{place}: there is no such file or folder",
            hint="name an artifact (dist/*.tar.gz) or an unpacked release",
        )
    found = _of_tree(place) if place.is_dir() else _of_tarball(place)
    if layout.MANIFEST not in found.files:
        raise UserError(
            f"{place}: this is no release: it holds no {layout.MANIFEST}",
            hint="name the release's own folder, or a tarball that relforge made",
        )
    return found


def _of_tree(root: Path) -> Contents:
    found = Contents(place=root)
    for path, row in _walk(root, ""):
        try:
            status = row.stat(follow_symlinks=False)
            if stat.S_ISLNK(status.st_mode):
                found.links[path] = os.readlink(row.path)
            elif stat.S_ISDIR(status.st_mode):
                found.folders.add(path)
            elif stat.S_ISREG(status.st_mode):
                with open(row.path, "rb") as file:
                    chunks = iter(lambda: file.read(CHUNK), b"")
                    _take(found, path, stat.S_IMODE(status.st_mode), chunks)
            else:
                found.problem(path, "it is neither a file, a folder nor a link")
        except OSError as error:
            found.problem(path, f"it cannot be read: {error.strerror}")
    return found


def _walk(folder: Path, name: str) -> Iterator[tuple[str, os.DirEntry[str]]]:
    with os.scandir(folder) as rows:
        for row in sorted(rows, key=lambda row: row.name):
            path = f"{name}{row.name}"
            if path == layout.STATE:
                continue  # it is no part of the release
            yield path, row
            if row.is_dir(follow_symlinks=False):
                yield from _walk(Path(row.path), f"{path}/")


def _of_tarball(place: Path) -> Contents:
    if not place.name.endswith(SUFFIXES):
        raise UserError(
            f"{place}: expected a folder or a tarball ({', '.join(SUFFIXES)})",
            hint="of another format, unpack it, and name the folder",
        )
    found = Contents(place=place, size=place.stat().st_size)
    top: set[str] = set()
    try:
        with _opened(place) as stream, tarfile.open(fileobj=stream, mode="r|") as tar:
            for count, member in enumerate(tar):
                if count >= MOST_MEMBERS:
                    raise UserError(f"{place}: it holds more than {MOST_MEMBERS:,} members")
                _take_member(found, tar, member, top)
            _check_end(found, stream)
    except (*UNREADABLE, zlib_ng.error) as error:  # type: ignore[misc]  # its stub says so
        raise UserError(
            f"{place}: it cannot be read to its end: {error}",
            hint="it is damaged, or was not copied whole: compare its size with the original's",
        ) from None
    if len(top) > 1:
        found.problem(place.name, f"more than one folder at the top: {', '.join(sorted(top))}")
    with place.open("rb") as file:
        found.sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    return found


@contextmanager
def _opened(place: Path) -> Iterator[IO[bytes]]:
    """The tar archive inside, as a stream."""
    if place.name.endswith(".zst"):
        with place.open("rb") as file:
            unpacker = zstandard.ZstdDecompressor()
            with unpacker.stream_reader(file, read_across_frames=True) as stream:
                yield cast(IO[bytes], stream)
    else:
        with gzip_ng.GzipNGFile(place, "rb") as stream:  # type: ignore[no-untyped-call]
            yield cast(IO[bytes], stream)


def _take_member(
    found: Contents, tar: tarfile.TarFile, member: tarfile.TarInfo, top: set[str]
) -> None:
    parts = PurePosixPath(member.name).parts
    if member.name.startswith("/") or ".." in parts or not parts:
        found.problem(member.name, "unpacking would write outside of the release's folder")
        return
    if "/".join(parts) != member.name.removesuffix("/"):
        found.problem(member.name, "the name is not plain: it holds an empty part, or a dot")
        return
    top.add(parts[0])
    path = "/".join(parts[1:])
    if not path:
        if not member.isdir():
            found.problem(member.name, "the folder at the top is none")
        return
    if path in found.files or path in found.links or (path in found.folders and not member.isdir()):
        found.problem(path, "it is in the archive twice")
        return
    above = ["/".join(parts[1:end]) for end in range(2, len(parts))]
    if through := [folder for folder in above if folder in found.links or folder in found.files]:
        found.problem(path, f"unpacking would write it through {through[0]}, which is no folder")
        return
    found.folders.update(above)
    if member.uid or member.gid:
        found.problem(path, f"it belongs to {member.uid}:{member.gid}, not to 0:0")
    if member.isdir():
        found.folders.add(path)
        _check_mode(found, path, member.mode)
    elif member.issym():
        found.links[path] = member.linkname
    elif member.isreg():
        found.unpacked += member.size
        if found.unpacked > MOST_BYTES:
            raise UserError(f"{found.place}: it holds more than {MOST_BYTES >> 30} GiB")
        content = tar.extractfile(member)
        assert content is not None
        _take(found, path, member.mode, iter(lambda: content.read(CHUNK), b""))
    else:
        found.problem(path, "it is neither a file, a folder nor a symbolic link")


def _take(found: Contents, path: str, mode: int, chunks: Iterable[bytes]) -> None:
    size, total, kept = 0, hashlib.sha256(), bytearray()
    keep = path.startswith("release/") or path.endswith(KEPT)
    for chunk in chunks:
        size += len(chunk)
        total.update(chunk)
        if keep and size <= TEXT:
            kept += chunk
    found.files[path] = File(mode=mode, size=size, sha256=total.hexdigest())
    if keep:
        found.texts[path] = bytes(kept)
    _check_mode(found, path, mode)


def _check_mode(found: Contents, path: str, mode: int) -> None:
    if mode & (stat.S_ISUID | stat.S_ISGID | stat.S_ISVTX):
        found.problem(path, f"it is set-uid, set-gid or sticky (mode {mode:04o})")
    elif mode & stat.S_IWOTH:
        found.problem(path, f"everybody may write to it (mode {mode:04o})")


def _check_end(found: Contents, stream: IO[bytes]) -> None:
    """What follows the archive must be padding, and not much of it."""
    rest = 0
    while chunk := stream.read(CHUNK):
        rest += len(chunk)
        if chunk.strip(b"\0") or rest > CHUNK:
            found.problem(found.place.name, "something follows the end of the archive")
            return
