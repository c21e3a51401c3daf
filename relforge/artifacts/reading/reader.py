"""Reading a release from an artifact of any format, or from an unpacked tree.

    tar.gz tar.zst run    one directory at the top
    deb                   /opt/<name>/releases/<version> in the data of a package
    oci                   /opt/<name> in the layers of an image

An artifact is read as a stream and never unpacked.  Nothing in it is trusted:
what a careful hand would not have written is noted as a problem, and reading
goes on; what cannot be read at all is a `UserError`.
"""

from __future__ import annotations

import hashlib
import os
import stat
import tarfile
from collections.abc import Iterator
from pathlib import Path

from zlib_ng import zlib_ng

from relforge import cache
from relforge.artifacts.formats.codecs import GZIP, ZSTD
from relforge.artifacts.reading import deb, oci_image, tarball
from relforge.artifacts.reading.contents import ReleaseContents
from relforge.artifacts.reading.packed_sizes import Measure
from relforge.artifacts.reading.tar_archive import CHUNK
from relforge.model import layout
from relforge.model.spec import FORMATS
from relforge.runtime.contract import archive
from relforge.support.errors import UserError
from relforge.support.zstd import zstd

UNREADABLE = (tarfile.TarError, zstd.ZstdError, EOFError, OSError, *archive.BROKEN)
# What a file begins with, whatever it is called.
_BEGINNINGS = (
    (0, b"\x1f\x8b", "tar.gz"),
    (0, b"\x28\xb5\x2f\xfd", "tar.zst"),
    (0, b"!<arch>\n", "deb"),
    (0, b"#!/bin/sh\n", "run"),
    (257, b"ustar", "oci"),  # a plain tar archive
)
_HEAD = 262  # bytes that identify the format


def read(place: Path, *, measured: bool = False) -> ReleaseContents:
    """Everything in the artifact, or in the directory; raises UserError if it is not a release.

    Where it is ``measured``, each part of an artifact is compressed once more to
    estimate how much of the artifact it takes.
    """
    try:
        status = place.stat()
    except FileNotFoundError:
        raise UserError(
            f"{place}: no such file or directory",
            hint="name an artifact (dist/*.tar.gz) or an unpacked release",
        ) from None
    except OSError as error:
        raise UserError(f"{place}: {error.strerror}") from None
    if stat.S_ISDIR(status.st_mode):
        found = _of_tree(place)
    elif stat.S_ISREG(status.st_mode):
        found = _of_file(place, status.st_size, measured=measured)
    else:
        raise UserError(
            f"{place}: it is neither a file nor a directory",
            hint="name an artifact (dist/*.tar.gz) or an unpacked release",
        )
    if not found.is_release and not deb.leads(found):
        raise UserError(
            f"{place}: it is not a release: it has no {layout.MANIFEST}",
            hint="name the release's top directory, or an artifact written by relforge",
        )
    return found


def _of_tree(root: Path) -> ReleaseContents:
    top = root.stat()
    found = ReleaseContents(place=root, owner=(top.st_uid, top.st_gid))
    found.check_owner(".", top)
    for path, row in _walk(root, ""):
        try:
            status = row.stat(follow_symlinks=False)
            found.check_owner(path, status)
            if stat.S_ISLNK(status.st_mode):
                found.links[path] = os.readlink(row.path)
            elif stat.S_ISDIR(status.st_mode):
                found.directories.add(path)
                found.check_mode(path, stat.S_IMODE(status.st_mode))
            elif stat.S_ISREG(status.st_mode):
                with open(row.path, "rb") as file:
                    chunks = iter(lambda: file.read(CHUNK), b"")
                    found.take(path, stat.S_IMODE(status.st_mode), chunks)
            else:
                found.problem(path, "it is neither a file, a directory nor a link")
        except OSError as error:
            found.problem(path, f"it cannot be read: {error.strerror}")
    return found


def _walk(directory: Path, name: str) -> Iterator[tuple[str, os.DirEntry[str]]]:
    with os.scandir(directory) as rows:
        for row in sorted(rows, key=lambda row: row.name):
            path = f"{name}{row.name}"
            if path == layout.STATE:
                continue  # it is not a part of the release
            yield path, row
            if row.is_dir(follow_symlinks=False):
                yield from _walk(Path(row.path), f"{path}/")


def _of_file(place: Path, size: int, *, measured: bool) -> ReleaseContents:
    with cache.naming(place), place.open("rb") as file:
        head = file.read(_HEAD)
        file.seek(0)
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    kind = next((kind for at, text, kind in _BEGINNINGS if head[at:].startswith(text)), None)
    if kind is None:
        raise UserError(
            f"{place}: it is not an artifact: its content is not in any of the formats "
            f"{', '.join(FORMATS)}"
            if size
            else f"{place}: the file is empty",
            hint="it may be damaged, or another file than you expect: compare it with the original",
        )
    found = ReleaseContents(place=place, kind=kind, size=size, sha256=sha256)
    if measured:
        found.measure = Measure(ZSTD if kind == "tar.zst" else GZIP)
    try:
        _take(found)
    except (*UNREADABLE, zlib_ng.error) as error:  # type: ignore[misc]  # its stub says `error: Exception`
        raise UserError(
            f"{place}: reading it failed: {error}",
            hint="it is damaged or was not copied completely: compare its size with the original's",
        ) from None
    named = next((row for row in FORMATS if place.name.endswith(f".{row}")), kind)
    if named != kind:
        found.problem(place.name, f"its name ends in .{named}, but its format is {kind}")
    return found


def _take(found: ReleaseContents) -> None:
    if found.kind == "deb":
        deb.read(found)
    elif found.kind == "oci":
        oci_image.read(found)
    elif found.kind == "run":
        tarball.read_run(found)
    else:
        tarball.read(found, ZSTD if found.kind == "tar.zst" else GZIP)
