"""Archives in the shape of python-build-standalone's install_only: one directory, ``python/``."""

from __future__ import annotations

import gzip
import posixpath
import re
import tarfile
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import IO, cast

from relforge import elf
from relforge.cache import file_facts
from relforge.layers.python.installation import InstallationFiles
from relforge.model import python_version
from relforge.support.errors import UserError
from relforge.support.zstd import zstd
from relforge.tree import extraction

TOP = "python"
PATCHLEVEL = re.compile(rb'#define\s+PY_VERSION\s+"([^"+]+)')
UNREADABLE = (tarfile.TarError, zstd.ZstdError, zlib.error, gzip.BadGzipFile, EOFError)


def inspect(path: Path) -> InstallationFiles:
    """Read the archive's version and CPU; remembered.  Raises UserError."""
    row = file_facts.remembered(
        "archive", file_facts.signature(path), lambda: asdict(_inspect(path))
    )
    return InstallationFiles(**row)


def unpack(path: Path, directory: Path) -> Path:
    """Unpack below ``directory`` and return the interpreter's root.

    Raises UserError for a member that would land or point outside, before it
    is written.
    """
    with _open(path) as tar:
        for name, member in _members(path, tar):
            _lay(tar, member, directory, directory / name)
    return directory / TOP


def _lay(tar: tarfile.TarFile, member: tarfile.TarInfo, directory: Path, place: Path) -> None:
    if member.issym():
        extraction.symlink(member.linkname, place)
    elif member.islnk():
        extraction.link(directory / posixpath.normpath(member.linkname), place)
    else:
        extraction.write(tar, member, place)
        if member.isreg() and member.mode & 0o100:
            place.chmod(0o755)


def _inspect(path: Path) -> InstallationFiles:
    binary: elf.Elf | None = None
    short = ""
    in_header: set[str] = set()  # by the header
    seen: set[str] = set()  # in the programs
    with _open(path) as tar, tempfile.TemporaryDirectory() as scratch:
        for name, member in _members(path, tar):
            if not member.isreg():
                continue
            inner = name.removeprefix(f"{TOP}/")
            if inner.startswith("install/bin/python3"):
                raise UserError(
                    f"{path}: this is a full archive of python-build-standalone, meant for linking",
                    hint="use the one with `install_only` in its name",
                )
            if found := re.fullmatch(r"bin/python(3\.\d+t?)", inner):
                short = found[1]
                copy = Path(scratch) / "python"
                copy.write_bytes(_read(tar, member))
                binary = elf.read(copy)
                seen |= _versions(copy.read_bytes(), short)
            elif found := re.fullmatch(r"lib/libpython(3\.\d+t?)\.so\.1\.0", inner):
                seen |= _versions(_read(tar, member), found[1])
            elif re.fullmatch(r"include/python3\.\d+t?/patchlevel\.h", inner):
                in_header |= {hit.decode() for hit in PATCHLEVEL.findall(_read(tar, member))}
    if not short:
        raise UserError(
            f"{path}: no interpreter in it: expected {TOP}/bin/python3.*",
            hint="expected the shape of python-build-standalone's install_only archives",
        )
    if binary is None or Path(binary.interpreter).name not in elf.GLIBC:
        raise UserError(
            f"{path}: {TOP}/bin/python{short} is not a program for Linux with glibc",
            hint="use the archive with `unknown-linux-gnu` in its name",
        )
    minor = python_version.minor(short)
    versions = {text for text in in_header or seen if text.startswith(f"{minor}.")}
    if len(versions) != 1:
        raise UserError(f"{path}: cannot determine its patch version of CPython {short}")
    threaded = python_version.is_threaded(short)
    version = python_version.spelled(versions.pop(), threaded=threaded)
    return InstallationFiles(version=version, machine=binary.machine)


def _versions(binary: bytes, short: str) -> set[str]:
    """The versions that a program's own strings name, as ``3.12.1``."""
    minor = python_version.minor(short)
    pattern = rb"(?<![\d.])(" + re.escape(minor).encode() + rb"\.\d+(?:(?:a|b|rc)\d+)?)\+?\0"
    return {hit.decode() for hit in re.findall(pattern, binary)}


def _read(tar: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    file = tar.extractfile(member)
    assert file is not None  # a regular file
    return file.read()


@contextmanager
def _open(path: Path) -> Iterator[tarfile.TarFile]:
    """The archive as a stream: members come in order, once."""
    try:
        with path.open("rb") as file:
            stream: IO[bytes]
            if path.name.endswith(".zst"):
                stream = cast(IO[bytes], zstd.ZstdFile(file))
            else:
                stream = cast(IO[bytes], gzip.GzipFile(fileobj=file))
            with stream, tarfile.open(fileobj=stream, mode="r|") as tar:
                yield tar
    except UNREADABLE as error:
        raise UserError(f"{path}: cannot be unpacked: {error}") from None


def _members(path: Path, tar: tarfile.TarFile) -> Iterator[tuple[str, tarfile.TarInfo]]:
    """The members with their plain names; raises UserError for one that is hostile."""
    links: dict[str, str] = {}
    for member in tar:
        if name := _checked(path, member, links):
            yield name, member
    inner = {name.removeprefix(f"{TOP}/"): target for name, target in links.items()}
    for name, target in inner.items():
        if extraction.leads_out(name, inner):  # through another link
            raise _hostile(path, f"{TOP}/{name}", f"points outside the archive, at {target}")


def _checked(path: Path, member: tarfile.TarInfo, links: dict[str, str]) -> str | None:
    """The member's plain name, or None for what is passed over.

    Nothing may lie outside of ``python/``, point out of it, or be reached
    through a link of the archive.
    """
    name = posixpath.normpath(member.name)
    if name in (".", TOP):
        return None
    if not _inside(member.name) or extraction.parents(name) & links.keys():
        raise _hostile(path, member.name, "is outside the archive's directory")
    if member.issym():
        target = member.linkname
        if target.startswith("/") or not _inside(posixpath.join(posixpath.dirname(name), target)):
            raise _hostile(path, member.name, f"points outside the archive, at {target}")
    elif member.islnk():
        target = posixpath.normpath(member.linkname)
        passed = {target, *extraction.parents(target)}
        if not _inside(member.linkname) or passed & links.keys():
            raise _hostile(path, member.name, f"points outside the archive, at {target}")
    elif not (member.isreg() or member.isdir()):
        raise _hostile(path, member.name, "is a device or a pipe")
    if member.issym():
        links[name] = target
    elif name in links:
        raise _hostile(path, member.name, "would be written through a link")
    return name


def _inside(name: str) -> bool:
    """Whether a path, dots resolved by its text alone, stays below ``python/``."""
    plain = posixpath.normpath(name)
    return not name.startswith("/") and (plain == TOP or plain.startswith(f"{TOP}/"))


def _hostile(path: Path, name: str, why: str) -> UserError:
    return UserError(
        f"{path}: the member {name!r} {why}; nothing was unpacked",
        hint=f"every member must be in the directory {TOP}/",
    )
