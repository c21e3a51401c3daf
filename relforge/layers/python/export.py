"""The relocated interpreter as an archive that ``source = "archive"`` takes."""

from __future__ import annotations

import os
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

from zlib_ng import gzip_ng

from relforge import cache, elf
from relforge.layers.python import archive
from relforge.layers.python.step import make
from relforge.model.release import Entry, Interpreter
from relforge.model.spec import PythonSettings

LEVEL = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """An archive that was written.  ``glibc`` is the oldest that it runs on."""

    path: Path
    sha256: str
    size: int
    glibc: str


def export(interpreter: Interpreter, settings: PythonSettings, path: Path) -> Exported:
    """Write the interpreter as it would go into a release; the file appears whole.

    The shape is that of python-build-standalone's ``install_only``; the same
    interpreter and settings give the same bytes.
    """
    tree = cache.tree("python", interpreter.key, lambda draft: make(interpreter, settings, draft))
    with (
        cache.appear(path) as file,
        _gzip(file) as stream,
        tarfile.open(fileobj=stream, mode="w|", format=tarfile.GNU_FORMAT) as tar,
    ):
        for entry in tree.entries:
            _add(tar, entry, tree.path / entry.path)
    files = (tree.path / entry.path for entry in tree.entries if entry.link is None)
    return Exported(
        path=path,
        sha256=cache.sha256(path),
        size=path.stat().st_size,
        glibc=elf.floor(found for file in files if (found := elf.read(file))),
    )


def _gzip(file: IO[bytes]) -> IO[bytes]:
    """A gzip stream without a name or a time."""
    made = gzip_ng.GzipNGFile(  # type: ignore[no-untyped-call]  # it has no annotations
        filename="", mode="wb", compresslevel=LEVEL, fileobj=file, mtime=0
    )
    return cast(IO[bytes], made)


def _add(tar: tarfile.TarFile, entry: Entry, source: Path) -> None:
    """One member, owned by root, without a time."""
    member = tarfile.TarInfo(f"{archive.TOP}/{entry.path}")
    member.mode = entry.mode
    member.uname = member.gname = "root"
    if entry.link is not None:
        member.type, member.linkname = tarfile.SYMTYPE, os.readlink(source)
        tar.addfile(member)
        return
    member.size = entry.size
    with source.open("rb") as file:
        tar.addfile(member, file)
