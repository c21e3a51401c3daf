"""The shared libraries that files need, found on this host as the dynamic loader finds them."""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from relforge import elf
from relforge.elf import drivers
from relforge.support import command

log = logging.getLogger("relforge.elf.loader")

DEFAULT_DIRECTORIES = ("/lib", "/usr/lib", "/lib64", "/usr/lib64")
CACHE = "/etc/ld.so.cache"  # is written again when a library comes or goes


@dataclass(frozen=True, slots=True, kw_only=True)
class LibrarySearch:
    """Where libraries may come from: the loader's cache and directories, or one directory alone."""

    machine: str
    enclosed: Path | None = None
    known: Mapping[str, tuple[Path, ...]] = field(default_factory=dict)  # of `ldconfig -p`
    directories: tuple[Path, ...] = ()

    def find(self, name: str, wanted_by: Path, binary: elf.Elf) -> Path | None:
        """The library's real file, or None."""
        for candidate in self._candidates(name, wanted_by, binary):
            if not candidate.is_file():
                continue
            real = candidate.resolve()
            if self.enclosed and not real.is_relative_to(self.enclosed.resolve()):
                continue
            found = elf.read(real)
            if found and found.machine == self.machine and found.bits == binary.bits:
                return real
        return None

    def _candidates(self, name: str, wanted_by: Path, binary: elf.Elf) -> Iterator[Path]:
        if "/" in name:
            yield Path(name)
            return
        origin = str(wanted_by.parent)
        written = binary.runpath or binary.rpath
        own = [part.replace("${ORIGIN}", "$ORIGIN").replace("$ORIGIN", origin) for part in written]
        environment = os.environ.get("LD_LIBRARY_PATH", "").split(":")
        for directory in own + ([] if self.enclosed else [part for part in environment if part]):
            yield Path(directory) / name
        yield from self.known.get(name, ())
        for place in self.directories:
            yield place / name


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundLibrary:
    """``libraries`` maps names to real files, ``missing`` files to what they lack."""

    libraries: Mapping[str, Path]
    missing: Mapping[Path, tuple[str, ...]]


def of_host(machine: str, more: Iterable[str] = ()) -> LibrarySearch:
    """The search of this host's own loader, and of more directories before it."""
    directories = tuple(Path(directory) for directory in (*more, *DEFAULT_DIRECTORIES))
    return LibrarySearch(machine=machine, known=_loader_cache(), directories=directories)


def state() -> str:
    """What decides where this host's loader finds a library, in addition to the files that ask."""
    try:
        status = os.stat(CACHE)
    except OSError:
        stamp = ""
    else:
        stamp = f"{status.st_size} {status.st_mtime_ns}"
    return f"{stamp} {os.environ.get('LD_LIBRARY_PATH', '')}"


def within(directory: Path, machine: str) -> LibrarySearch:
    """A search that stays in an unpacked archive."""
    return LibrarySearch(machine=machine, enclosed=directory, directories=(directory / "lib",))


def collect(files: Iterable[Path], search: LibrarySearch) -> FoundLibrary:
    """All that the files need and that is not glibc, and what that needs in turn.

    A file that needs, through any of its libraries, one that is not there is
    among the missing, and what only such files need is not among the libraries.
    """
    libraries: dict[str, Path] = {}
    missing: dict[Path, tuple[str, ...]] = {}
    for path in files:
        own: dict[str, Path] = {}
        lacking = _follow(path, search, libraries, own)
        if lacking:
            missing[path] = tuple(sorted(lacking))
        else:
            libraries.update(own)
    return FoundLibrary(libraries=libraries, missing=missing)


def _follow(
    path: Path, search: LibrarySearch, known: Mapping[str, Path], own: dict[str, Path]
) -> set[str]:
    binary = elf.read(path)
    lacking: set[str] = set()
    for name in binary.needed if binary else ():
        if name in elf.GLIBC or name in known or name in own or drivers.are(name):
            continue
        assert binary is not None
        library = search.find(name, path, binary)
        if library is None:
            lacking.add(name)
        else:
            log.debug("%s needs %s: %s", path.name, name, library)
            own[name] = library
            lacking |= _follow(library, search, known, own)
    return lacking


def _loader_cache() -> dict[str, tuple[Path, ...]]:
    program = shutil.which("ldconfig", path=f"{os.environ.get('PATH', '')}:/sbin:/usr/sbin")
    if program is None:
        return {}
    found: dict[str, list[Path]] = {}
    for line in command.capture([program, "-p"]).stdout.splitlines():
        left, arrow, path = line.partition(" => ")
        if arrow and left.split():
            found.setdefault(left.split()[0], []).append(Path(path.strip()))
    return {name: tuple(paths) for name, paths in found.items()}
