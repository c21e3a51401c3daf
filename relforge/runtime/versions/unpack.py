"""A tarball laid out as a tree, and nothing outside of that tree."""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import tarfile
import zlib

from ..contract import archive
from ..errors import Refusal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import IO, Any, BinaryIO

_CHUNK = 1 << 20
_RUN = 0o100  # of a mode: its owner may run it
_GZIP = b"\x1f\x8b"


class UnpackedTree:
    """What was unpacked: ``digests`` of files by path, and ``links``, which are not made yet.

    ``executable`` are files, ``directories`` those that the tarball names.
    """

    def __init__(self) -> None:
        self.top = ""  # the directory that the tarball puts all in
        self.digests: dict[str, str] = {}
        self.links: dict[str, str] = {}
        self.directories: set[str] = set()
        self.executable: set[str] = set()


class _Hashed(io.RawIOBase):
    """A file whose bytes are hashed as they are read."""

    def __init__(self, file: BinaryIO) -> None:
        super().__init__()
        self._file = file
        self.digest = hashlib.sha256()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        data = self._file.read(len(buffer))
        self.digest.update(data)
        buffer[: len(data)] = data
        return len(data)


def unpack(file: BinaryIO, name: str, sha256: str, directory: str) -> UnpackedTree:
    """Lay out the files of the tarball's one directory as ``directory``, which must not be there.

    The file is at its beginning, and its digest must be ``sha256``: somebody may write to
    it after it was verified.  Files get 0644 or 0755 and belong to the user who unpacks.  Raises
    Refusal for what is damaged, or would leave the directory.
    """
    tree, source = UnpackedTree(), _Hashed(file)
    try:
        os.mkdir(directory, 0o755)
        unpacked = archive.Unpacked(file.seek(0, os.SEEK_END))
        file.seek(0)
        head = file.read(len(_GZIP))
        file.seek(0)
        packed = gzip.GzipFile(fileobj=source, mode="rb") if head == _GZIP else source
        with tarfile.open(fileobj=packed, mode="r|", tarinfo=archive.LimitedMember) as tar:
            for count, member in enumerate(tar):
                if count >= archive.MOST_MEMBERS:
                    raise Refusal(f"{name}: more than {archive.MOST_MEMBERS:,} members")
                if too_much := unpacked.problem(member):
                    raise Refusal(f"{name}: {too_much}")
                _member(tar, member, directory, tree)
            rest: IO[bytes] = tar.fileobj  # type: ignore[assignment]  # it is open
            wrong = archive.end_problem(rest)
    except tarfile.ReadError as error:
        if tree.digests:
            raise _damaged(name, error) from None
        raise Refusal(
            f"{name}: not a release artifact",
            hint="`relforge release` creates them: NAME-VERSION-SYSTEM.tar.gz",
        ) from None
    except (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile, *archive.BROKEN) as error:
        raise _damaged(name, error) from None
    except OSError as error:
        raise Refusal(f"{name}: {error.strerror or error}") from None
    if not tree.digests:
        raise Refusal(f"{name}: it is empty")
    if wrong:
        raise _damaged(name, wrong)
    if source.digest.hexdigest() != sha256:
        raise Refusal(
            f"{name}: it was changed while it was being installed",
            hint="install it from a directory that no other user can write to",
        )
    return tree


def link(directory: str, name: str, tree: UnpackedTree, manifest: dict[str, Any]) -> None:
    """Make the links, when all files have been written, so that none can lead a file elsewhere.

    Raises Refusal for one that leaves the release.
    """
    for path, target in tree.links.items():
        if not archive.stays(tree.links, path) and not archive.is_host_python(manifest, path):
            raise Refusal(f"{name}: {path}: the link to {target} leads out of the release")
        if any(above in tree.links for above in _above(path)):
            raise Refusal(f"{name}: {path}: its directory is a link")
        place = os.path.join(directory, path)
        if os.path.lexists(place):
            raise Refusal(f"{name}: {path}: it occurs twice")
        try:
            os.makedirs(os.path.dirname(place), 0o755, exist_ok=True)
            os.symlink(target, place)
        except OSError as error:
            raise Refusal(f"{name}: {path}: {error.strerror}") from None


def _damaged(name: str, why: object) -> Refusal:
    return Refusal(f"{name}: damaged: {why}", hint="copy it again")


def _member(
    tar: tarfile.TarFile, member: tarfile.TarInfo, directory: str, tree: UnpackedTree
) -> None:
    top, _, path = member.name.rstrip("/").partition("/")
    tree.top = tree.top or top
    words = path.split("/") if path else []
    if top != tree.top or top in ("", ".", "..") or any(row in ("", ".", "..") for row in words):
        raise Refusal(f"{member.name!r}: it would be written outside the release's directory")
    place = os.path.join(directory, *words)
    if member.isdir():
        os.makedirs(place, 0o755, exist_ok=True)
        tree.directories.update([path] if path else [])
    elif not words:
        raise Refusal(f"{member.name!r}: a release is a directory")
    elif path in tree.digests or path in tree.links:
        raise Refusal(f"{path}: it occurs twice")
    elif member.issym():
        tree.links[path] = member.linkname
    elif member.isfile() and not member.issparse():
        os.makedirs(os.path.dirname(place), 0o755, exist_ok=True)
        tree.digests[path] = _write(tar, member, place)
        if member.mode & _RUN:
            tree.executable.add(path)
    else:
        raise Refusal(f"{path}: neither a file, nor a directory, nor a link")


def _write(tar: tarfile.TarFile, member: tarfile.TarInfo, place: str) -> str:
    source = tar.extractfile(member)
    assert source is not None
    mode = 0o755 if member.mode & _RUN else 0o644
    digest = hashlib.sha256()
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
    with os.fdopen(os.open(place, flags, 0o600), "wb") as file:
        while chunk := source.read(_CHUNK):
            digest.update(chunk)
            file.write(chunk)
        os.fchmod(file.fileno(), mode)
    return digest.hexdigest()


def _above(path: str) -> Iterable[str]:
    while "/" in path:
        path = path.rpartition("/")[0]
        yield path
