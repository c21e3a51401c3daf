"""Every ELF file of a release: what it needs, and how old a glibc may be."""

from __future__ import annotations

import json
import posixpath
from dataclasses import asdict, dataclass

from relforge import cache, elf
from relforge.release import Layer, Release


@dataclass(frozen=True, slots=True, kw_only=True)
class Library:
    """One ELF file.  ``path`` is relative to the release, ``glibc`` such as ``2.34`` or empty."""

    path: str
    soname: str
    needed: tuple[str, ...]
    glibc: str

    @property
    def names(self) -> set[str]:
        """The names under which another file can ask for it."""
        return {posixpath.basename(self.path), self.soname}


def survey(release: Release) -> tuple[Library, ...]:
    """Every ELF file of the layers so far; remembered by the layers' content keys."""
    return tuple(row for layer in release.layers for row in _of_layer(release, layer))


def glibc_floor(found: tuple[Library, ...]) -> str:
    """The oldest glibc that all of them can run on; ``2.17`` where nothing asks for more."""
    return max((row.glibc for row in found if row.glibc), key=_numbers, default="2.17")


def _of_layer(release: Release, layer: Layer) -> list[Library]:
    memo = cache.home() / "libraries" / f"{layer.name}-{layer.key}.json"
    try:
        rows = json.loads(memo.read_bytes())
        return [Library(**{**row, "needed": tuple(row["needed"])}) for row in rows]
    except (OSError, ValueError, TypeError, KeyError):
        pass
    found = []
    for path in layer.paths:
        place = release.tree / path
        read = None if place.is_symlink() else elf.read(place)
        if read is not None:
            found.append(
                Library(path=path, soname=read.soname, needed=tuple(read.needed), glibc=read.glibc)
            )
    cache.write(memo, json.dumps([asdict(row) for row in found]).encode())
    return found


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))
