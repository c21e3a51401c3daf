"""Archives in the shape of python-build-standalone's install_only: one folder, ``python/``."""

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
from relforge.support.errors import UserError
from relforge.support.zstd import zstd

TOP = "python"
PATCHLEVEL = re.compile(rb'#define\s+PY_VERSION\s+"([^"+]+)')
UNREADABLE = (
    *(tarfile.TarError, zstd.ZstdError, zlib.error, gzip.BadGzipFile, EOFError),
    *(FileExistsError, NotADirectoryError, IsADirectoryError),  # a member in another's way
    KeyError,  # a hard link to what is not there
)


def inspect(path: Path) -> InstallationFiles:
    """Read the archive's version and CPU; remembered.  Raises UserError."""
    row = file_facts.remembered(
        "archive", file_facts.signature(path), lambda: asdict(_inspect(path))
    )
    return InstallationFiles(**row)


def unpack(path: Path, folder: Path) -> Path:
    """Unpack below ``folder`` and return the interpreter's root.

    Raises UserError for a member that would land or point outside, before it
    is written.
    """
    links: set[str] = set()
    with _open(path) as tar:
        for member in tar:
            if checked := _checked(path, member, links):
                tar.extract(checked, folder, set_attrs=False)
                if checked.isreg() and checked.mode & 0o100:
                    (folder / checked.name).chmod(0o755)
    return folder / TOP


def _inspect(path: Path) -> InstallationFiles:
    binary: elf.Elf | None = None
    name = ""
    told: set[str] = set()  # by the header
    seen: set[str] = set()  # in the programs
    links: set[str] = set()
    with _open(path) as tar, tempfile.TemporaryDirectory() as scratch:
        for member in tar:
            checked = _checked(path, member, links)
            if checked is None or not checked.isreg():
                continue
            inner = checked.name.removeprefix(f"{TOP}/")
            if inner.startswith("install/bin/python3"):
                raise UserError(
                    f"{path}: is a full archive of python-build-standalone, made to be linked anew",
                    hint="take the one whose name has `install_only`",
                )
            if found := re.fullmatch(r"bin/python(3\.\d+)", inner):
                name = found[1]
                copy = Path(scratch) / "python"
                copy.write_bytes(_read(tar, member))
                binary = elf.read(copy)
                seen |= _versions(copy.read_bytes(), name)
            elif found := re.fullmatch(r"lib/libpython(3\.\d+)\.so\.1\.0", inner):
                seen |= _versions(_read(tar, member), found[1])
            elif re.fullmatch(r"include/python3\.\d+/patchlevel\.h", inner):
                told |= {hit.decode() for hit in PATCHLEVEL.findall(_read(tar, member))}
    if not name:
        raise UserError(
            f"{path}: holds no interpreter: there is no {TOP}/bin/python3.* in it",
            hint="expected the shape of python-build-standalone's install_only archives",
        )
    if binary is None or Path(binary.interpreter).name not in elf.GLIBC:
        raise UserError(
            f"{path}: {TOP}/bin/python{name} is no program for Linux with glibc",
            hint="take the archive whose name has `unknown-linux-gnu`",
        )
    versions = {text for text in told or seen if text.startswith(f"{name}.")}
    if len(versions) != 1:
        raise UserError(f"{path}: does not tell which release of CPython {name} it holds")
    return InstallationFiles(version=versions.pop(), machine=binary.machine)


def _versions(binary: bytes, short: str) -> set[str]:
    """The versions that a program's own strings name, as ``3.12.1``."""
    pattern = rb"(?<![\d.])(" + re.escape(short).encode() + rb"\.\d+(?:(?:a|b|rc)\d+)?)\+?\0"
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
                tar.extraction_filter = lambda member, _: member  # `_checked` has seen it
                yield tar
    except UNREADABLE as error:
        raise UserError(f"{path}: cannot be unpacked: {error}") from None
    except RecursionError:  # tarfile looks for what a link that cannot be made stands for
        raise UserError(f"{path}: cannot be unpacked: a link leads back to itself") from None


def _checked(path: Path, member: tarfile.TarInfo, links: set[str]) -> tarfile.TarInfo | None:
    """The member under a plain name, or None for what is passed over.

    Nothing may lie outside of ``python/``, point out of it, or be reached
    through a link of the archive.
    """
    name = posixpath.normpath(member.name)
    if name in (".", TOP):
        return None
    parents = {name[:index] for index, sign in enumerate(name) if sign == "/"}
    if not _inside(member.name) or parents & links:
        raise _hostile(path, member, "lies outside of it")
    if member.issym():
        target = member.linkname
        if target.startswith("/") or not _inside(posixpath.join(posixpath.dirname(name), target)):
            raise _hostile(path, member, f"points outside of it, at {target}")
    elif member.islnk():
        target = posixpath.normpath(member.linkname)
        passed = {target[:index] for index, sign in enumerate(target) if sign == "/"}
        if not _inside(member.linkname) or (passed | {target}) & links:
            raise _hostile(path, member, f"points outside of it, at {target}")
    elif not (member.isreg() or member.isdir()):
        raise _hostile(path, member, "is a device or a pipe")
    if member.issym():
        links.add(name)
    elif name in links:
        raise _hostile(path, member, "would be written through a link")
    return member.replace(name=name, deep=False)


def _inside(name: str) -> bool:
    """Whether a path, dots resolved by its text alone, stays below ``python/``."""
    plain = posixpath.normpath(name)
    return not name.startswith("/") and (plain == TOP or plain.startswith(f"{TOP}/"))


def _hostile(path: Path, member: tarfile.TarInfo, why: str) -> UserError:
    return UserError(
        f"{path}: the member {member.name!r} {why}; nothing was taken from this archive",
        hint=f"every member must lie in the folder {TOP}/",
    )
