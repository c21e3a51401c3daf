"""What is in a release: its packages and layers, with their sizes and licenses."""

from __future__ import annotations

import csv
import posixpath
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from relforge.artifacts.reading import foreign_manifest, packed_sizes
from relforge.artifacts.reading.contents import ReleaseContents
from relforge.model import core_metadata, layout

OTHER = "(no package)"
LAST = "release"  # the layer that the manifest itself is in


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageSummary:
    """A distribution in site-packages.  ``size`` is of its files, bytecode included, in bytes."""

    name: str
    version: str
    licence: str
    size: int
    files: tuple[str, ...]


def packages(found: ReleaseContents) -> tuple[PackageSummary, ...]:
    """The distributions, by name."""
    rows = []
    for path, text in found.texts.items():
        directory, name = posixpath.split(path)
        ours = path.startswith(f"{layout.RUNTIME}/")  # the console's libraries
        if name != "METADATA" or not directory.endswith(".dist-info") or ours:
            continue
        head = core_metadata.parse(text)
        files = tuple(sorted(_recorded(found, directory)))
        rows.append(
            PackageSummary(
                name=head.get("Name", "?"),
                version=head.get("Version", "?"),
                licence=core_metadata.licence(head) or "unknown",
                size=sum(found.files[file].size for file in files),
                files=files,
            )
        )
    return tuple(sorted(rows, key=lambda row: row.name.lower()))


def parts(found: ReleaseContents) -> dict[str, int]:
    """Bytes of each part of the tree: packages, and the directories of the rest."""
    sizes: dict[str, int] = {}
    for _, part, size in _parted(found):
        sizes[part] = sizes.get(part, 0) + size
    return dict(sorted(sizes.items(), key=lambda row: (-row[1], row[0])))


def packed_parts(found: ReleaseContents) -> dict[str, int]:
    """About how many bytes of the artifact each of the same parts takes; {} of a tree."""
    if found.measure is None:
        return {}
    return packed_sizes.shared(found.measure.sizes(), _parted(found))


def layers(found: ReleaseContents) -> list[dict[str, Any]]:
    """Name, files and size of each layer, according to the manifest; ``release`` is the rest."""
    facts_of_manifest = foreign_manifest.read(found).get("layers", [])
    rows = [{key: row[key] for key in ("name", "files", "size")} for row in facts_of_manifest]
    rest = {
        "name": LAST,
        "files": len(found.files) + len(found.links) - sum(row["files"] for row in rows),
        "size": sum(file.size for file in found.files.values()) - sum(row["size"] for row in rows),
    }
    return [*rows, rest]


def describe(found: ReleaseContents) -> dict[str, Any]:
    """All of it as plain data, for ``--json``; of a package that leads to a version, what it says.

    ``packed_parts`` is there where the artifact was read for it.
    """
    if not found.is_release:
        return {
            "format": found.kind,
            "package": found.control,
            "sha256": found.sha256,
            "size": found.size,
            "unpacked": sum(file.size for file in found.files.values()),
            "files": sorted((*found.files, *found.links)),
        }
    facts_of_manifest = foreign_manifest.read(found)
    measured = packed_parts(found)
    return {
        **{
            key: facts_of_manifest.get(key)
            for key in ("name", "version", "env", "revision", "source_date")
        },
        **{
            key: facts_of_manifest.get(key)
            for key in ("target", "python", "lock", "relforge", "layers")
        },
        "services": sorted(facts_of_manifest["services"]),
        "commands": sorted(facts_of_manifest["commands"]),
        "format": found.kind,
        "package": found.control or None,
        "sha256": found.sha256 or None,
        "size": found.size or None,
        "unpacked": sum(file.size for file in found.files.values()),
        "files": len(found.files),
        "packages": [
            {"name": row.name, "version": row.version, "licence": row.licence, "size": row.size}
            for row in packages(found)
        ],
        "parts": parts(found),
        **({"packed_parts": measured} if measured else {}),
    }


def _parted(found: ReleaseContents) -> list[tuple[str, str, int]]:
    """Each file with the part that it counts for, and its size."""
    owners = {path: row.name for row in packages(found) for path in row.files}
    return [
        (path, owners.get(path) or _directory(path), file.size)
        for path, file in found.files.items()
    ]


def _recorded(found: ReleaseContents, directory: str) -> Iterator[str]:
    """The package's own files that are there; RECORD's paths are relative to site-packages."""
    text = found.texts.get(f"{directory}/RECORD", b"").decode("utf-8", "replace")
    try:
        rows = [row[0] for row in csv.reader(text.splitlines()) if row]
    except csv.Error:  # it is damaged, and `verify` reports that
        return
    for name in dict.fromkeys(rows):
        path = posixpath.normpath(f"{posixpath.dirname(directory)}/{name}")
        if path in found.files:
            yield path


def _directory(path: str) -> str:
    """``python/lib`` for what is there or below, ``app`` for all of the application's trees."""
    directories = path.split("/")[:-1]
    if directories[:1] == [layout.PYTHON]:
        return "/".join(directories[:2])
    return directories[0] if directories else OTHER
