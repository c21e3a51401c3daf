"""The values of a lock: pins, and the files that each may be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from packaging.markers import Marker
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from relforge.support.errors import UserError


@dataclass(frozen=True, slots=True, kw_only=True)
class LockedFile:
    """A file that a lock names.  ``url`` is empty where the file is ``path``, and vice versa."""

    name: str
    sha256: str
    url: str = ""
    path: str = ""  # absolute
    where: str = ""  # pylock.toml:37, where the lock has it on a separate line

    @property
    def is_wheel(self) -> bool:
        return self.name.endswith(".whl")


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Sources that no index serves: a commit of a repository, or a directory of this host."""

    url: str = ""  # of the git repository
    commit: str = ""
    path: str = ""  # of the directory, absolute
    subdirectory: str = ""

    def __str__(self) -> str:
        place = f"git+{self.url}@{self.commit}" if self.url else self.path
        return f"{place}#subdirectory={self.subdirectory}" if self.subdirectory else place


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """What a package, or the project, asks for; by an extra or a group of its own, or always."""

    name: str
    version: Version | None  # None: the lock holds one
    specifier: SpecifierSet = field(default_factory=SpecifierSet)
    extras: tuple[str, ...] = ()
    marker: Marker | None = None
    by_extra: str = ""
    by_group: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    """One package at one version.  ``name`` is the canonical one.

    ``sha256`` holds every digest that the lock allows.  ``files`` is empty where
    the lock has digests and no names, as requirements files do.
    """

    name: str
    version: Version
    where: str  # requirements.lock:12, or pylock.toml: packages[3]
    sha256: tuple[str, ...]
    marker: Marker | None = None
    requires_python: SpecifierSet | None = None
    files: tuple[LockedFile, ...] = ()
    source: Source | None = None  # in the place of files
    needs: tuple[Need, ...] = ()
    conditions: tuple[Marker, ...] = ()  # one of them holds, where there are any
    is_virtual: bool = False  # it asks for others, and is nothing to install

    def __str__(self) -> str:
        return f"{self.name} ({self.source})" if self.source else f"{self.name}=={self.version}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock:
    """A lock as it was read, for every target that it is for."""

    path: Path
    pins: tuple[Pin, ...]
    default_groups: tuple[str, ...] = ()
    requires_python: SpecifierSet | None = None
    environments: tuple[Marker, ...] = ()
    needs: tuple[Need, ...] | None = None  # of the project; None: markers decide what goes in
    advice: str = "run: relforge lock"  # the command that makes it again


def mismatch(name: str, expected: Sequence[str], found: str) -> UserError:
    """The error of a file that is not the one that was locked."""
    return UserError(
        f"{name}: the hash does not match: the lockfile allows sha256 {' or '.join(expected)}, "
        f"the downloaded file has {found}",
        hint="if the package was republished on purpose, run: relforge lock; otherwise find "
        "out who changed it",
    )
