"""What is in a release: its packages and layers, with their sizes and licences."""

from __future__ import annotations

import csv
import json
import posixpath
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from relforge import layout, metadata
from relforge.artifact.contents import Contents
from relforge.errors import UserError

OTHER = "(no package)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """A distribution in site-packages.  ``size`` is of its files, byte code included, in bytes."""

    name: str
    version: str
    licence: str
    size: int
    files: tuple[str, ...]


def manifest(found: Contents) -> dict[str, Any]:
    """``release/manifest.json``; raises UserError where it is damaged."""
    try:
        value = json.loads(found.texts[layout.MANIFEST])
        if isinstance(value, dict) and {"name", "version", "python", "target"} <= value.keys():
            return value
    except ValueError:
        pass
    raise UserError(
        f"{found.place}: {layout.MANIFEST} is damaged", hint=f"relforge verify {found.place}"
    )


def packages(found: Contents) -> tuple[Package, ...]:
    """The distributions, by name."""
    rows = []
    for path, text in found.texts.items():
        folder, name = posixpath.split(path)
        if name != "METADATA" or not folder.endswith(".dist-info"):
            continue
        head = metadata.parse(text)
        files = tuple(sorted(_recorded(found, folder)))
        rows.append(
            Package(
                name=head.get("Name", "?"),
                version=head.get("Version", "?"),
                licence=metadata.licence(head) or "unknown",
                size=sum(found.files[file].size for file in files),
                files=files,
            )
        )
    return tuple(sorted(rows, key=lambda row: row.name.lower()))


def parts(found: Contents) -> dict[str, int]:
    """Bytes of each part of the tree: packages, and the folders of the rest."""
    owners = {path: row.name for row in packages(found) for path in row.files}
    sizes: dict[str, int] = {}
    for path, file in found.files.items():
        part = owners.get(path) or _folder(path)
        sizes[part] = sizes.get(part, 0) + file.size
    return dict(sorted(sizes.items(), key=lambda row: (-row[1], row[0])))


def describe(found: Contents) -> dict[str, Any]:
    """All of it as plain data, for ``--json``."""
    told = manifest(found)
    return {
        **{key: told.get(key) for key in ("name", "version", "env", "revision", "source_date")},
        **{key: told.get(key) for key in ("target", "python", "lock", "relforge", "layers")},
        "services": sorted(told.get("services", {})),
        "commands": sorted(told.get("commands", {})),
        "sha256": found.sha256 or None,
        "size": found.size or None,
        "unpacked": sum(file.size for file in found.files.values()),
        "files": len(found.files),
        "packages": [
            {"name": row.name, "version": row.version, "licence": row.licence, "size": row.size}
            for row in packages(found)
        ],
        "parts": parts(found),
    }


def _recorded(found: Contents, folder: str) -> Iterator[str]:
    """The package's own files that are there; RECORD's paths are relative to site-packages."""
    text = found.texts.get(f"{folder}/RECORD", b"").decode("utf-8", "replace")
    for row in csv.reader(text.splitlines()):
        if row:
            path = posixpath.normpath(f"{posixpath.dirname(folder)}/{row[0]}")
            if path in found.files:
                yield path


def _folder(path: str) -> str:
    """``python/lib`` for what lies there or below, ``app`` for all of the application's trees."""
    folders = path.split("/")[:-1]
    if folders[:1] == [layout.PYTHON]:
        return "/".join(folders[:2])
    return folders[0] if folders else OTHER
