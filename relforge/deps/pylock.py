"""Reading and writing ``pylock.toml`` (PEP 751)."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

import tomli
from packaging.pylock import (
    Package,
    PackageSdist,
    PackageWheel,
    Pylock,
    PylockUnsupportedVersionError,
    PylockValidationError,
)
from packaging.utils import parse_wheel_filename
from packaging.version import Version

from relforge.deps.pins import File, Lock, Pin
from relforge.errors import UserError

ADVICE = "type: relforge lock"


def read(path: Path, project: str = "") -> Lock:
    """The pins of the file; raises UserError with file and entry.

    The project's own entry, which some tools write, is passed over: relforge
    builds the project itself.
    """
    data = _load(path)
    try:
        found = Pylock.from_dict(data)
    except PylockUnsupportedVersionError as error:
        raise UserError(f"{path}: {error}", hint=ADVICE) from None
    except PylockValidationError as error:
        raise UserError(f"{path}: {error}", hint=ADVICE) from None
    pins = (
        _pin(path, index, package)
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


def render(choices: Iterable[tuple[Pin, File]]) -> str:
    """A lock of exactly these files, for a tool that is to fetch them and nothing else."""
    rows = ['lock-version = "1.0"', 'created-by = "relforge"']
    for pin, file in choices:
        place = f"path = {_text(file.path)}" if file.path else f"url = {_text(file.url)}"
        entry = (
            f"{{name = {_text(file.name)}, {place}, hashes = {{sha256 = {_text(file.sha256)}}}}}"
        )
        kind = f"wheels = [{entry}]" if file.is_wheel else f"sdist = {entry}"
        rows += ["", "[[packages]]", f"name = {_text(pin.name)}"]
        rows += [f"version = {_text(str(pin.version))}", kind]
    return "\n".join(rows) + "\n"


def _load(path: Path) -> dict[str, Any]:
    try:
        return tomli.loads(path.read_text(encoding="utf-8"))
    except tomli.TOMLDecodeError as error:
        raise UserError(
            f"{path}:{error.lineno}: not valid TOML: {error.msg} (column {error.colno})",
            hint=ADVICE,
        ) from None
    except UnicodeDecodeError as error:
        raise UserError(f"{path}: not UTF-8: {error.reason} at byte {error.start}") from None
    except OSError as error:
        raise UserError(f"{path}: cannot be read: {error.strerror}") from None


def _pin(path: Path, index: int, package: Package) -> Pin:
    where = f"{path.name}: packages[{index}] ({package.name})"
    if package.is_direct:
        kind = next(k for k in ("vcs", "directory", "archive") if getattr(package, k) is not None)
        raise UserError(
            f"{path}: packages[{index}]: {package.name} is a `{kind}` entry; relforge takes "
            "packages that an index serves, as wheels or as source archives with a sha256",
            hint="publish the package to an index, or vendor it into the project",
        )
    if package.version is None:
        raise UserError(f"{path}: packages[{index}]: {package.name} has no version", hint=ADVICE)
    listed: list[PackageWheel | PackageSdist] = list(package.wheels or ())
    if package.sdist is not None:
        listed.append(package.sdist)
    files = tuple(_file(path, f"packages[{index}]: {package.name}", row) for row in listed)
    return Pin(
        name=package.name,
        version=_written(package.version, files),
        where=where,
        sha256=tuple(dict.fromkeys(file.sha256 for file in files)),
        marker=package.marker,
        requires_python=package.requires_python,
        files=files,
    )


def _file(path: Path, where: str, row: PackageWheel | PackageSdist) -> File:
    name, sha256 = row.filename, row.hashes.get("sha256")
    if sha256 is None:
        raise UserError(f"{path}: {where}: {name} has no sha256 hash", hint=ADVICE)
    if Path(name).name != name:
        raise UserError(f"{path}: {where}: {name!r} is no file name", hint=ADVICE)
    address = urlsplit(row.url or "")
    if row.path or address.scheme == "file":
        local = str((path.parent / (row.path or url2pathname(address.path))).resolve())
        return File(name=name, sha256=sha256.lower(), path=local)
    return File(name=name, sha256=sha256.lower(), url=row.url or "")


def _written(version: Version, files: tuple[File, ...]) -> Version:
    """The version as its wheels spell it: pex cuts the zeros of 1.0.0 off."""
    spelled = (parse_wheel_filename(file.name)[1] for file in files if file.is_wheel)
    return next(spelled, version)


def _text(value: str) -> str:
    """A TOML basic string; JSON's escapes are a subset of TOML's."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
