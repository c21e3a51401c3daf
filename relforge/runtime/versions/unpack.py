"""A tarball laid out as a tree, and nothing outside of that tree."""

from __future__ import annotations

import hashlib
import os
import tarfile
import zlib

from ..errors import Refusal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

_CHUNK = 1 << 20


class Tree:
    """What was unpacked: ``digests`` of files by path, and ``links``."""

    __slots__ = ("digests", "links", "top")

    def __init__(self) -> None:
        self.top = ""  # the folder that the tarball puts all in
        self.digests: dict[str, str] = {}
        self.links: dict[str, str] = {}


def unpack(archive: str, folder: str) -> Tree:
    """Lay out the tarball's one folder as ``folder``, which must not be there.

    Links are made when all files have been written, so none can lead a file
    elsewhere.  Files get 0644 or 0755 and belong to whoever unpacks.  Raises
    Refusal for what is damaged, or would leave the folder.
    """
    tree = Tree()
    try:
        os.mkdir(folder, 0o755)
        with tarfile.open(archive, "r:*") as tar:
            for member in tar:
                _member(tar, member, folder, tree)
    except tarfile.ReadError as error:
        if tree.digests:
            raise Refusal(f"{archive}: damaged: {error}", hint="copy it again") from None
        raise Refusal(
            f"{archive}: not a release artifact",
            hint="`relforge release` makes them: NAME-VERSION-SYSTEM.tar.gz",
        ) from None
    except (tarfile.TarError, EOFError, zlib.error) as error:
        raise Refusal(f"{archive}: damaged, or no tarball: {error}", hint="copy it again") from None
    except OSError as error:
        raise Refusal(f"{archive}: {error.strerror or error}") from None
    if not tree.digests:
        raise Refusal(f"{archive}: there is nothing in it")
    for path, target in tree.links.items():
        _make_link(archive, folder, path, target, tree)
    return tree


def _member(tar: tarfile.TarFile, member: tarfile.TarInfo, folder: str, tree: Tree) -> None:
    top, _, path = member.name.rstrip("/").partition("/")
    tree.top = tree.top or top
    words = path.split("/") if path else []
    if top != tree.top or top in ("", ".", "..") or any(row in ("", ".", "..") for row in words):
        raise Refusal(f"{member.name!r}: it would be written outside of the release's folder")
    place = os.path.join(folder, *words)
    if member.isdir():
        os.makedirs(place, 0o755, exist_ok=True)
    elif not words:
        raise Refusal(f"{member.name!r}: a release is a folder")
    elif path in tree.digests or path in tree.links:
        raise Refusal(f"{path}: it is in there twice")
    elif member.issym():
        tree.links[path] = member.linkname
    elif member.isfile():
        os.makedirs(os.path.dirname(place), 0o755, exist_ok=True)
        tree.digests[path] = _write(tar, member, place)
    else:
        raise Refusal(f"{path}: neither a file, nor a folder, nor a link")


def _write(tar: tarfile.TarFile, member: tarfile.TarInfo, place: str) -> str:
    source = tar.extractfile(member)
    assert source is not None
    mode = 0o755 if member.mode & 0o100 else 0o644
    digest = hashlib.sha256()
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
    with os.fdopen(os.open(place, flags, 0o600), "wb") as file:
        while chunk := source.read(_CHUNK):
            digest.update(chunk)
            file.write(chunk)
        os.fchmod(file.fileno(), mode)
    return digest.hexdigest()


def _make_link(archive: str, folder: str, path: str, target: str, tree: Tree) -> None:
    inside = not target.startswith("/")
    depth = path.count("/")
    for word in target.split("/"):
        depth += -1 if word == ".." else word not in ("", ".")
        inside = inside and depth >= 0
    host_python = path.startswith("python/bin/python") and target.startswith("/")
    if not inside and not host_python:
        raise Refusal(f"{archive}: {path}: the link to {target} leaves the release")
    if any(above in tree.links for above in _above(path)):
        raise Refusal(f"{archive}: {path}: it lies behind a link")
    place = os.path.join(folder, path)
    if os.path.lexists(place):
        raise Refusal(f"{archive}: {path}: it is in there twice")
    os.makedirs(os.path.dirname(place), 0o755, exist_ok=True)
    os.symlink(target, place)


def _above(path: str) -> Iterable[str]:
    while "/" in path:
        path = path.rpartition("/")[0]
        yield path
