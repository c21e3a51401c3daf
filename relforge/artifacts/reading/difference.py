"""What two releases do not share: packages, interpreter, settings, files."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from relforge.artifacts.reading import foreign_manifest, summary
from relforge.artifacts.reading.contents import ReleaseContents

# Of the manifest: what follows from the rest, or is not anybody's choice.
DERIVED = ("layers", "manifest")


def between(one: ReleaseContents, two: ReleaseContents) -> dict[str, Any]:
    """Plain data: ``packages``, ``sizes``, ``settings``, ``files``; all empty where all is equal.

    Of a package that leads to a version, the settings are what it says of itself.
    """
    return {
        "packages": dict(_packages(one, two)),
        "sizes": dict(_sizes(one, two)),
        "settings": dict(_settings(one, two)),
        "files": _files(one, two),
    }


def is_empty(found: dict[str, Any]) -> bool:
    """Whether they are the same release."""
    return not found["packages"] and not found["settings"] and not any(found["files"].values())


def _packages(
    one: ReleaseContents, two: ReleaseContents
) -> Iterator[tuple[str, tuple[str | None, str | None]]]:
    """Name to the two versions; None where it is not inside."""
    old = {row.name: row.version for row in summary.packages(one)}
    new = {row.name: row.version for row in summary.packages(two)}
    for name in sorted(old.keys() | new.keys(), key=str.lower):
        if old.get(name) != new.get(name):
            yield name, (old.get(name), new.get(name))


def _sizes(one: ReleaseContents, two: ReleaseContents) -> Iterator[tuple[str, tuple[int, int]]]:
    """Name of a package to its bytes in each of the two; 0 where it is not inside."""
    old = {row.name: row.size for row in summary.packages(one)}
    new = {row.name: row.size for row in summary.packages(two)}
    for name in sorted(old.keys() | new.keys(), key=str.lower):
        if old.get(name, 0) != new.get(name, 0):
            yield name, (old.get(name, 0), new.get(name, 0))


def _settings(one: ReleaseContents, two: ReleaseContents) -> Iterator[tuple[str, tuple[Any, Any]]]:
    """Dotted key of the manifest to the two values; None where there is none."""
    old, new = (dict(_flat(_summary(found), "")) for found in (one, two))
    for key in sorted(old.keys() | new.keys()):
        if old.get(key) != new.get(key):
            yield key, (old.get(key), new.get(key))


def _summary(found: ReleaseContents) -> dict[str, Any]:
    return foreign_manifest.read(found) if found.is_release else found.control


def _flat(value: dict[str, Any], above: str) -> Iterator[tuple[str, Any]]:
    for key, inner in value.items():
        if not above and key in DERIVED:
            continue
        if isinstance(inner, dict) and inner:
            yield from _flat(inner, f"{above}{key}.")
        else:
            yield f"{above}{key}", inner


def _files(one: ReleaseContents, two: ReleaseContents) -> dict[str, list[str]]:
    old, new = (
        {path: (file.sha256, file.mode) for path, file in found.files.items()}
        | {path: (target, 0) for path, target in found.links.items()}
        for found in (one, two)
    )
    return {
        "added": sorted(new.keys() - old.keys()),
        "removed": sorted(old.keys() - new.keys()),
        "changed": sorted(path for path in old.keys() & new.keys() if old[path] != new[path]),
    }
