"""Reading ``pylock.toml`` (PEP 751)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from packaging.pylock import (
    Package,
    PackageArchive,
    PackageSdist,
    PackageVcs,
    PackageWheel,
    Pylock,
    PylockUnsupportedVersionError,
    PylockValidationError,
)
from packaging.utils import parse_wheel_filename
from packaging.version import Version

from relforge.layers.deps import toml_file
from relforge.layers.deps.pins import Lock, LockedFile, Pin, Source
from relforge.layers.deps.toml_file import TomlFile
from relforge.support.errors import UserError
from relforge.support.urls import split_url

ADVICE = "run: relforge lock"
COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


def read(path: Path, project: str = "") -> Lock:
    """The pins of the file; raises UserError with file and entry.

    The project's own entry, which some tools write, is passed over: relforge
    builds the project itself.
    """
    file = toml_file.read(path, ADVICE)
    try:
        found = Pylock.from_dict(file.data)
    except PylockUnsupportedVersionError as error:
        raise UserError(f"{path}: {error}", hint=ADVICE) from None
    except PylockValidationError as error:
        raise UserError(f"{path}: {error}", hint=ADVICE) from None
    reader = _PylockReader(file=file)
    pins = (
        reader.pin(index, package)
        for index, package in enumerate(found.packages)
        if not (package.name == project and package.directory is not None)
    )
    return Lock(
        path=path,
        pins=tuple(pins),
        default_groups=tuple(found.default_groups or ()),
        requires_python=found.requires_python,
        environments=tuple(found.environments or ()),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _PylockReader:
    """What makes pins of entries, and knows on which line each thing stands."""

    file: TomlFile

    def pin(self, index: int, package: Package) -> Pin:
        where = f"{self.file.line_of_entry('packages', index)} ({package.name})"
        if package.vcs is not None:
            return self._sourced(where, package, self._repository(where, package.vcs))
        if package.directory is not None:
            directory = str((self.file.path.parent / package.directory.path).resolve())
            inner = package.directory.subdirectory or ""
            return self._sourced(where, package, Source(path=directory, subdirectory=inner))
        listed: list[PackageWheel | PackageSdist | PackageArchive] = list(package.wheels or ())
        listed += [row for row in (package.sdist, package.archive) if row is not None]
        files = tuple(self._file(where, row) for row in listed)
        if package.version is None and package.archive is None:
            raise self.file.refusal(where, "no version")
        return Pin(
            name=package.name,
            version=_written(package.version or Version("0"), files),
            where=where,
            sha256=tuple(dict.fromkeys(file.sha256 for file in files)),
            marker=package.marker,
            requires_python=package.requires_python,
            files=files,
        )

    def _sourced(self, where: str, package: Package, source: Source) -> Pin:
        return Pin(
            name=package.name,
            version=package.version or Version("0"),
            where=where,
            sha256=(),
            marker=package.marker,
            requires_python=package.requires_python,
            source=source,
        )

    def _repository(self, where: str, row: PackageVcs) -> Source:
        if row.type != "git":
            raise self.file.refusal(
                where, f"it comes from {row.type}, but relforge supports only git"
            )
        if not COMMIT.fullmatch(row.commit_id):
            raise self.file.refusal(
                where, f"{row.commit_id!r} is not a commit (40 hexadecimal digits)"
            )
        url = row.url or (self.file.path.parent / str(row.path)).resolve().as_uri()
        return Source(url=url, commit=row.commit_id, subdirectory=row.subdirectory or "")

    def _file(self, where: str, row: PackageWheel | PackageSdist | PackageArchive) -> LockedFile:
        address = split_url(row.url or "")
        if isinstance(row, PackageArchive):
            name = unquote(address.path or row.path or "").rpartition("/")[2]
            if row.subdirectory:
                raise self.file.refusal(where, "a directory inside an archive is not supported")
        else:
            name = row.filename
        sha256 = row.hashes.get("sha256", "").lower()
        if not sha256:
            raise self.file.refusal(where, f"{name} has no sha256 hash")
        if not name or Path(name).name != name:
            raise self.file.refusal(where, f"{name!r} is not a file name")
        local = row.path or (unquote(address.path) if address.scheme == "file" else "")
        return LockedFile(
            name=name,
            sha256=sha256,
            url="" if local else row.url or "",
            path=str((self.file.path.parent / local).resolve()) if local else "",
            where=self.file.line_of(sha256),
        )


def _written(version: Version, files: tuple[LockedFile, ...]) -> Version:
    """The version as its wheels spell it: pex cuts the zeros of 1.0.0 off."""
    spelled = (parse_wheel_filename(file.name)[1] for file in files if file.is_wheel)
    return next(spelled, version)
