"""Reading ``Pipfile.lock`` as it is; what is for development is the group ``dev``."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from packaging.markers import InvalidMarker, Marker
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from relforge.layers.deps.pins import Lock, LockedFile, Pin, Source
from relforge.support.errors import UserError

ADVICE = "run: pipenv lock"
EXPORT = "run: pipenv requirements --hash > requirements.lock"
DEVELOPMENT = "'dev' in dependency_groups"
KINDS = (("default", ""), ("develop", DEVELOPMENT))


def read(path: Path) -> Lock:
    """The pins of the file; raises UserError that names the entry."""
    try:
        data = json.loads(path.read_text(encoding="utf-8-sig"))
        pins = tuple(_pins(path, data))
    except OSError as error:
        raise UserError(f"{path}: cannot be read: {error.strerror}") from None
    except (ValueError, TypeError, AttributeError, KeyError, InvalidMarker) as error:
        raise UserError(f"{path}: unknown format: {error!r}", hint=ADVICE) from None
    return Lock(path=path, pins=pins, advice=ADVICE)


def _pins(path: Path, data: Mapping[str, Any]) -> Iterator[Pin]:
    seen: set[str] = set()
    for table, condition in KINDS:
        for name, row in data.get(table, {}).items():
            if name in seen:
                continue  # it goes in anyhow
            seen.add(name)
            where = f"{path.name}: {table}.{name}"
            parts = [f"({row['markers']})"] if row.get("markers") else []
            marker = " and ".join([*parts, *([condition] if condition else [])])
            yield _pin(path, where, name, row, Marker(marker) if marker else None)


def _pin(path: Path, where: str, name: str, row: Mapping[str, Any], marker: Marker | None) -> Pin:
    source = _source(path, where, row)
    digests = tuple(
        text.partition(":")[2].lower()
        for text in row.get("hashes", ())
        if text.startswith("sha256:")
    )
    if source is None and not digests:
        raise UserError(f"{path.parent / where}: no sha256 hash", hint=ADVICE)
    version = str(row.get("version", "==0")).removeprefix("==")
    files: tuple[LockedFile, ...] = ()
    place = row.get("file", "")
    if place:
        kind = "url" if "://" in place else "path"
        target = place if kind == "url" else str((path.parent / place).resolve())
        name_of_file = place.rpartition("/")[2]
        files = tuple(
            LockedFile(name=name_of_file, sha256=digest, **{kind: target}) for digest in digests
        )
    try:
        found = Version(version)
    except InvalidVersion:
        raise UserError(
            f"{path.parent / where}: {version!r} is not a single version", hint=ADVICE
        ) from None
    return Pin(
        name=canonicalize_name(name),
        version=found,
        where=where,
        sha256=digests,
        marker=marker,
        files=files,
        source=source,
    )


def _source(path: Path, where: str, row: Mapping[str, Any]) -> Source | None:
    if "git" in row:
        if not row.get("ref"):
            raise UserError(f"{path.parent / where}: not pinned to a commit", hint=ADVICE)
        inner = row.get("subdirectory", "")
        return Source(url=row["git"].removeprefix("git+"), commit=row["ref"], subdirectory=inner)
    place = row.get("path", "")
    if place:
        return Source(path=str((path.parent / place).resolve()))
    return None
