"""What the last build of an environment made, and from which inputs.

    _build/<env>/.<name>-<version>.<key of the inputs>.json

A build with the same key whose tree is still untouched has nothing to do.
"""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path

from relforge import cache
from relforge.model.release import Finding, Layer, Package, Release
from relforge.tree import inventory


def is_known(release: Release, key: str) -> bool:
    """Whether the last build had the same inputs; they were checked then."""
    return _place(release, key).exists()


def find(release: Release, key: str) -> Release | None:
    """The release as the last build left it; None where it had other inputs or was touched."""
    try:
        known = json.loads(_place(release, key).read_bytes())
        layers = tuple(
            Layer(name=name, key=layer, cached=True, seconds=0.0, entries=cache.load(entries))
            for name, layer, entries in known["layers"]
        )
        directories = tuple(known["folders"])
        if not inventory.is_whole(release.final_tree, layers, directories):
            return None
        return replace(
            release,
            target=replace(release.target, glibc=known["glibc"]),
            tree=release.final_tree,
            layers=layers,
            directories=directories,
            packages=tuple(Package(**row) for row in known["packages"]),
            notes=tuple(known["notes"]),
            findings=tuple(
                Finding(**{**row, "files": tuple(row["files"])}) for row in known["findings"]
            ),
        )
    except (OSError, ValueError, TypeError, KeyError):
        return None


def keep(release: Release, key: str) -> None:
    """Remember what was made from these inputs, and nothing older of that name."""
    place = _place(release, key)
    for other in place.parent.glob(f".{release.name}-{release.version}.*.json"):
        other.unlink(missing_ok=True)
    layers = [(row.name, row.key, cache.dump(row.entries)) for row in release.layers]
    known = {
        "layers": layers,
        "folders": release.directories,
        "packages": [asdict(row) for row in release.packages],
        "glibc": release.target.glibc,
        "notes": release.notes,
        "findings": [asdict(row) for row in release.findings],
    }
    cache.write(place, json.dumps(known).encode())


def _place(release: Release, key: str) -> Path:
    return release.build_dir / f".{release.name}-{release.version}.{key}.json"
